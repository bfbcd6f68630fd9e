import re

import pytest
from django.test import override_settings

from painelml.crypto import KeyRing, Undecryptable, UnknownKey, keyring

OLD, NEW = "old-" * 8, "new-" * 8
HERE = b"accounts.Account.access_token:1"


def test_a_secret_comes_back_only_where_it_was_kept():
    ring = KeyRing(NEW)
    sealed = ring.encrypt("APP_USR-çedilha-1", HERE)

    assert ring.decrypt(sealed, HERE) == "APP_USR-çedilha-1"
    with pytest.raises(Undecryptable):
        ring.decrypt(sealed, b"accounts.Account.access_token:2")
    with pytest.raises(Undecryptable):
        ring.decrypt(sealed, b"accounts.Account.refresh_token:1")


def test_a_sealed_text_is_versioned_names_its_key_and_never_repeats():
    ring = KeyRing(NEW)
    sealed = {ring.encrypt("token", HERE) for _ in range(50)}

    assert len(sealed) == 50
    assert all(re.fullmatch(r"v1:[0-9a-f]{8}:[\w=-]+", text) and "token" not in text for text in sealed)


def test_the_first_key_encrypts_and_all_decrypt():
    before = KeyRing(OLD).encrypt("token", HERE)
    both = KeyRing(f"{NEW}, {OLD}")

    assert both.decrypt(before, HERE) == "token"
    assert KeyRing(NEW).decrypt(both.encrypt("token", HERE), HERE) == "token"


def test_rotation_moves_a_secret_to_the_first_key_once():
    before = KeyRing(OLD).encrypt("token", HERE)
    both = KeyRing(f"{NEW},{OLD}")

    assert both.needs_rotation(before)
    after = both.rotate(before, HERE)

    assert not both.needs_rotation(after)
    assert KeyRing(NEW).decrypt(after, HERE) == "token"


def test_a_lost_key_is_said_in_words_that_help_and_show_nothing():
    sealed = KeyRing(OLD).encrypt("token-value", HERE)

    with pytest.raises(UnknownKey, match="ENCRYPTION_KEY; add it back") as caught:
        KeyRing(NEW).decrypt(sealed, HERE)

    shown = str(caught.value) + repr(KeyRing(f"{NEW},{OLD}"))
    assert OLD not in shown
    assert NEW not in shown
    assert sealed not in shown
    assert "token-value" not in shown


@pytest.mark.parametrize(
    "harm", ["", "token", "v1:", "v2:00000000:AAAA", "v1:{id}:", "v1:{id}:AAAA", "v1:{id}:é!", "v1:{id}"]
)
def test_damage_is_noticed(harm):
    key_id = KeyRing(NEW).encrypt("x", HERE).split(":")[1]

    with pytest.raises(Undecryptable):
        KeyRing(NEW).decrypt(harm.format(id=key_id), HERE)


def test_a_changed_byte_is_noticed():
    sealed = KeyRing(NEW).encrypt("token", HERE)
    place = len(sealed) // 2
    changed = sealed[:place] + ("A" if sealed[place] != "A" else "B") + sealed[place + 1 :]

    with pytest.raises(Undecryptable):
        KeyRing(NEW).decrypt(changed, HERE)


@pytest.mark.parametrize("keys", ["", " , ", "short", f"{NEW},short"])
def test_a_key_that_is_too_short_is_refused_in_one_sentence(keys):
    with pytest.raises(ValueError, match=r"^ENCRYPTION_KEY needs .*32 characters.*\.$"):
        KeyRing(keys)


def test_the_ring_follows_the_setting():
    with override_settings(ENCRYPTION_KEY=OLD):
        sealed = keyring().encrypt("token", HERE)
        assert keyring() is keyring()
    with override_settings(ENCRYPTION_KEY=f"{NEW},{OLD}"):
        assert keyring().decrypt(sealed, HERE) == "token"
        assert keyring().needs_rotation(sealed)
    with override_settings(ENCRYPTION_KEY=NEW), pytest.raises(UnknownKey):
        keyring().decrypt(sealed, HERE)
