"""`/api/auth/token`, and which organization a token acts in (contract section 3.2)."""

from __future__ import annotations

import pytest
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from allauth.mfa.totp.internal.auth import yield_hotp_counters_from_time as counters
from django.conf import settings as django_settings
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.models import Account, Membership, Role, User
from tests.factories import make_account

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse"


def ask(user: User, password: str = PASSWORD, **more: str) -> object:
    return APIClient().post("/api/auth/token", {"email": user.email, "password": password, **more})


def caller(user: User) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {ask(user).json()['access']}")
    return client


def test_email_and_password_give_a_pair_that_works(ana: User, account: Account) -> None:
    answer = ask(ana)
    assert (answer.status_code, set(answer.json())) == (200, {"access", "refresh"})
    listed = caller(ana).get("/api/ml-accounts").json()["results"]
    assert [one["id"] for one in listed] == [account.pk]


def test_a_refresh_token_gives_another_access_token(ana: User) -> None:
    refresh = ask(ana).json()["refresh"]
    answer = APIClient().post("/api/auth/token/refresh", {"refresh": refresh})
    assert answer.status_code == 200
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {answer.json()['access']}")
    assert client.get("/api/ml-accounts").status_code == 200


def test_a_wrong_password_and_an_unknown_person_get_the_same_answer(ana: User) -> None:
    wrong = ask(ana, "wrong")
    unknown = APIClient().post("/api/auth/token", {"email": "nobody@example.com", "password": "wrong"})
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json() == unknown.json()


def test_a_body_without_an_address_is_400(db: None) -> None:
    answer = APIClient().post("/api/auth/token", {"password": "x"})
    assert (answer.status_code, list(answer.json())) == (400, ["email"])


def test_guessing_is_slowed_down(ana: User) -> None:
    answers = [ask(ana, f"guess {number}") for number in range(8)]
    assert answers[0].status_code == 401
    assert answers[-1].status_code == 429
    assert int(answers[-1]["Retry-After"]) > 0


def test_somebody_who_left_gets_no_token(ana: User) -> None:
    User.objects.update(is_active=False)
    assert ask(ana).status_code == 401


def test_tokens_end_with_the_person(ana: User) -> None:
    refresh = ask(ana).json()["refresh"]
    ana.delete()
    assert APIClient().post("/api/auth/token/refresh", {"refresh": refresh}).status_code == 401


def test_a_new_password_ends_the_old_tokens(ana: User) -> None:
    client = caller(ana)
    ana.set_password("another password")
    ana.save()
    assert client.get("/api/ml-accounts").status_code == 401


def test_an_unconfirmed_address_gets_no_token_where_it_must_be_confirmed(
    ana: User, settings: Settings
) -> None:
    ana.emailaddress_set.update(verified=False)
    assert ask(ana).status_code == 200
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    assert ask(ana).status_code == 401


def test_two_factor_people_send_their_code(ana: User) -> None:
    secret = generate_totp_secret()
    TOTP.activate(ana, secret)
    assert list(ask(ana).json()) == ["code"]
    assert ask(ana, code="000000").status_code == 401
    now = format_hotp_value(hotp_value(secret, next(iter(counters()))))
    assert ask(ana, code=now).status_code == 200
    assert ask(ana, "wrong", code=now).status_code == 401


def test_second_factor_secrets_rest_encrypted(ana: User) -> None:
    secret = generate_totp_secret()
    stored = TOTP.activate(ana, secret).instance.data["secret"]
    assert secret not in stored
    assert stored.startswith("v1:")


def test_a_token_acts_in_the_default_organization_unless_told_otherwise(
    ana: User, carla: User, account: Account, other_account: Account
) -> None:
    elsewhere = carla.organizations.get()
    Membership.objects.create(user=ana, organization=elsewhere, role=Role.VIEWER)
    client = caller(ana)

    def listed(**headers: str) -> list[int]:
        return [one["id"] for one in client.get("/api/ml-accounts", headers=headers).json()["results"]]

    assert listed() == [account.pk]
    assert listed(**{"X-Organization": str(elsewhere.pk)}) == [other_account.pk]
    refused = client.put(
        f"/api/ml-accounts/{other_account.pk}/pause", headers={"X-Organization": str(elsewhere.pk)}
    )
    assert refused.status_code == 403, "a viewer there, although an owner here"


@pytest.mark.parametrize("header", ["999999", "mine", ""])
def test_an_organization_that_is_not_mine_is_404(ana: User, account: Account, header: str) -> None:
    answer = caller(ana).get("/api/ml-accounts", headers={"X-Organization": header})
    assert answer.status_code == 404


def test_carlas_organization_is_404_for_ana(ana: User, carla: User, other_account: Account) -> None:
    header = {"X-Organization": str(carla.organizations.get().pk)}
    assert caller(ana).get("/api/ml-accounts", headers=header).status_code == 404


def test_a_session_needs_the_csrf_token_to_change_things(ana: User, account: Account) -> None:
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(ana)
    assert client.put(f"/api/ml-accounts/{account.pk}/pause").status_code == 403
    assert Account.objects.get().status == "active"


def test_api_tokens_are_not_signed_with_the_bare_secret_key() -> None:
    assert django_settings.SIMPLE_JWT["SIGNING_KEY"] != django_settings.SECRET_KEY


def test_the_default_organization_decides_for_people_with_several(ana: User, carla: User) -> None:
    mine = make_account(ana.organizations.get())
    Membership.objects.filter(user=ana).update(is_default=False)
    Membership.objects.create(
        user=ana, organization=carla.organizations.get(), role=Role.OWNER, is_default=True
    )
    assert [one["id"] for one in caller(ana).get("/api/ml-accounts").json()["results"]] != [mine.pk]
