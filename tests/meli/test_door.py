import json
import threading
import time
from decimal import Decimal

import pytest
import requests
from responses import matchers

from painelml.meli import (
    AnswerLost,
    AppRefused,
    Conflict,
    Gone,
    LocalGovernor,
    MeliError,
    NotAllowed,
    Patience,
    Reconnect,
    Rejected,
    Throttled,
    TryLater,
    Unreachable,
)
from painelml.meli.door import pattern
from painelml.meli.wire import new_session, send
from tests.meli.conftest import API, Tokens, closed_port, raw_server

PA = {
    "code": "PA_UNAUTHORIZED_RESULT_FROM_POLICIES",
    "blocked_by": "PolicyAgent",
    "message": "m",
    "status": 403,
}


def bearers(api):
    return [call.request.headers.get("Authorization") for call in api.calls]


# What comes back


def test_numbers_with_a_point_are_decimals(api, client):
    api.get(f"{API}/orders/1", body='{"total_amount": 199.90, "paid": 0.1, "id": 2000031415926535}')

    data = client.get("/orders/1").data

    assert data == {"total_amount": Decimal("199.90"), "paid": Decimal("0.1"), "id": 2000031415926535}
    assert str(data["total_amount"]) == "199.90"


def test_a_partial_answer_names_what_it_left_out(api, client):
    api.get(
        f"{API}/orders/1", json={"id": 1}, status=206, headers={"X-Content-Missing": " buyer, feedback ,"}
    )

    answer = client.get("/orders/1")

    assert answer.status == 206
    assert answer.missing == {"buyer", "feedback"}
    assert answer.data == {"id": 1}


def test_a_whole_answer_misses_nothing_whatever_its_headers_say(api, client):
    api.get(f"{API}/orders/1", json={}, headers={"X-Content-Missing": "buyer"})

    assert client.get("/orders/1").missing == frozenset()


def test_no_content_is_no_data(api, client):
    api.get(f"{API}/shipments/1/orders", status=204)
    api.put(f"{API}/stock", status=200, body="")

    assert client.get("/shipments/1/orders").data is None
    assert client.put("/stock", json={}).data is None


@pytest.mark.parametrize("body", ["", "{", "<html>", '{"a": NaN}', "[" * 100_000])
def test_a_200_that_is_not_json_is_tried_again_and_then_left_for_later(api, client, body):
    api.get(f"{API}/orders/1", body=body)

    with pytest.raises(TryLater):
        client.get("/orders/1")

    assert len(api.calls) == 3


def test_a_file_comes_as_its_bytes(api, client):
    api.get(f"{API}/shipment_labels", body=b"%PDF-1.4 ...", content_type="application/pdf")

    answer = client.get("/shipment_labels", accept="bytes")

    assert answer.content == b"%PDF-1.4 ..."
    assert answer.data is None


def test_an_answer_does_not_print_what_it_holds(api, client):
    api.get(f"{API}/users/me", json={"email": "ana@example.com"}, headers={"Set-Cookie": "who=ana"})

    assert "ana" not in repr(client.get("/users/me"))


# What goes out


def test_a_call_carries_the_token_and_asks_for_json(api, client):
    api.get(f"{API}/users/me", json={}, match=[matchers.header_matcher({"Accept": "application/json"})])

    client.get("/users/me")

    assert bearers(api) == ["Bearer APP_USR-first-token"]


def test_without_a_token_source_no_authorization_is_sent(api, make_client, tmp_path, monkeypatch):
    (tmp_path / "netrc").write_text("machine api.mercadolibre.test login ana password secret")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    api.get(f"{API}/sites", json=[])

    make_client(token=None).get("/sites")

    assert bearers(api) == [None]


def test_params_leave_out_none_and_join_lists(api, client):
    wanted = {"ids": "A,B", "include_filters": "true", "order.date_created.from": "2026-10-04", "limit": "50"}
    api.get(f"{API}/x", json={}, match=[matchers.query_param_matcher(wanted)])

    client.get(
        "/x",
        params={
            "ids": ["A", "B"],
            "include_filters": True,
            "order.date_created.from": "2026-10-04",
            "limit": 50,
            "offset": None,
        },
    )


def test_money_goes_out_with_exactly_its_value(api, client):
    api.put(f"{API}/items/MLB1", json={})

    client.put("/items/MLB1", json={"price": Decimal("129.90"), "available_quantity": Decimal("5")})

    assert api.calls[0].request.body == b'{"price": 129.9, "available_quantity": 5}'
    assert api.calls[0].request.headers["Content-Type"] == "application/json"
    with pytest.raises(ValueError, match="too many digits"):
        client.put("/items/MLB1", json={"price": Decimal("1234567890123456.789")})


