"""The team page: inviting, joining, roles, leaving; and what people keep about themselves."""

from __future__ import annotations

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone
from django.utils.html import escape

from accounts.models import Account, Invitation, Membership, Organization, Role, User
from tests.factories import make_person

from .conftest import Login

pytestmark = pytest.mark.django_db


def invite(browser: Client, email: str = "novo@example.com", role: str = Role.OPERATOR) -> Invitation:
    browser.post("/team/invite/", {"email": email, "role": role})
    return Invitation.objects.get(email=email.lower())


def test_an_invitation_is_mailed_and_its_link_shown(page: Client, shop: Organization) -> None:
    invitation = invite(page, "Novo@Example.com")
    link = f"/team/join/{invitation.token}/"
    assert (invitation.organization, invitation.role) == (shop, Role.OPERATOR)
    assert mail.outbox[0].to == ["novo@example.com"]
    assert link in mail.outbox[0].body
    assert link in page.get("/team/").content.decode()


def test_inviting_works_without_a_mail_server(page: Client, settings: object) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    assert invite(page).is_open


def test_a_newer_invitation_replaces_the_older_one(page: Client) -> None:
    first = invite(page).token
    second = invite(page, role=Role.VIEWER)
    assert second.token != first
    assert second.role == Role.VIEWER


def test_a_member_is_not_invited_again(page: Client, bruno: User) -> None:
    response = page.post("/team/invite/", {"email": bruno.email.upper(), "role": "viewer"})
    assert response.status_code == 422
    assert not Invitation.objects.exists()


def test_somebody_with_a_login_joins_with_one_click(page: Client, login: Login, shop: Organization) -> None:
    dora = make_person("Dora")
    link = f"/team/join/{invite(page, dora.email).token}/"
    browser = login(dora)
    assert escape(shop.name) in browser.get(link).content.decode()
    assert not shop.memberships.filter(user=dora).exists()
    browser.post(link)
    assert shop.memberships.get(user=dora).role == Role.OPERATOR
    assert browser.get("/team/").context["request"].organization == shop
    assert dora.memberships.get(is_default=True).organization != shop


def test_the_link_works_once(page: Client, login: Login) -> None:
    dora = make_person("Dora")
    link = f"/team/join/{invite(page, dora.email).token}/"
    login(dora).post(link)
    assert login(dora).get(link).status_code == 404


def test_the_link_lives_seven_days(page: Client, client: Client) -> None:
    invitation = invite(page)
    Invitation.objects.update(created_at=timezone.now() - Invitation.LIFE)
    assert client.get(f"/team/join/{invitation.token}/").status_code == 404


def test_a_withdrawn_link_no_longer_works(page: Client, client: Client) -> None:
    invitation = invite(page)
    page.post(f"/team/invitations/{invitation.pk}/withdraw/")
    assert client.get(f"/team/join/{invitation.token}/").status_code == 404


def test_the_link_is_for_the_invited_address_only(
    page: Client, login: Login, carla: User, shop: Organization
) -> None:
    link = f"/team/join/{invite(page).token}/"
    browser = login(carla)
    assert browser.get(link).status_code == 200
    browser.post(link)
    assert not shop.memberships.filter(user=carla).exists()


def test_roles_can_be_changed(page: Client, bruno: User) -> None:
    page.post(f"/team/members/{bruno.memberships.get().pk}/role/", {"role": "manager"})
    assert bruno.memberships.get().role == Role.MANAGER


def test_a_role_nobody_knows_changes_nothing(page: Client, bruno: User) -> None:
    page.post(f"/team/members/{bruno.memberships.get().pk}/role/", {"role": "king"})
    assert bruno.memberships.get().role == Role.OPERATOR


def test_an_organization_keeps_an_owner(page: Client, ana: User, bruno: User) -> None:
    mine = ana.memberships.get()
    page.post(f"/team/members/{mine.pk}/role/", {"role": "viewer"})
    page.post(f"/team/members/{mine.pk}/remove/")
    assert ana.memberships.get().role == Role.OWNER
    page.post(f"/team/members/{bruno.memberships.get().pk}/role/", {"role": "owner"})
    page.post(f"/team/members/{mine.pk}/role/", {"role": "viewer"})
    assert ana.memberships.get().role == Role.VIEWER


