"""How fast we may call, per account and over all processes, and who goes first.

A token bucket per key at `rpm` calls a minute (0: no limit of ours). Lower priorities leave the last part
of the bucket to higher ones, so a person never waits behind a backfill. A 429 stops the key until Mercado
Livre's time (or a growing pause of ours) is over and halves its rate; each success gives a little back.
Part A, 2.4: limits are per application and endpoint, unpublished, and 429 often comes without `Retry-After`.
"""

import logging
import random
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Protocol

from redis import Redis, RedisError

from .errors import Throttled

logger = logging.getLogger(__name__)


class Priority(IntEnum):
    """Who goes first."""

    PERSON = 0  # somebody waits at the screen
    ORDERS = 1  # tokens, notifications, what just happened
    BACKFILL = 2  # the past, re-reads


KEEPS_FREE = {Priority.PERSON: 0.0, Priority.ORDERS: 0.2, Priority.BACKFILL: 0.4}  # of the bucket
MAX_WAIT = {Priority.PERSON: 10.0, Priority.ORDERS: 30.0, Priority.BACKFILL: 45.0}  # seconds
BURST_SECONDS, MIN_BURST = 1.0, 5.0
FLOOR = 0.1  # the rate never falls below this share
GIVE_BACK = 0.005  # share of the rate per success: from half to full in 100 calls
MIN_PAUSE, FIRST_PAUSE, MAX_PAUSE = 0.2, 1.0, 300.0  # seconds
LONGEST_SLEEP = 1.0  # seconds, so that a waiter notices what changed


class Governor(Protocol):
    """Decides when the next call may go out."""

    def acquire(self, key: str, priority: Priority, within: float | None = None) -> None:
        """Wait for room. Raises Throttled when there is none `within` seconds (default: MAX_WAIT of the
        priority).
        """

    def throttled(self, key: str, retry_after: float | None = None) -> None:
        """Mercado Livre answered 429."""

    def ok(self, key: str) -> None:
        """Mercado Livre answered."""


class _Waiting(ABC):
    """Waiting is the same wherever the numbers are kept."""

    @abstractmethod
    def take(self, key: str, priority: Priority) -> float:
        """Take room for one call: 0.0, or the seconds after which to ask again."""

    def acquire(self, key: str, priority: Priority, within: float | None = None) -> None:
        longest = MAX_WAIT[priority] if within is None else min(within, MAX_WAIT[priority])
        deadline = time.monotonic() + longest
        while wait := self.take(key, priority):
            if wait > deadline - time.monotonic():
                raise Throttled("No room for another call in time", retry_after=wait)
            time.sleep(min(wait * random.uniform(1.0, 1.5), LONGEST_SLEEP))  # noqa: S311


def _bucket(rpm: int) -> tuple[float, float]:
    """Return calls per second, and how many may go at once."""
    return rpm / 60, max(MIN_BURST, rpm / 60 * BURST_SECONDS)


def _first_pause() -> float:
    return FIRST_PAUSE * random.uniform(0.5, 1.5)  # noqa: S311


@dataclass
class _State:
    tokens: float
    at: float = 0.0
    factor: float = 1.0
    pause: float = 0.0
    strikes: int = 0