@pytest.mark.parametrize(
    "path",
    [
        "orders/1",
        "https://elsewhere.test/orders/1",
        "//elsewhere.test/orders/1",
        "/orders/../users/me",
        "/orders/%2e%2e/users/me",
        "/orders/./1",
        "/orders//1",
        "/orders/",
        "/orders/1?seller=2",
        "/orders/1%3Fseller=2",
        "/orders/1#x",
        "/orders/1\r\nHost: elsewhere.test",
        "/orders\\..\\1",
        "",
        "/",
    ],
)
def test_only_plain_paths_of_the_api_are_called(client, path):
    with pytest.raises(ValueError, match="Not a path"):
        client.get(path)


def test_cookies_of_one_account_never_reach_another(api, make_client):
    api.get(f"{API}/users/me", json={}, headers={"Set-Cookie": "session=ana; Path=/"})
    session = make_client()._session

    make_client(session=session).get("/users/me")
    make_client(session=session).get("/users/me")

    assert "Cookie" not in api.calls[1].request.headers


# Redirects


def test_a_redirect_within_the_api_is_followed(api, client):
    api.get(
        f"{API}/moderations/last_moderation/1-ITM", status=302, headers={"Location": "/moderations/7?x=1"}
    )
    api.get(f"{API}/moderations/7", json={"id": 7})

    assert client.get("/moderations/last_moderation/1-ITM", params={"a": "b"}).data == {"id": 7}
    assert api.calls[1].request.url == f"{API}/moderations/7?x=1"


@pytest.mark.parametrize(
    "target", ["https://elsewhere.test/x", "http://api.mercadolibre.test/x", "//elsewhere.test/x"]
)
def test_a_redirect_elsewhere_never_gets_the_token(api, client, target):
    api.get(f"{API}/users/me", status=302, headers={"Location": target})

    with pytest.raises(Rejected, match="another host"):
        client.get("/users/me")

    assert len(api.calls) == 1


def test_a_circle_of_redirects_ends(api, client):
    api.get(f"{API}/users/me", status=302, headers={"Location": "/users/me"})

    with pytest.raises(Rejected, match="too often"):
        client.get("/users/me")


def test_a_redirected_write_is_not_repeated(api, client):
    api.put(f"{API}/items/MLB1", status=307, headers={"Location": "/items/MLB2"})

    with pytest.raises(Rejected):
        client.put("/items/MLB1", json={})

    assert len(api.calls) == 1


# The token


def test_a_refused_token_is_refreshed_once_and_the_call_repeated(api, client, tokens):
    api.get(f"{API}/users/me", status=401, json={"error": "expired_token", "message": "m"})
    api.get(f"{API}/users/me", json={"id": 1})

    assert client.get("/users/me").data == {"id": 1}
    assert tokens.refused == ["APP_USR-first-token"]
    assert bearers(api) == ["Bearer APP_USR-first-token", "Bearer APP_USR-second-token"]


def test_a_write_refused_for_its_token_is_repeated_too_because_nothing_was_done(api, client):
    api.post(f"{API}/answers", status=401, json={"code": "unauthorized", "message": "invalid access token"})
    api.post(f"{API}/answers", json={"id": 1}, status=201)

    assert client.post("/answers", json={"text": "Sim"}).data == {"id": 1}
    assert api.calls[1].request.body == b'{"text": "Sim"}'


def test_a_second_refusal_means_reconnect(api, client, tokens):
    api.get(f"{API}/users/me", status=401, json={"error": "invalid_token", "message": "m"})

    with pytest.raises(Reconnect):
        client.get("/users/me")

    assert len(api.calls) == 2
    assert len(tokens.refused) == 1


def test_a_dead_grant_is_told_as_it_is(api, make_client):
    api.get(f"{API}/users/me", status=401, json={"error": "invalid_token", "message": "m"})

    with pytest.raises(Reconnect, match="grant is gone"):
        make_client(token=Tokens(dead=True)).get("/users/me")


@pytest.mark.parametrize(
    ("body", "decision"),
    [
        ({"message": "Caller must be the seller of the item", "error": "unauthorized"}, NotAllowed),
        ({"message": "Invalid caller.id", "error": "not_owned_order"}, NotAllowed),
        ({"message": "blocked", "error": "unauthorized_scopes"}, AppRefused),
    ],
)
def test_a_401_that_is_not_about_the_token_refreshes_nothing(api, client, tokens, body, decision):
    api.get(f"{API}/item/MLB1/performance", status=401, json=body)

    with pytest.raises(decision):
        client.get("/item/MLB1/performance")

    assert tokens.refused == []


