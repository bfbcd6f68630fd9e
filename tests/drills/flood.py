"""A flood of notifications about real changes, its size and its losses decided to the letter."""

from __future__ import annotations

import http.client
import json
import time
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Any

from accounts.models import Account
from painelml.sandbox import Sandbox
from painelml.sandbox.clock import real_now, zulu
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

Letter = bytes | dict[str, Any]
"""A body as it is, or a notification that gets its `sent` when it is sent."""


class Flood:
    """Makes changes in the sandbox and writes the letters about them; the sandbox itself stays silent."""

    def __init__(self, box: Sandbox, accounts: Iterable[Account]) -> None:
        self.box = box
        self.sellers = [int(account.meli_user_id) for account in accounts]
        self.random = Random(7)
        self.told: dict[Change, int] = {}
        """What is told of, and when it changed last."""
        self.untold: set[Change] = set()
        self.letters: Counter[str] = Counter()
        """How many were sent: about whom, garbage or stranger."""
        box.world.on_change = self._note

    def _note(self, change: Change) -> None:
        if change.topic not in TOPICS or change in self.untold:
            return
        if change in self.told or self.random.random() >= NEVER_TOLD:
            self.told[change] = self.box.world.clock.now()
        else:
            self.untold.add(change)

    @property
    def resources(self) -> int:
        return len(self.told) + len(self.untold)

    def all_at_once(self) -> list[Letter]:
        """Let everything happen now and return all letters about it, shuffled."""
        self._change(RESOURCES)
        letters = self._letters(NOTIFICATIONS)
        self.random.shuffle(letters)
        return letters

    def waves(self) -> Iterator[list[Letter]]:
        """Yield the letters of each wave, shuffled, some of them kept back to come late."""
        kept: list[Letter] = []
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

    def _letters(self, wanted: int) -> list[Letter]:
        """Return letters about all that is told of, and repeats of some."""
        own = round(wanted * (1 - REPEATED))
        about = [*self.told, *self.random.choices(list(self.told), k=own - len(self.told))]
        written: list[tuple[str, Letter]] = [
            (str(change.user_id), envelope(change, self.told[change])) for change in about
        ]
        written += self.random.choices(written, k=wanted - own)
        written += [("garbage", self.random.choice(GARBAGE)) for _ in range(int(wanted * BESIDE))]
        strange = Change(STRANGER, "orders_v2", "/orders/2000000000000001")
        now = self.box.world.clock.now()
        written += [("stranger", envelope(strange, now)) for _ in range(int(wanted * BESIDE))]
        self.letters.update(whose for whose, _letter in written)
        return [letter for _whose, letter in written]


def envelope(change: Change, changed_at: int) -> Letter:
    return {
        "_id": str(uuid.uuid4()),
        "resource": change.resource,
        "user_id": change.user_id,
        "topic": change.topic,
        "application_id": 1122334455667788,
        "attempts": 1,
        "received": zulu(changed_at),
    }


def send(port: int, letters: list[Letter], seconds: float = 0) -> Counter[int]:
    """Post them, several at once, each once, evenly over so many seconds (0: as fast as can be); return how
    often each status was answered."""
    pause_s = seconds * SENDERS / len(letters)
    with ThreadPoolExecutor(SENDERS) as pool:
        shares = (letters[i::SENDERS] for i in range(SENDERS))
        return sum(pool.map(lambda share: post(port, share, pause_s), shares), Counter())


def post(port: int, letters: Iterable[Letter], pause_s: float) -> Counter[int]:
    answers: Counter[int] = Counter()
    wire = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    began = time.monotonic()
    for number, letter in enumerate(letters):
        time.sleep(max(0.0, began + number * pause_s - time.monotonic()))
        wire.request("POST", "/meli/webhooks", body_of(letter), {"Content-Type": "application/json"})
        answer = wire.getresponse()
        answer.read()
        answers[answer.status] += 1
    wire.close()
    return answers


def body_of(letter: Letter) -> bytes:
    if isinstance(letter, bytes):
        return letter
    return json.dumps({**letter, "sent": zulu(real_now())}).encode()
