"""Every column of every table has a class, and the page about privacy tells of every table."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.db import models
from django.test import Client
from django.utils import translation
from pytest_django import Settings

from accounts.models import Organization, Role, User
from painelml.fields import EncryptedField
from painelml.privacy.classes import FIELDS, FRAMEWORK, Data, data_of, kinds_of
from painelml.privacy.records import RECORDS
from painelml.sync.resource import RESOURCES
from tests.factories import make_person
from tests.people import ana, shop  # noqa: F401

MODELS = [model for model in apps.get_models() if model._meta.app_label not in FRAMEWORK]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_every_column_is_classified_once(model: type[models.Model]) -> None:
    label = model._meta.label
    assert label in FIELDS, f"say in painelml/privacy/classes.py which data {label} holds"
    named = [name for names in FIELDS[label].values() for name in names.split()]
    columns = {field.name for field in model._meta.concrete_fields}
    assert sorted(columns - set(named)) == [], "unclassified"
    assert sorted(set(named) - columns) == [], "there is no such column any more"
    assert len(named) == len(set(named)), "classified twice"


def test_no_model_is_classified_that_is_gone() -> None:
    assert set(FIELDS) == {model._meta.label for model in MODELS}


def test_what_is_encrypted_is_a_secret() -> None:
    encrypted = {
        (model._meta.label, field.name)
        for model in MODELS
        for field in model._meta.concrete_fields
        if isinstance(field, EncryptedField)
    }
    assert len(encrypted) >= 4
    assert [one for one in encrypted if data_of(one[0])[one[1]] != Data.SECRET] == []


def test_payloads_that_name_a_buyer_are_personal() -> None:
    """As the erasing knows them: both lists are about the same rows."""
    about_buyers = {one.model._meta.label for one in RESOURCES.values() if one.buyer_at}
    classed = {
        model._meta.label for model in MODELS if data_of(model._meta.label).get("payload") == Data.BUYERS
    }
    assert about_buyers == classed != set()


def test_the_page_tells_of_every_table_once() -> None:
    told = [label for record in RECORDS for label in record.models]
    assert sorted(told) == sorted(FIELDS)


@pytest.mark.parametrize("role", Role.values)
def test_every_member_reads_the_page(shop: Organization, role: str) -> None:  # noqa: F811
    client = Client(headers={"accept-language": "en"})
    client.force_login(make_person("Somebody", shop, role))
    page = client.get("/privacy/").content.decode()
    assert page.count('class="card-head"') == len(RECORDS)
    assert str(Data.BUYERS.label) in page
    assert 'href="/privacy/"' in page, "the menu leads here"


@pytest.mark.django_db
def test_whoever_logs_in_can_read_it_before() -> None:
    client = Client(headers={"accept-language": "en"})
    assert 'href="/privacy/"' in client.get("/login/").content.decode()
    assert "Where it goes" in client.get("/privacy/").content.decode()


def test_the_page_says_how_long_as_it_is_set(ana: User, settings: Settings) -> None:  # noqa: F811
    client = Client(headers={"accept-language": "en"})
    client.force_login(ana)
    settings.BUYER_DATA_DAYS = 0
    assert "Buyers are forgotten after" not in client.get("/privacy/").content.decode()
    settings.BUYER_DATA_DAYS = 123
    settings.AUDIT_DAYS = 456
    page = client.get("/privacy/").content.decode()
    assert "Buyers are forgotten after 123 days" in page
    assert "456 days, and nobody can change it" in page


@pytest.mark.parametrize("language", ["pt-br", "es"])
def test_it_is_translated(language: str) -> None:
    with translation.override("en"):
        english = {str(words) for record in RECORDS for _, words in record.rows}
    with translation.override(language):
        same = {str(words) for record in RECORDS for _, words in record.rows} & english
    assert same == set()


def test_kinds_come_worst_first() -> None:
    assert kinds_of("accounts.Account", "orders.Order") == [
        Data.SECRET, Data.BUYERS, Data.MEMBERS, Data.BUSINESS,
    ]  # fmt: skip
