"""Bodies meant to hurt, by the thousand and the same every time: the right ones, damaged in all the ways we
know."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

SEED = 20261122

TEXTS = (
    "", " ", "\x00", "a\x00b", "\x1b[2J", "\r\nX-Evil: 1", "\ud800", "\udfff\ud800", "\u202egnp.exe",
    "٣", "１２",
    "=1+1", "<script>alert(1)</script>", "' OR 1=1 --", "../../../etc/passwd", "%00", "${7*7}", "{{7*7}}",
    "null", "NaN", "-0", "1e999", "0x10", "12,50", "1.234,56",
    "2026-13-45", "0000-00-00", "9999-12-31T99:99:99Z",
    "2026-11-21T10:00:00+99:99", "\N{FAMILY}\u200d\N{FAMILY}", "a\u0300" * 200,
    "x" * 2_001, "x" * 70_000, "9" * 5_000,
)  # fmt: skip
NUMBERS = (
    -1, 0, 1, 2**31, 2**63, -(2**63) - 1, 10**30, 10**400, 0.1, -0.0,
    1e308, 1e-320, float("nan"), float("inf"),
    float("-inf"),
)  # fmt: skip
KINDS = (
    "", "text/plain", "text/xml", "application/x-www-form-urlencoded", "multipart/form-data",
    "multipart/form-data; boundary=", "multipart/form-data; boundary=x", "application/json; charset=utf-16",
    "application/json; charset=nothing", "application/octet-stream",
    "\x00", "application/json" + ";a=b" * 500,
)  # fmt: skip
WHOLE = (
    b"", b" ", b"null", b"true", b"0", b'""', b"[]", b"{}", b"[[]]", b"{", b"}",
    b'{"a"', b"{'a': 1}", b"\xff\xfe{}",
    b"\xef\xbb\xbf{}", b"\x1f\x8b\x08\x00", b"--x--", b"--x\r\n\r\n", b"[" * 5_000, b'{"a":' * 5_000,
    b"[" * 900 + b"]" * 900, b'{"a":' * 900 + b"1" + b"}" * 900, b"9" * 6_000, b"-", b"1e999999999", b"NaN",
    b'{"a": 1, "a": 2}', "{}".encode("utf-16"), "{}".encode("utf-32"),
)  # fmt: skip


@dataclass(frozen=True)
class Body:
    """What is sent, and what it says it is."""

    content: bytes
    kind: str = "application/json"


class Hostile:
    """An endless, reproducible source: the same seed gives the same bodies in the same order."""

    def __init__(self, *seed: object) -> None:
        self.dice = random.Random(f"{SEED} {seed}")

    def bodies(self, right: dict[str, Any], count: int) -> Iterator[Body]:
        """Yield bodies that were made of a right one."""
        for _ in range(count):
            way = self.dice.choice((self.changed, self.changed, self.changed, self.damaged, self.whole))
            yield way(right)

    def changed(self, right: dict[str, Any]) -> Body:
        """JSON, with other values in its fields, fields left out, and others that nobody knows."""
        body: Any = copy.deepcopy(right)
        for name in list(body):
            match self.dice.randrange(4):
                case 0:
                    body[name] = self.value()
                case 1:
                    body[name] = [body[name]]
                case 2 if self.dice.random() < 0.2:
                    del body[name]
        if self.dice.random() < 0.3:
            body[self.dice.choice((*TEXTS[:20], "id", "__proto__"))] = self.value()
        if self.dice.random() < 0.05:
            body = [body] * self.dice.randrange(1, 50)
        return Body(json.dumps(body).encode())

    def damaged(self, right: dict[str, Any]) -> Body:
        """The bytes of a right one, cut, doubled or overwritten somewhere, or said to be something else."""
        content = bytearray(json.dumps(right).encode())
        for _ in range(self.dice.randrange(1, 4)):
            place = self.dice.randrange(len(content) + 1)
            match self.dice.randrange(4):
                case 0:
                    del content[place:]
                case 1:
                    content[place:place] = self.dice.randbytes(self.dice.randrange(1, 6))
                case 2:
                    content[place : place + 1] = self.dice.choice((b"\x00", b'"', b"\\", b"\xff", b"\\ud800"))
                case 3:
                    return Body(bytes(content), self.dice.choice(KINDS))
        return Body(bytes(content))

    def whole(self, right: dict[str, Any]) -> Body:
        """What has nothing to do with a right one."""
        if self.dice.random() < 0.4:
            return Body(self.dice.randbytes(self.dice.randrange(300)), self.dice.choice(KINDS))
        return Body(self.dice.choice(WHOLE))

    def value(self, depth: int = 0) -> Any:
        match self.dice.randrange(8 if depth < 3 else 6):
            case 0 | 1 | 2:
                return self.dice.choice(TEXTS)
            case 3 | 4:
                return self.dice.choice(NUMBERS)
            case 5:
                return self.dice.choice((None, True, False))
            case 6:
                return [self.value(depth + 1) for _ in range(self.dice.randrange(5))]
            case _:
                return {self.dice.choice(TEXTS[:20]): self.value(depth + 1) for _ in range(3)}