def test_an_ambiguous_403_of_a_stale_token_is_cured_by_a_refresh(api, client, tokens):
    api.get(f"{API}/visits", status=403, json=PA)
    api.get(f"{API}/users/me", status=401, json={"error": "invalid_token", "message": "m"})
    api.get(f"{API}/visits", json={"n": 1})

    assert client.get("/visits").data == {"n": 1}
    assert tokens.refused == ["APP_USR-first-token"]


def test_a_missing_permission_spends_no_refresh_token_and_is_looked_into_once(api, client, tokens):
    api.get(f"{API}/visits", status=403, json=PA)
    me = api.get(f"{API}/users/me", json={"id": 1})

    for _ in range(3):
        with pytest.raises(NotAllowed):
            client.get("/visits")

    assert tokens.refused == []
    assert me.call_count == 1


def test_a_token_too_new_to_be_at_fault_is_not_tried_again(api, make_client):
    api.get(f"{API}/visits", status=401, json={"error": "invalid_token", "message": "m"})

    with pytest.raises(Reconnect):
        make_client(token=Tokens(renews=False)).get("/visits")

    assert len(api.calls) == 1


def test_a_plain_403_refreshes_nothing(api, client, tokens):
    api.get(
        f"{API}/orders/1", status=403, json={"error": "access_denied", "code": "FORBIDDEN", "message": "m"}
    )

    with pytest.raises(NotAllowed):
        client.get("/orders/1")

    assert tokens.refused == []
    assert len(api.calls) == 1


# Trying again


@pytest.mark.parametrize("status", [500, 502, 503, 423, 424, 429])
def test_a_read_is_tried_again(api, make_client, status):
    api.get(f"{API}/orders/1", status=status, headers={"Retry-After": "0"})
    api.get(f"{API}/orders/1", json={"id": 1})

    assert make_client().get("/orders/1").data == {"id": 1}


def test_a_read_is_given_up_after_its_tries(api, client):
    api.get(f"{API}/orders/1", status=503)

    with pytest.raises(TryLater):
        client.get("/orders/1")

    assert len(api.calls) == 3


@pytest.mark.parametrize("failure", [requests.ConnectionError("reset"), requests.ReadTimeout("slow")])
def test_a_read_that_got_no_answer_is_tried_again(api, client, failure):
    api.get(f"{API}/orders/1", body=failure)
    api.get(f"{API}/orders/1", json={"id": 1})

    assert client.get("/orders/1").data == {"id": 1}


@pytest.mark.parametrize(
    ("status", "decision"), [(400, Rejected), (404, Gone), (409, Conflict), (501, TryLater)]
)
def test_what_would_be_answered_the_same_is_not_tried_again(api, client, status, decision):
    api.get(f"{API}/orders/1", status=status)

    with pytest.raises(decision):
        client.get("/orders/1")

    assert len(api.calls) == 1


@pytest.mark.parametrize("method", ["put", "post", "delete"])
@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_write_is_never_tried_again(api, client, method, status):
    api.add(method.upper(), f"{API}/items/MLB1", status=status)

    with pytest.raises(TryLater):
        getattr(client, method)("/items/MLB1")

    assert len(api.calls) == 1


def test_a_write_without_an_answer_may_have_been_done(api, client):
    api.put(f"{API}/items/MLB1", body=requests.ReadTimeout("slow"))

    with pytest.raises(AnswerLost):
        client.put("/items/MLB1", json={})

    assert len(api.calls) == 1


def test_a_write_that_was_never_sent_is_tried_again(api, client):
    api.put(f"{API}/items/MLB1", body=requests.ConnectTimeout("nobody there"))
    api.put(f"{API}/items/MLB1", json={"id": "MLB1"})

    assert client.put("/items/MLB1", json={}).data == {"id": "MLB1"}


def test_a_refused_connection_means_nothing_was_sent(make_client, calls):
    with closed_port() as url, pytest.raises(Unreachable):
        make_client(api_url=url).put("/items/MLB1", json={})

    assert [call.status for call in calls] == [0, 0, 0]


def test_a_connection_that_breaks_after_the_request_means_it_may_have_been_done(make_client, calls):
    with raw_server(lambda connection, request: None) as url, pytest.raises(AnswerLost):
        make_client(api_url=url).put("/items/MLB1", json={})

    assert len(calls) == 1


def test_an_answer_cut_short_is_no_answer(make_client):
    def cut(connection, request):
        connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"id": 1}')

    with raw_server(cut) as url, pytest.raises(AnswerLost):
        make_client(api_url=url).get("/orders/1")


