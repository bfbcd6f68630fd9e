"""What people are told by mail: each thing once, several together, and never more than they asked for."""

import re
import socketserver
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.test import Client

from accounts.actions import _tell_expired
from accounts.alerts import GAP, send_due
from accounts.models import Account, AlertKind, Alerts, User
from accounts.tasks import send_alerts
from catalog.models import Item
from painelml.sync.schedule import JOBS
from questions.models import Question
from tests.factories import make_item, make_order, make_question, make_shipment

NOW = datetime(2026, 11, 21, 17, 30, tzinfo=UTC)
"""Half past two in the afternoon in São Paulo."""
MINUTE = timedelta(minutes=1)
ALL = [kind.value for kind in AlertKind]


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def choose(person: User, *, kinds: list[str] = ALL, summary_hour: int | None = None) -> Alerts:
    person.language = person.language or "en"
    person.save()
    membership = person.memberships.get()
    return Alerts.objects.create(membership=membership, kinds=kinds, summary_hour=summary_hour)


def ask(account: Account, **fields: Any) -> Question:
    return make_question(account, **{"due_at": NOW + 10 * MINUTE, **fields})


def test_what_is_wrong_is_told_together_and_once(account: Account, ana: User) -> None:
    choose(ana)
    ask(account, text="Serve no carro?", due_at=NOW - MINUTE)
    make_item(account, title="Caneca", available_quantity=0)
    make_shipment(account, dispatch_by=NOW - MINUTE, receiver_city="Olinda")

    send_due(NOW)
    send_due(NOW + GAP)

    [sent] = mail.outbox
    assert sent.to == [ana.email]
    assert "3 things need you" in sent.subject
    for said in ("Serve no carro?", "Caneca", "Olinda"):
        assert said in sent.body
        assert said in sent.alternatives[0][0]


def test_a_question_is_told_again_once_it_is_late(account: Account, ana: User) -> None:
    choose(ana)
    ask(account)

    send_due(NOW)
    send_due(NOW + 16 * MINUTE)

    assert len(mail.outbox) == 2


def test_what_comes_back_is_news_again(account: Account, ana: User) -> None:
    choose(ana)
    item = make_item(account, available_quantity=0)
    for hour, units in enumerate([0, 5, 0]):
        Item.objects.filter(pk=item.pk).update(available_quantity=units)
        send_due(NOW + timedelta(hours=hour))

    assert len(mail.outbox) == 2


def test_news_in_between_wait_for_the_next_mail(account: Account, ana: User) -> None:
    choose(ana)
    make_item(account, available_quantity=0)
    send_due(NOW)
    for number in range(3):
        make_item(account, title=f"Outra {number}", available_quantity=0)
        send_due(NOW + (5 * number + 1) * MINUTE)

    assert len(mail.outbox) == 1
    send_due(NOW + GAP)
    assert [f"Outra {number}" in mail.outbox[1].body for number in range(3)] == [True] * 3


def test_many_are_counted_and_not_listed(account: Account, ana: User) -> None:
    choose(ana)
    for _ in range(30):
        make_item(account, available_quantity=0)

    send_due(NOW)

    [sent] = mail.outbox
    assert sent.body.count("Garrafa") == 10
    assert "and 20 more" in sent.body


def test_nobody_is_told_what_they_did_not_choose(account: Account, ana: User, bruno: User) -> None:
    choose(ana, kinds=[AlertKind.QUESTIONS])
    make_item(account, available_quantity=0)

    send_due(NOW)

    assert mail.outbox == []


def test_nobody_is_told_about_another_organization(
    account: Account, other_account: Account, ana: User
) -> None:
    choose(ana)
    make_item(other_account, available_quantity=0)

    send_due(NOW)

    assert mail.outbox == []


def test_somebody_who_may_no_longer_log_in_is_told_nothing(account: Account, ana: User) -> None:
    choose(ana, summary_hour=14)
    ana.is_active = False
    ana.save()
    make_item(account, available_quantity=0)

    assert send_due(NOW) == 0


def test_everybody_reads_their_own_language(account: Account, ana: User, bruno: User) -> None:
    ana.language, bruno.language = "pt-br", "es"
    for person in (ana, bruno):
        choose(person)
    make_item(account, available_quantity=0)

    send_due(NOW)

    titles = {sent.to[0]: sent.body for sent in mail.outbox}
    assert "Anúncios sem estoque" in titles[ana.email]
    assert "Publicaciones sin stock" in titles[bruno.email]


