"""The client against the running sandbox, over HTTP."""

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from painelml.meli import (
    AnswerLost,
    AppRefused,
    Client,
    Gone,
    MeliError,
    Patience,
    Reconnect,
    Rejected,
    Throttled,
    oauth,
)
from painelml.sandbox import Application, Sandbox
from tests.meli.conftest import Tokens

SELLER = "1987654321"
REDIRECT = "http://testserver/meli/oauth/callback"


@pytest.fixture
def box() -> Iterator[Sandbox]:
    application = Application(redirect_uri=REDIRECT)
    with Sandbox(
        port=0, seed=1, sellers=2, orders=120, items=130, questions=20, application=application
    ) as running:
        yield running


@pytest.fixture
def app(box: Sandbox) -> oauth.Application:
    return oauth.Application(box.url, "1122334455667788", Application().secret, REDIRECT)


@pytest.fixture
def live(box: Sandbox, make_client) -> Client:
    return make_client(api_url=box.url, token=Tokens(box.grant(int(SELLER))["access_token"]))


def authorize(box: Sandbox, verifier: str, who: str = SELLER) -> str:
    """Walk through the authorization page; return the code of the redirect."""
    address = oauth.authorization_url(
        client_id="1122334455667788",
        redirect_uri=REDIRECT,
        state="state",
        verifier=verifier,
        auth_url=box.url,
    )
    answer = requests.get(f"{address}&auto={who}", allow_redirects=False, timeout=5)
    return parse_qs(urlsplit(answer.headers["Location"]).query)["code"][0]


# Tokens


def test_a_seller_connects(box, app, make_client):
    verifier = oauth.new_verifier()

    pair = oauth.exchange_code(app, authorize(box, verifier), verifier)

    assert pair.user_id == SELLER
    assert pair.expires_in == 21600
    me = make_client(api_url=box.url, token=Tokens(pair.access_token)).me()
    assert str(me["id"]) == SELLER


def test_each_refusal_of_a_code_is_told_apart(box, app):
    verifier = oauth.new_verifier()
    code = authorize(box, verifier)

    wrong_secret = oauth.Application(box.url, app.client_id, "wrong-secret", REDIRECT)
    with pytest.raises(AppRefused):
        oauth.exchange_code(wrong_secret, code, verifier)
    with pytest.raises(MeliError) as wrong_verifier:
        oauth.exchange_code(app, authorize(box, verifier), oauth.new_verifier())
    assert isinstance(wrong_verifier.value, oauth.CodeRefused | Rejected)
    with pytest.raises(Reconnect):
        oauth.exchange_code(app, authorize(box, verifier, "pending"), verifier)
    oauth.exchange_code(app, code, verifier)
    with pytest.raises(oauth.CodeRefused):
        oauth.exchange_code(app, code, verifier)


def test_a_refresh_token_works_once(box, app):
    first = box.grant(int(SELLER))["refresh_token"]

    second = oauth.refresh_tokens(app, first).refresh_token

    assert second != first
    with pytest.raises(Reconnect):
        oauth.refresh_tokens(app, first)


def test_a_refresh_whose_answer_is_lost_is_in_doubt(box, app):
    box.box.drills.oauth_error_rate = 1.0
    box.box.drills.errors = ["drop_after"]
    token = box.grant(int(SELLER))["refresh_token"]

    with pytest.raises(AnswerLost):
        oauth.refresh_tokens(app, token)
    box.box.drills.oauth_error_rate = 0.0
    with pytest.raises(Reconnect):
        oauth.refresh_tokens(app, token)


def test_an_expired_token_is_refreshed_in_the_middle_of_a_call(box, app, make_client):
    grant = box.grant(int(SELLER))

    class Renewing(Tokens):
        def refresh(self, refused: str) -> str:
            self.refused.append(refused)
            self.current = oauth.refresh_tokens(app, grant["refresh_token"]).access_token
            return self.current

    tokens = Renewing(grant["access_token"])
    box.box.oauth.expire(int(SELLER))

    assert str(make_client(api_url=box.url, token=tokens).me()["id"]) == SELLER
    assert tokens.refused == [grant["access_token"]]