class LocalGovernor(_Waiting):
    """Keeps the numbers in this process; any number of threads."""

    def __init__(self, rpm: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.rate, self.burst = _bucket(rpm)
        self._clock = clock
        self._states: dict[str, _State] = {}
        self._lock = threading.Lock()

    def take(self, key: str, priority: Priority) -> float:
        with self._lock:
            state, now = self._state(key), self._clock()
            if state.pause > now:
                return state.pause - now
            if not self.rate:
                return 0.0
            rate = self.rate * state.factor
            state.tokens = min(self.burst, state.tokens + max(0.0, now - state.at) * rate)
            state.at = max(now, state.at)
            short = 1 + KEEPS_FREE[priority] * self.burst - state.tokens
            if short > 0:
                return short / rate
            state.tokens -= 1
            return 0.0

    def throttled(self, key: str, retry_after: float | None = None) -> None:
        with self._lock:
            state, now = self._state(key), self._clock()
            wait = retry_after or 0.0
            if now >= state.pause:  # the calls that were under way with it say nothing new
                state.strikes += 1
                state.factor = max(FLOOR, state.factor / 2)
                if retry_after is None:
                    wait = _first_pause() * 2 ** (state.strikes - 1)
            state.pause = max(state.pause, now + min(max(wait, MIN_PAUSE), MAX_PAUSE))
            state.tokens, state.at = 0.0, state.pause

    def ok(self, key: str) -> None:
        with self._lock:
            state = self._state(key)
            state.factor, state.strikes = min(1.0, state.factor + GIVE_BACK), 0

    def _state(self, key: str) -> _State:
        return self._states.setdefault(key, _State(self.burst))


# The rules of LocalGovernor once more, atomic in Redis and on its clock. Times go back as whole milliseconds.
_LUA = """
local t = redis.call('TIME')
local now = t[1] + t[2] / 1000000
local s = redis.call('HMGET', KEYS[1], 'tokens', 'at', 'factor', 'pause', 'strikes')
local rate, burst = tonumber(ARGV[2]), tonumber(ARGV[3])
local tokens, at = tonumber(s[1]) or burst, tonumber(s[2]) or now
local factor, pause, strikes = tonumber(s[3]) or 1, tonumber(s[4]) or 0, tonumber(s[5]) or 0
local wait = 0
if ARGV[1] == 'take' then
  if pause > now then return {math.ceil((pause - now) * 1000), 1} end
  if rate > 0 then
    rate = rate * factor
    tokens = math.min(burst, tokens + math.max(0, now - at) * rate)
    at = math.max(now, at)
    local short = 1 + tonumber(ARGV[4]) * burst - tokens
    if short > 0 then wait = math.ceil(short / rate * 1000) else tokens = tokens - 1 end
  end
elseif ARGV[1] == 'throttled' then
  local asked, first = tonumber(ARGV[4]), tonumber(ARGV[5])
  local stop = math.max(asked, 0)
  if now >= pause then
    strikes = strikes + 1
    factor = math.max(tonumber(ARGV[6]), factor / 2)
    if asked < 0 then stop = first * 2 ^ (strikes - 1) end
  end
  pause = math.max(pause, now + math.min(math.max(stop, tonumber(ARGV[7])), tonumber(ARGV[8])))
  tokens, at = 0, pause
else
  factor, strikes = math.min(1, factor + tonumber(ARGV[4])), 0
end
redis.call('HSET', KEYS[1], 'tokens', string.format('%.6f', tokens), 'at', string.format('%.6f', at),
  'factor', string.format('%.6f', factor), 'pause', string.format('%.6f', pause), 'strikes', strikes)
redis.call('EXPIRE', KEYS[1], 3600)
return {wait, (factor < 1 or strikes > 0) and 1 or 0}
"""


class RedisGovernor(_Waiting):
    """Keeps the numbers in Redis, shared by every process. Without Redis each process governs itself
    meanwhile.

    Give it a client with short socket timeouts. An emptied Redis only means a full bucket.
    """

    RETRY_EVERY = 5.0  # seconds between attempts to find Redis again

    def __init__(self, redis: Redis, rpm: int, prefix: str = "painelml:governor:") -> None:
        self.rate, self.burst = _bucket(rpm)
        self._script = redis.register_script(_LUA)
        self._prefix = prefix
        self._local = LocalGovernor(rpm)
        self._slow: set[str] = set()
        self._lost_until = 0.0
        self._lost = False

    def take(self, key: str, priority: Priority) -> float:
        answer = self._run(key, "take", KEEPS_FREE[priority])
        return self._local.take(key, priority) if answer is None else answer

    def throttled(self, key: str, retry_after: float | None = None) -> None:
        asked = -1.0 if retry_after is None else retry_after
        if self._run(key, "throttled", asked, _first_pause(), FLOOR, MIN_PAUSE, MAX_PAUSE) is None:
            self._local.throttled(key, retry_after)

    def ok(self, key: str) -> None:
        if key not in self._slow and not self._lost:
            return  # at full rate there is nothing to give back, and most calls are spared the trip
        if self._run(key, "ok", GIVE_BACK) is None:
            self._local.ok(key)

    def _run(self, key: str, what: str, *numbers: float) -> float | None:
        """Return the seconds to wait, or `None` while Redis is away."""
        if time.monotonic() < self._lost_until:
            return None
        try:
            answer: Any = self._script(
                keys=[self._prefix + key], args=[what, self.rate, self.burst, *numbers]
            )
        except RedisError as error:
            if not self._lost:
                logger.warning("Redis is away (%s); each process limits its own calls", type(error).__name__)
            self._lost, self._lost_until = True, time.monotonic() + self.RETRY_EVERY
            return None
        if self._lost:
            logger.warning("Redis is back; calls are limited over all processes again")
            self._lost = False
        (self._slow.add if answer[1] else self._slow.discard)(key)
        return float(answer[0]) / 1000
