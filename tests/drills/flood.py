"""A flood of notifications about real changes, its size and its losses decided to the letter."""

from __future__ import annotations

import http.client
import json
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from random import Random

from accounts.models import Account
from painelml.sandbox import Sandbox
from painelml.sandbox.world import Change
from tests.drills.panel import FULL

RESOURCES = 600 if FULL else 100
NOTIFICATIONS = 5_000 if FULL else 800
"""For the resources that are told of; repeats are among them."""
REPEATED, NEVER_TOLD, BESIDE = 0.3, 0.1, 0.02
"""Shares: of letters that are sent again, of resources nobody hears of, of garbage and of strangers."""
WAVES = 4
SENDERS = 4
TOPICS = ("orders_v2", "items", "questions", "shipments")
GARBAGE = (
    b"",
    b"not json at all",
    b"[]",
    b'{"topic":"items"}',
    b'{"resource":"/items/MLB4100200300","user_id":1}',
    b'{"_id":"x","resource":"https://example.com/items/MLB1","user_id":1987654321,"topic":"items"}',
    b'{"_id":"y","resource":"/items/../users/me","user_id":1987654321,"topic":"items"}',
)
STRANGER = 99


class Flood:
    """Makes changes in the sandbox and writes the letters about them; the sandbox itself stays silent."""

    def __init__(self, box: Sandbox, accounts: Iterable[Account]) -> None:
        self.box = box
        self.sellers = [int(account.meli_user_id) for account in accounts]
        self.random = Random(7)
        self.told: dict[Change, None] = {}
        self.untold: set[Change] = set()
        self.letters: Counter[str] = Counter()
        """How many were sent: about whom, garbage or stranger."""
        box.world.on_change = self._note

    def _note(self, change: Change) -> None:
        if change.topic not in TOPICS or change in self.told or change in self.untold:
            return
        if self.random.random() < NEVER_TOLD:
            self.untold.add(change)
        else:
            self.told[change] = None

    @property
    def resources(self) -> int:
        return len(self.told) + len(self.untold)

    def waves(self) -> Iterator[list[bytes]]:
        """Yield the letters of each wave, shuffled, some of them kept back to come late."""
        kept: list[bytes] = []
        for number in range(1, WAVES + 1):
            self._change(RESOURCES * number // WAVES)
            letters = kept + self._letters(NOTIFICATIONS // WAVES)
            self.random.shuffle(letters)
            cut = 0 if number == WAVES else len(letters) // 5
            kept, letters = letters[:cut], letters[cut:]
            yield letters

    def _change(self, until: int) -> None:
        """Let things happen until so many resources have changed, many of them several times."""
        while self.resources < until:
            for seller, times in zip(self.sellers, (2, 1), strict=True):
                self.box.control(seller=seller, sell=times, change_items=times, ask=times, answer=1, move=2)

    def _letters(self, wanted: int) -> list[bytes]:
        """Return letters about all that is told of, and repeats of some."""
        own = round(wanted * (1 - REPEATED))
        about = [*self.told, *self.random.choices(list(self.told), k=own - len(self.told))]
        written = [(str(change.user_id), envelope(change)) for change in about]
        written += self.random.choices(written, k=wanted - own)
        written += [("garbage", self.random.choice(GARBAGE)) for _ in range(int(wanted * BESIDE))]
        strange = Change(STRANGER, "orders_v2", "/orders/2000000000000001")
        written += [("stranger", envelope(strange)) for _ in range(int(wanted * BESIDE))]
        self.letters.update(whose for whose, _letter in written)
        return [letter for _whose, letter in written]


def envelope(change: Change) -> bytes:
    body = {
        "_id": str(uuid.uuid4()),
        "resource": change.resource,
        "user_id": change.user_id,
        "topic": change.topic,
        "application_id": 1122334455667788,
        "attempts": 1,
        "sent": "2026-11-20T13:44:33.006Z",
        "received": "2026-11-20T13:44:32.984Z",
    }
    return json.dumps(body).encode()


def send(port: int, letters: list[bytes]) -> Counter[int]:
    """Post them, several at once, each once; return how often each status was answered."""
    with ThreadPoolExecutor(SENDERS) as pool:
        shares = pool.map(lambda share: post(port, share), (letters[i::SENDERS] for i in range(SENDERS)))
        return sum(shares, Counter())


def post(port: int, letters: Iterable[bytes]) -> Counter[int]:
    answers: Counter[int] = Counter()
    wire = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    for letter in letters:
        wire.request("POST", "/meli/webhooks", letter, {"Content-Type": "application/json"})
        answer = wire.getresponse()
        answer.read()
        answers[answer.status] += 1
    wire.close()
    return answers