def test_a_server_that_drips_cannot_hold_a_worker(make_client):
    def drip(connection, request):
        connection.sendall(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        while True:
            connection.sendall(b"1\r\n \r\n")
            time.sleep(0.02)

    started = time.monotonic()
    with raw_server(drip) as url, pytest.raises(AnswerLost):
        make_client(api_url=url, patience=Patience(tries=1, total=0.3)).get("/orders/1")

    assert time.monotonic() - started < 3


def test_an_answer_beyond_every_size_is_refused():
    def flood(connection, request):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + b" " * 100_000)

    with raw_server(flood) as url, pytest.raises(Rejected, match="larger"):
        send(
            new_session(),
            "GET",
            url,
            endpoint="GET /",
            timeout=(1, 1),
            deadline=time.monotonic() + 5,
            max_bytes=1000,
        )


def test_a_wait_longer_than_our_patience_is_left_to_the_caller(api, make_client):
    api.get(f"{API}/orders/1", status=503, headers={"Retry-After": "3"})

    started = time.monotonic()
    with pytest.raises(TryLater) as caught:
        make_client(patience=Patience(tries=2, cap=1, total=60)).get("/orders/1")

    assert caught.value.retry_after == 3
    assert len(api.calls) == 1
    assert time.monotonic() - started < 2


def test_a_429_stops_every_caller_of_the_account(api, make_client):
    governor = LocalGovernor(0)
    api.get(f"{API}/orders/1", status=429, headers={"Retry-After": "60"})

    with pytest.raises(Throttled) as caught:
        make_client(governor=governor).get("/orders/1")
    with pytest.raises(Throttled):
        make_client(governor=governor).get("/orders/2")

    assert len(api.calls) == 1
    assert 55 < caught.value.retry_after <= 60


# Counting


def test_every_attempt_is_counted_by_endpoint_and_status(api, client, calls):
    api.get(f"{API}/orders/2000031415926535", status=500)
    api.get(f"{API}/orders/2000031415926535", body=requests.ConnectionError("reset"))
    api.get(f"{API}/orders/2000031415926535", json={})

    client.get("/orders/2000031415926535")

    assert [(call.endpoint, call.status) for call in calls] == [
        ("GET /orders/{id}", 500),
        ("GET /orders/{id}", 0),
        ("GET /orders/{id}", 200),
    ]
    assert all(call.seconds >= 0 for call in calls)


@pytest.mark.parametrize(
    ("path", "shape"),
    [
        ("/users/me", "/users/me"),
        ("/users/1987654321/items/search", "/users/{id}/items/search"),
        ("/items/MLB4100200300/variations/174000001", "/items/{id}/variations/{id}"),
        (
            "/user-products/MLBU900100200/stock/type/seller_warehouse",
            "/user-products/{id}/stock/type/seller_warehouse",
        ),
        ("/sites/MLB/listing_prices", "/sites/MLB/listing_prices"),
        ("/post-purchase/v1/claims/5400000001", "/post-purchase/v1/claims/{id}"),
        ("/moderations/last_moderation/MLB1-ITM", "/moderations/last_moderation/{id}"),
        ("/items/bulk", "/items/bulk"),
    ],
)
def test_endpoints_are_counted_without_their_ids(path, shape):
    assert pattern(path) == shape


# Several at once


def test_gathered_calls_come_back_in_order_with_errors_in_their_place(api, client):
    for number in range(10):
        api.get(f"{API}/orders/{number}", status=404 if number == 3 else 200, json={"id": number})

    found = client.gather([lambda n=n: client.get(f"/orders/{n}").data["id"] for n in range(10)], width=4)

    assert isinstance(found[3], Gone)
    assert [value for value in found if not isinstance(value, MeliError)] == [0, 1, 2, 4, 5, 6, 7, 8, 9]


def test_gathered_calls_run_at_the_same_time(client):
    together = threading.Barrier(3, timeout=5)

    assert client.gather([lambda: together.wait() >= 0] * 3, width=3) == [True, True, True]


def test_a_mistake_of_ours_is_not_taken_for_an_answer(client):
    with pytest.raises(ZeroDivisionError):
        client.gather([lambda: 1 // 0, lambda: 1])


# Secrets


def test_no_failure_carries_the_token(api, make_client, caplog):
    token = "an-odd-looking-token-without-a-pattern"
    api.get(f"{API}/a", status=500, body=f"oops {token}")
    api.get(f"{API}/b", body=requests.ConnectionError(f"reset {token}"))
    client = make_client(token=Tokens(token, renews=False))
    caplog.set_level("DEBUG")

    seen = ""
    for path in ("/a", "/b"):
        with pytest.raises(MeliError) as caught:
            client.get(path)
        error = caught.value
        seen += repr(error) + str(error) + json.dumps(vars(error), default=repr)
        assert error.__cause__ is None
        assert error.__context__ is None

    assert token not in seen + caplog.text + repr(client)
