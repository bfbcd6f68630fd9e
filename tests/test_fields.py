import copy
import pickle
from collections.abc import Iterator

import pytest
from django.apps import apps
from django.core import serializers
from django.db import connection, models
from django.forms import modelform_factory
from django.forms.models import model_to_dict
from django.test import override_settings

from painelml.crypto import Undecryptable, UnknownKey
from painelml.fields import EncryptedField, Sealed, encrypt_for, encrypted_fields, rotated

OLD, NEW = "old-" * 8, "new-" * 8


class Safe(models.Model):
    """A row with two secrets; made for these tests only."""

    seller_id = models.CharField(max_length=20)
    token = EncryptedField(bound_to="seller_id", blank=True)
    spare = EncryptedField(bound_to="seller_id", null=True, db_column="spare_secret")

    class Meta:
        app_label = "contenttypes"

    def __str__(self):
        return self.seller_id


def forget_safe() -> None:
    apps.all_models["contenttypes"].pop("safe")
    apps.clear_cache()


forget_safe()  # no other test may meet it, least of all the one that looks for missing migrations


@pytest.fixture(autouse=True)
def table(transactional_db) -> Iterator[None]:
    apps.register_model("contenttypes", Safe)
    with connection.schema_editor() as editor:
        editor.create_model(Safe)
    with override_settings(ENCRYPTION_KEY=NEW):
        yield
    with connection.schema_editor() as editor:
        editor.delete_model(Safe)
    forget_safe()


def column(row, name="token"):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {name} FROM contenttypes_safe WHERE id = %s", [row.pk])
        return cursor.fetchone()[0]


def test_the_database_holds_ciphertext_and_the_row_plain_text():
    row = Safe.objects.create(token="APP_USR-1", seller_id="7", spare="TG-1")

    assert column(row).startswith("v1:")
    assert column(row, "spare_secret").startswith("v1:")
    again = Safe.objects.get()
    assert (again.token, again.spare) == ("APP_USR-1", "TG-1")
    assert again.token_sealed == column(row)


def test_nothing_and_empty_stay_what_they_are():
    row = Safe.objects.create(seller_id="7", token="", spare=None)

    assert (column(row), column(row, "spare_secret")) == ("", None)
    assert (Safe.objects.get().token, Safe.objects.get().spare) == ("", None)
    assert Safe.objects.filter(token="", spare__isnull=True).count() == 1


def test_each_way_of_saving_encrypts():
    row = Safe.objects.create(seller_id="7")
    row.token = "by save"
    row.save()
    assert Safe.objects.get(pk=row.pk).token == "by save"
    row.token = "by one field"
    row.save(update_fields=["token"])
    assert Safe.objects.get(pk=row.pk).token == "by one field"
    Safe.objects.update_or_create(seller_id="7", defaults={"token": "by defaults"})
    assert Safe.objects.get(pk=row.pk).token == "by defaults"
    made = Safe.objects.bulk_create(
        [Safe(seller_id="8", token="in bulk"), Safe(seller_id="9", token="in bulk")]
    )
    assert [Safe.objects.get(pk=one.pk).token for one in made] == ["in bulk", "in bulk"]
    assert column(made[0]).startswith("v1:")


def test_saving_again_does_not_change_what_is_stored():
    row = Safe.objects.create(seller_id="7", token="APP_USR-1")
    before = column(row)

    Safe.objects.get().save()

    assert column(row) == before


def test_plain_text_cannot_slip_in_unencrypted():
    row = Safe.objects.create(seller_id="7", token="APP_USR-1")
    row.token = "plain"

    for slip in (
        lambda: Safe.objects.update(token="plain"),
        lambda: Safe.objects.bulk_update([row], ["token"]),
        lambda: Safe.objects.filter(token="plain").count(),
    ):
        with pytest.raises(TypeError, match="encrypt_for"):
            slip()
    assert Safe.objects.get().token == "APP_USR-1"


def test_a_conditional_update_writes_what_encrypt_for_gives():
    row = Safe.objects.create(seller_id="7", token="first")
    seen = row.token_sealed

    won = Safe.objects.filter(pk=row.pk, token=seen).update(token=encrypt_for(row, "token", "second"))
    lost = Safe.objects.filter(pk=row.pk, token=seen).update(token=encrypt_for(row, "token", "third"))

    assert (won, lost) == (1, 0)
    row.refresh_from_db()
    assert row.token == "second"
    assert encrypt_for(row, "token", "") == ""


