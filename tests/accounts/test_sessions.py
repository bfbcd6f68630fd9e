"""Where somebody is logged in, and every way to end it: sessions, API tokens, all of them at once."""

from allauth.usersessions.models import UserSession
from django.test import Client
from rest_framework.test import APIClient

from accounts import team
from accounts.logins import device_of
from accounts.models import Membership, User
from painelml.audit.models import Entry

CHROME = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/129.0 Mobile Safari/537.36"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0"
PASSWORD = "correct horse"


def browser(user: User, agent: str = FIREFOX) -> Client:
    client = Client(headers={"user-agent": agent, "accept-language": "en"})
    client.post("/login/", {"login": user.email, "password": PASSWORD})
    assert is_in(client)
    return client


def is_in(client: Client) -> bool:
    return bool(client.get("/profile/").status_code == 200)


def tokens(user: User) -> dict[str, str]:
    answer = APIClient().post("/api/auth/token", {"email": user.email, "password": PASSWORD})
    return answer.json()  # type: ignore[no-any-return]


def works(access: str) -> bool:
    return bool(
        APIClient(headers={"Authorization": f"Bearer {access}"}).get("/api/orders").status_code == 200
    )


def renewed(refresh: str) -> int:
    return int(APIClient().post("/api/auth/token/refresh", {"refresh": refresh}).status_code)


def test_the_page_names_every_device_and_this_one(ana: User) -> None:
    here, _phone = browser(ana), browser(ana, CHROME)

    sessions = here.get("/sessions/").context["sessions"]

    assert [(one.device, one.is_current) for one in sessions] == [
        ("Firefox · Linux", True),
        ("Chrome · Android", False),
    ]
    assert {one.address for one in sessions} == {"127.0.0.1"}


def test_one_session_is_ended_and_the_others_go_on(ana: User) -> None:
    here, phone, office = browser(ana), browser(ana, CHROME), browser(ana)
    of_phone = UserSession.objects.get(session_key=phone.session.session_key)

    here.post(f"/sessions/{of_phone.pk}/end/")

    assert (is_in(here), is_in(phone), is_in(office)) == (True, False, True)


def test_all_other_sessions_are_ended(ana: User) -> None:
    here, phone, office = browser(ana), browser(ana, CHROME), browser(ana)

    here.post("/sessions/end-others/")

    assert (is_in(here), is_in(phone), is_in(office)) == (True, False, False)


def test_nobody_ends_the_session_of_somebody_else(ana: User, carla: User) -> None:
    here, hers = browser(ana), browser(carla)
    of_carla = UserSession.objects.get(session_key=hers.session.session_key)

    assert here.post(f"/sessions/{of_carla.pk}/end/").status_code == 404
    assert is_in(hers)


def test_a_new_password_ends_the_other_sessions_and_every_api_token(ana: User) -> None:
    here, phone, pair = browser(ana), browser(ana, CHROME), tokens(ana)

    new = "a staple of batteries"
    here.post("/password/change/", {"oldpassword": PASSWORD, "password1": new, "password2": new})

    assert (is_in(here), is_in(phone)) == (True, False)
    assert not works(pair["access"])
    assert renewed(pair["refresh"]) == 401
    assert not UserSession.objects.filter(session_key=phone.session.session_key).exists()


def test_logging_out_everywhere_ends_this_browser_and_every_api_token(ana: User) -> None:
    here, phone, pair = browser(ana), browser(ana, CHROME), tokens(ana)

    here.post("/sessions/log-out-everywhere/")

    assert (is_in(here), is_in(phone)) == (False, False)
    assert not works(pair["access"])
    assert renewed(pair["refresh"]) == 401
    assert works(tokens(ana)["access"])
    assert Entry.objects.filter(action="person.logged_out_everywhere", actor=ana.email).exists()


def test_who_is_taken_out_of_an_organization_loses_their_api_tokens(ana: User, bruno: User) -> None:
    pair = tokens(bruno)

    team.remove(Membership.objects.get(user=bruno))

    assert not works(pair["access"])
    assert renewed(pair["refresh"]) == 401


def test_a_refresh_gives_a_new_refresh_token_too(ana: User) -> None:
    pair = tokens(ana)

    answer = APIClient().post("/api/auth/token/refresh", {"refresh": pair["refresh"]}).json()

    assert works(answer["access"])
    assert answer["refresh"] != pair["refresh"]


def test_a_page_of_an_old_session_is_listed_within_five_minutes(ana: User) -> None:
    client = Client()
    client.force_login(ana)
    session = client.session
    del session["seen_at"]
    session.save()

    client.get("/profile/")

    assert UserSession.objects.filter(user=ana, session_key=session.session_key).exists()


def test_a_program_is_named_as_it_names_itself() -> None:
    assert device_of("curl/8.5.0") == "curl/8.5.0"
    assert "<" not in device_of("<script>alert(1)</script>")