# Reading


def test_a_scan_and_bulk_reads_find_every_item(box, live):
    ids: list[str] = []
    page = live.items_scan(SELLER)
    while page["results"]:
        ids += page["results"]
        page = live.items_scan(SELLER, page["scroll_id"])

    found = {}
    for start in range(0, len(ids), 20):
        bulk = live.items_bulk(ids[start : start + 20])
        assert not bulk.gone
        assert not bulk.failed
        found |= bulk.found

    truth = box.truth(int(SELLER), "items")
    assert found.keys() == set(truth)


def test_where_bulk_is_missing_the_older_multiget_is_read(box, live):
    box.box.drills.bulk = False
    ids = live.items_search(SELLER, limit=20)["results"]

    assert live.items_bulk([*ids[:19], "MLB9999999999"]).found.keys() == set(ids[:19])
    assert "MLB9999999999" in live.items_bulk([*ids[:3], "MLB9999999999"]).gone


def test_every_order_is_read_through_a_shaky_line(box, make_client):
    box.box.drills.error_rate = 0.2
    box.box.drills.errors = ["5xx", "drop", "drop_after"]
    client = make_client(
        api_url=box.url,
        token=Tokens(box.grant(int(SELLER))["access_token"]),
        patience=Patience(tries=12, base=0.001, cap=0.01, total=30),
    )
    wanted = list(box.truth(int(SELLER), "orders"))[:40]

    found = client.gather([lambda order_id=order_id: client.order(order_id) for order_id in wanted])

    assert [str(answer.data["id"]) for answer in found] == wanted


def test_someone_elses_order_and_an_unknown_one_are_errors_of_their_own(box, live):
    other = next(iter(box.truth(1876543210, "orders")))

    with pytest.raises(MeliError) as theirs:
        live.order(other)
    assert not isinstance(theirs.value, Reconnect)
    with pytest.raises(Gone):
        live.order("2000000000000001")


def test_a_limit_of_mercado_livre_slows_the_client_down(box, make_client):
    box.box.drills.rpm = 30
    client = make_client(
        api_url=box.url,
        token=Tokens(box.grant(int(SELLER))["access_token"]),
        patience=Patience(tries=2, base=0, total=0.5),
    )

    found = client.gather([client.me] * 60)

    assert any(isinstance(one, Throttled) for one in found)
    assert box.calls["GET /users/me"] < 60


# Writing


@pytest.fixture
def question(box, live):
    """An open question on an item that is on sale: only those may be answered."""
    items = box.truth(int(SELLER), "items")
    waiting = live.questions_search(SELLER, status="UNANSWERED")["questions"]
    return next(one for one in waiting if items[one["item_id"]]["status"] == "active")


def test_a_question_is_answered_once(live, question):

    answered = live.answer_question(str(question["id"]), "Sim, temos!")

    assert answered["status"] == "ANSWERED"
    with pytest.raises(Rejected) as again:
        live.answer_question(str(question["id"]), "Sim!")
    assert "not_unanswered_question" in again.value.codes


def test_a_write_whose_answer_is_lost_is_not_repeated(box, live, question):
    box.box.drills.error_rate = 1.0
    box.box.drills.errors = ["drop_after"]

    with pytest.raises(AnswerLost):
        live.answer_question(str(question["id"]), "Sim, temos!")

    box.box.drills.error_rate = 0.0
    assert live.question(str(question["id"]))["status"] == "ANSWERED"
    assert box.calls["POST /answers"] == 1


def test_labels_are_printed_and_refused_ones_say_why(box, live):
    shipments = box.truth(int(SELLER), "shipments")
    ready = next(key for key, one in shipments.items() if one["substatus"] == "ready_to_print")
    full = next(key for key, one in shipments.items() if one["logistic"]["type"] == "fulfillment")

    assert live.shipment_labels([ready]).content.startswith(b"%PDF")
    with pytest.raises(Rejected):
        live.shipment_labels([full])