def test_a_mail_the_server_refused_is_tried_again(account: Account, ana: User, settings: Any) -> None:
    choose(ana)
    make_item(account, available_quantity=0)
    works = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9  # nobody listens there
    assert send_due(NOW) == 0
    settings.EMAIL_BACKEND = works

    assert send_due(NOW + GAP) == 1


@pytest.mark.parametrize(
    ("hour", "sent"), [(13, 1), (14, 1), (15, 0), (8, 0)], ids=["just now", "at it", "not yet", "long ago"]
)
def test_the_summary_comes_once_a_day_at_the_accounts_hour(
    account: Account, ana: User, hour: int, sent: int
) -> None:
    choose(ana, kinds=[], summary_hour=hour)
    make_order(account, date_created=NOW - timedelta(days=1))

    send_due(NOW)
    send_due(NOW + 5 * MINUTE)

    assert len(mail.outbox) == sent
    for one in mail.outbox:
        assert "11/20/2026" in one.subject
        assert "1 sale, R$\u00a0129.90 gross" in one.body


def test_owners_hear_of_an_expired_account_unless_they_said_otherwise(
    account: Account, ana: User, mara: User, bruno: User
) -> None:
    choose(ana, kinds=[])
    choose(bruno, kinds=[AlertKind.EXPIRED])

    _tell_expired(account)

    assert {sent.to[0] for sent in mail.outbox} == {mara.email, bruno.email}


def test_a_link_in_the_mail_ends_them_without_a_login(account: Account, ana: User, client: Client) -> None:
    alerts = choose(ana, summary_hour=8)
    make_item(account, available_quantity=0)
    send_due(NOW)
    header = mail.outbox[0].extra_headers["List-Unsubscribe"]
    path = re.sub(r"<https?://[^/]+(.*)>", r"\1", header)
    assert path in mail.outbox[0].body
    assert mail.outbox[0].extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"

    assert client.get(path).status_code == 200
    alerts.refresh_from_db()
    assert alerts.kinds  # a program that only follows links ends nothing
    assert Client(enforce_csrf_checks=True).post(path, {"List-Unsubscribe": "One-Click"}).status_code == 200

    alerts.refresh_from_db()
    assert (alerts.kinds, alerts.summary_hour) == ([], None)


def test_a_link_nobody_wrote_is_not_found(client: Client, db: None) -> None:
    assert client.post("/alerts/stop/1:guessed/").status_code == 404


def test_people_choose_what_they_are_told(account: Account, ana: User, client: Client) -> None:
    client.force_login(ana)
    assert client.get("/profile/alerts/").status_code == 200

    client.post("/profile/alerts/", {"kinds": ["stock", "dispatch"], "summary_hour": "8"})

    alerts = Alerts.objects.get()
    assert (alerts.membership.user, alerts.kinds, alerts.summary_hour) == (ana, ["stock", "dispatch"], 8)
    client.post("/profile/alerts/", {"summary_hour": ""})
    alerts.refresh_from_db()
    assert (alerts.kinds, alerts.summary_hour) == ([], None)


def test_a_made_up_kind_is_refused(account: Account, ana: User, client: Client) -> None:
    client.force_login(ana)

    assert client.post("/profile/alerts/", {"kinds": ["weather"]}).status_code == 422
    assert not Alerts.objects.exists()


class Sink(socketserver.StreamRequestHandler):
    """Takes mail as an SMTP server does, and keeps it."""

    def handle(self) -> None:
        self.wfile.write(b"220 sink\r\n")
        while line := self.rfile.readline():
            match line.split()[0].upper():
                case b"QUIT":
                    self.wfile.write(b"221 bye\r\n")
                    return
                case b"DATA":
                    self.wfile.write(b"354 go on\r\n")
                    lines = iter(self.rfile.readline, b".\r\n")
                    self.server.mails.append(b"".join(lines))  # type: ignore[attr-defined]
            self.wfile.write(b"250 ok\r\n")


def test_a_mail_server_gets_both_forms_and_the_way_out(account: Account, ana: User, settings: Any) -> None:
    choose(ana)
    make_item(account, title="Caneca de cerâmica", available_quantity=0)
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Sink) as server:
        server.mails = []  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = server.server_address

        send_alerts.apply()
        server.shutdown()

    [raw] = server.mails  # type: ignore[attr-defined]
    received = message_from_bytes(raw, policy=default)
    assert received["To"] == ana.email
    assert "/alerts/stop/" in received["List-Unsubscribe"]
    for kind in ("plain", "html"):
        part = received.get_body((kind,))
        assert part is not None
        assert "Caneca de cerâmica" in part.get_content()


def test_the_scheduler_sends_them() -> None:
    assert send_alerts.name in {job.task for job in JOBS}