def test_who_is_removed_sees_nothing_any_more_and_has_a_place_of_their_own(
    page: Client, login: Login, bruno: User, shop: Organization, account: Account
) -> None:
    browser = login(bruno)
    assert account.nickname in browser.get("/accounts/").content.decode()
    page.post(f"/team/members/{bruno.memberships.get().pk}/remove/")
    assert account.nickname not in browser.get("/accounts/").content.decode()
    assert bruno.organizations.get() != shop
    assert bruno.memberships.get().is_default


def test_people_of_another_organization_are_not_there(page: Client, carla: User) -> None:
    theirs = carla.memberships.get()
    invitation = Invitation.objects.create(organization=theirs.organization, email="x@example.com")
    for address in (
        f"/team/members/{theirs.pk}/role/",
        f"/team/members/{theirs.pk}/remove/",
        f"/team/invitations/{invitation.pk}/withdraw/",
        f"/team/switch/{theirs.organization_id}/",
    ):
        assert page.post(address, {"role": "viewer"}).status_code == 404
    assert Membership.objects.get(pk=theirs.pk).role == Role.OWNER
    assert carla.email not in page.get("/team/").content.decode()


@pytest.mark.parametrize("who", ["mara", "bruno", "vera"])
def test_only_owners_manage_the_team(
    request: pytest.FixtureRequest, login: Login, ana: User, who: str
) -> None:
    user = request.getfixturevalue(who)
    browser = login(user)
    mine = user.memberships.get()
    invitation = Invitation.objects.create(organization=mine.organization, email="x@example.com")
    for address in (
        "/team/invite/",
        "/team/rename/",
        f"/team/members/{mine.pk}/role/",
        f"/team/members/{mine.pk}/remove/",
        f"/team/invitations/{invitation.pk}/withdraw/",
    ):
        assert browser.post(address, {"role": "owner", "email": "a@example.com"}).status_code == 403
    text = browser.get("/team/").content.decode()
    assert ana.email in text or str(ana) in text
    assert invitation.token not in text


def test_the_organization_can_be_renamed(page: Client, shop: Organization) -> None:
    page.post("/team/rename/", {"name": "Casa do Pátio"})
    shop.refresh_from_db()
    assert shop.name == "Casa do Pátio"
    assert page.post("/team/rename/", {"name": ""}).status_code == 422


def test_people_work_in_one_organization_at_a_time(
    page: Client, ana: User, carla: User, account: Account, other_account: Account
) -> None:
    elsewhere = carla.organizations.get()
    Membership.objects.create(user=ana, organization=elsewhere, role=Role.VIEWER)
    assert other_account.nickname not in page.get("/accounts/").content.decode()
    page.post(f"/team/switch/{elsewhere.pk}/")
    text = page.get("/accounts/").content.decode()
    assert other_account.nickname in text
    assert account.nickname not in text
    assert page.post(f"/accounts/{other_account.pk}/pause/").status_code == 403
    Membership.objects.filter(user=ana, organization=elsewhere).delete()
    assert account.nickname in page.get("/accounts/").content.decode()


def test_the_language_is_kept_with_the_person_and_in_the_browser(page: Client, ana: User) -> None:
    page.post("/profile/", {"first_name": "Ana", "last_name": "Souza", "language": "es"})
    ana.refresh_from_db()
    assert (ana.language, ana.last_name) == ("es", "Souza")
    assert page.cookies["django_language"].value == "es"


@pytest.mark.parametrize("address", ["/team/", "/profile/"])
def test_nobody_is_sent_to_the_login(client: Client, address: str) -> None:
    assert client.get(address)["Location"].startswith("/login/?next=")


def test_a_page_for_an_organization_that_is_not_mine_is_not_found(page: Client, carla: User) -> None:
    theirs = str(carla.organizations.get().pk)
    assert page.get("/accounts/", headers={"X-Organization": theirs}).status_code == 404
    assert page.get("/team/", headers={"X-Organization": "nonsense"}).status_code == 404