def test_a_secret_copied_to_another_row_or_column_does_not_open():
    ana = Safe.objects.create(seller_id="7", token="ana's")
    carla = Safe.objects.create(seller_id="8", token="carla's")

    Safe.objects.filter(pk=carla.pk).update(token=ana.token_sealed)
    Safe.objects.filter(pk=ana.pk).update(spare=ana.token_sealed)

    for read in (lambda: Safe.objects.get(pk=carla.pk).token, lambda: Safe.objects.get(pk=ana.pk).spare):
        with pytest.raises(Undecryptable):
            read()


def test_a_secret_needs_the_value_it_is_bound_to():
    with pytest.raises(ValueError, match="seller_id must be set"):
        Safe.objects.create(token="APP_USR-1")


def test_rows_load_list_and_save_without_their_key_until_the_secret_is_read():
    Safe.objects.create(seller_id="7", token="APP_USR-1")

    with override_settings(ENCRYPTION_KEY=OLD):
        [row] = Safe.objects.all()
        row.refresh_from_db()
        row.seller_id = "7"
        row.save()
        assert row.token_sealed
        with pytest.raises(UnknownKey, match="add it back"):
            _ = row.token
    assert Safe.objects.get().token == "APP_USR-1"


def test_deferred_and_reloaded_secrets_open():
    row = Safe.objects.create(seller_id="7", token="APP_USR-1")

    assert Safe.objects.defer("token").get().token == "APP_USR-1"
    assert Safe.objects.only("seller_id").get().token == "APP_USR-1"
    Safe.objects.filter(pk=row.pk).update(token=encrypt_for(row, "token", "APP_USR-2"))
    row.refresh_from_db(fields=["token"])
    assert row.token == "APP_USR-2"


def test_copies_and_pickles_open_and_hold_no_plain_text():
    row = Safe.objects.create(seller_id="7", token="APP_USR-1")
    assert row.token == "APP_USR-1"

    pickled = pickle.dumps(row)

    assert b"APP_USR-1" not in pickled
    assert [one.token for one in (pickle.loads(pickled), copy.copy(row), copy.deepcopy(row))] == [
        "APP_USR-1"
    ] * 3


def test_a_secret_that_is_not_saved_yet_can_be_read_and_copied_but_not_shown_or_pickled():
    row = Safe(seller_id="7", token="APP_USR-1")

    assert (row.token, copy.deepcopy(row).token) == ("APP_USR-1", "APP_USR-1")
    assert "APP_USR-1" not in str(vars(row))
    with pytest.raises(TypeError, match="save the row first"):
        pickle.dumps(row)


def test_forms_dictionaries_and_dumps_show_no_plain_text():
    row = Safe.objects.create(seller_id="7", token="APP_USR-1")

    assert list(modelform_factory(Safe, fields="__all__").base_fields) == ["seller_id"]
    shown = [vars(row), model_to_dict(row), repr(row), *Safe.objects.values("token", "spare")]
    assert "APP_USR-1" not in str(shown) + serializers.serialize("json", [row])


def test_a_dump_loads_again():
    Safe.objects.create(seller_id="7", token="APP_USR-1", spare=None)
    dump = serializers.serialize("json", Safe.objects.all())
    Safe.objects.all().delete()

    for loaded in serializers.deserialize("json", dump):
        loaded.save()

    assert Safe.objects.get().token == "APP_USR-1"


def test_rotation_seals_with_the_first_key_and_leaves_the_rest_alone():
    with override_settings(ENCRYPTION_KEY=OLD):
        row = Safe.objects.create(seller_id="7", token="APP_USR-1", spare=None)

    with override_settings(ENCRYPTION_KEY=f"{NEW},{OLD}"):
        fresh = rotated(row, "token")
        assert isinstance(fresh, Sealed)
        assert rotated(row, "spare") is None
        Safe.objects.filter(pk=row.pk, token=row.token_sealed).update(token=fresh)
        assert rotated(Safe.objects.get(), "token") is None

    assert Safe.objects.get().token == "APP_USR-1"
    assert encrypted_fields(Safe) == ["token", "spare"]


def test_a_migration_keeps_what_the_field_is_bound_to():
    name, path, args, kwargs = Safe._meta.get_field("token").deconstruct()

    assert (name, path, args) == ("token", "painelml.fields.EncryptedField", [])
    assert kwargs == {"bound_to": "seller_id", "blank": True}
    assert Safe._meta.get_field("token").column == "token"


def test_a_field_bound_to_nothing_is_found_by_check():
    field = EncryptedField(bound_to="nobody")
    field.set_attributes_from_name("token")
    field.model = Safe

    assert any("bound_to names no field" in found.msg for found in field.check())
