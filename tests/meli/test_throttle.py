"""Both governors keep the same rules; each test runs over both."""

import threading
import time
from itertools import count

import pytest
from django.conf import settings
from redis import Redis

from painelml.meli import LocalGovernor, Priority, RedisGovernor, Throttled
from tests.meli.conftest import closed_port

PERSON, ORDERS, BACKFILL = Priority.PERSON, Priority.ORDERS, Priority.BACKFILL
prefixes = (f"painelml:test:governor:{number}:" for number in count())


class Local:
    """A governor in this process, on a clock we move."""

    def __init__(self):
        self.now = 1000.0

    def governor(self, rpm):
        return LocalGovernor(rpm, clock=lambda: self.now)

    def let_pass(self, seconds):
        self.now += seconds


class InRedis:
    """A governor in the real Redis. Time passes by moving what it remembers into the past."""

    def __init__(self):
        self.redis = Redis.from_url(settings.REDIS_URL)
        self.prefix = next(prefixes)

    def governor(self, rpm):
        return RedisGovernor(self.redis, rpm, prefix=self.prefix)

    def let_pass(self, seconds):
        for key in self.redis.scan_iter(self.prefix + "*"):
            for moment in ("at", "pause"):
                self.redis.hincrbyfloat(key, moment, -seconds)


@pytest.fixture(params=[Local, *([InRedis] if settings.REDIS_URL else [])])
def world(request):
    return request.param()


def taken(governor, priority, key="ana"):
    """Take until there is no more room; return how many calls went out."""
    for number in range(10_000):
        if governor.take(key, priority):
            return number
    return None


def about(seconds):
    return pytest.approx(seconds, abs=0.4)  # Redis keeps its own time, and the machine may be busy


# The bucket


def test_a_few_calls_go_at_once_and_then_one_each_sixtieth_of_the_rpm(world):
    governor = world.governor(60)

    assert taken(governor, PERSON) == 5
    assert governor.take("ana", PERSON) == about(1.0)
    world.let_pass(1.1)
    assert taken(governor, PERSON) == 1


def test_a_rested_bucket_holds_no_more_than_its_burst(world):
    governor = world.governor(1200)
    taken(governor, PERSON)

    world.let_pass(3600)

    assert taken(governor, PERSON) in range(20, 40)


def test_no_limit_of_ours_lets_everything_through(world):
    governor = world.governor(0)

    assert all(governor.take("ana", BACKFILL) == 0 for _ in range(500))


def test_each_key_has_its_own_bucket(world):
    governor = world.governor(60)
    taken(governor, PERSON)
    governor.throttled("ana", 60)

    assert governor.take("carla", BACKFILL) == 0


# Who goes first


def test_a_backfill_leaves_room_for_orders_and_both_for_people(world):
    governor = world.governor(60)

    assert taken(governor, BACKFILL) == 3
    assert taken(governor, ORDERS) == 1
    assert taken(governor, PERSON) == 1


def test_a_person_does_not_wait_behind_a_backfill_that_never_ends(world):
    governor = world.governor(600)
    for _ in range(50):
        taken(governor, BACKFILL)
        world.let_pass(0.1)

    assert governor.take("ana", PERSON) == 0


def test_a_backfill_gets_on_when_nobody_else_calls(world):
    governor = world.governor(600)
    taken(governor, BACKFILL)

    done = 0
    for _ in range(10):
        world.let_pass(0.101)
        done += taken(governor, BACKFILL)

    assert done in range(9, 30)


# 429


def test_a_429_stops_everybody_for_as_long_as_was_asked(world):
    governor = world.governor(0)

    governor.throttled("ana", 30)

    assert [governor.take("ana", priority) for priority in Priority] == [about(30)] * 3
    world.let_pass(30.2)
    assert governor.take("ana", BACKFILL) == 0


def test_without_a_time_given_the_pause_is_about_a_second_and_grows(world):
    governor = world.governor(0)

    pauses = []
    for _ in range(4):
        governor.throttled("ana")
        pauses.append(governor.take("ana", PERSON))
        world.let_pass(pauses[-1] + 0.1)

    for pause, step in zip(pauses, (1, 2, 4, 8), strict=True):
        assert step * 0.4 <= pause <= step * 1.6


def test_a_success_makes_the_next_pause_short_again(world):
    governor = world.governor(0)
    for _ in range(4):
        governor.throttled("ana")
        world.let_pass(20)

    governor.ok("ana")
    governor.throttled("ana")

    assert governor.take("ana", PERSON) <= 1.6


def test_after_a_429_calls_go_at_half_the_rate(world):
    governor = world.governor(60)

    governor.throttled("ana", 5)
    world.let_pass(5.05)

    assert governor.take("ana", PERSON) == about(2.0)


def test_the_answers_of_calls_under_way_count_as_one_429(world):
    governor = world.governor(60)

    for _ in range(8):
        governor.throttled("ana", 5)
    world.let_pass(5.05)

    assert governor.take("ana", PERSON) == about(2.0)


def test_the_rate_has_a_floor(world):
    governor = world.governor(60)

    for _ in range(20):
        governor.throttled("ana", 1)
        world.let_pass(1.05)

    assert governor.take("ana", PERSON) == pytest.approx(10, abs=1)


def test_successes_give_the_rate_back_little_by_little(world):
    governor = world.governor(60)
    governor.throttled("ana", 1)
    world.let_pass(1.05)

    for _ in range(50):
        governor.ok("ana")
    assert governor.take("ana", PERSON) == pytest.approx(1 / 0.75, abs=0.3)

    for _ in range(60):
        governor.ok("ana")
    assert governor.take("ana", PERSON) == about(1.0)


def test_an_hour_long_pause_is_not_believed(world):
    governor = world.governor(0)

    governor.throttled("ana", 86_400)

    assert governor.take("ana", PERSON) <= 300


# Waiting


def test_acquire_waits_for_room(world):
    governor = (
        RedisGovernor(world.redis, 600, prefix=world.prefix)
        if isinstance(world, InRedis)
        else LocalGovernor(600)
    )
    taken(governor, PERSON)

    started = time.monotonic()
    governor.acquire("ana", PERSON)

    assert 0.02 < time.monotonic() - started < 2


def test_acquire_does_not_wait_for_what_will_not_come_in_time(world):
    governor = world.governor(0)
    governor.throttled("ana", 60)

    started = time.monotonic()
    with pytest.raises(Throttled) as caught:
        governor.acquire("ana", BACKFILL)
    with pytest.raises(Throttled):
        governor.acquire("ana", BACKFILL, within=1)

    assert time.monotonic() - started < 1
    assert caught.value.retry_after == about(60)


def test_many_threads_together_keep_to_the_rate(world):
    governor = (
        RedisGovernor(world.redis, 1200, prefix=world.prefix)
        if isinstance(world, InRedis)
        else LocalGovernor(1200)
    )

    def work():
        for _ in range(5):
            governor.acquire("ana", PERSON)

    started = time.monotonic()
    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert 0.9 < time.monotonic() - started < 5  # 20 at once, the other 20 at 20 a second


# Redis


class CountingRedis(Redis):
    commands = 0

    def execute_command(self, *args, **options):
        self.commands += 1
        return super().execute_command(*args, **options)


@pytest.fixture
def redis():
    return Redis.from_url(settings.REDIS_URL)


if settings.REDIS_URL:

    def test_processes_share_one_bucket(redis):
        prefix = next(prefixes)
        one, other = RedisGovernor(redis, 60, prefix=prefix), RedisGovernor(redis, 60, prefix=prefix)

        assert taken(one, PERSON) == 5
        assert other.take("ana", PERSON) > 0
        one.throttled("ana", 30)
        assert other.take("ana", PERSON) == about(30)

    def test_an_emptied_redis_means_a_full_bucket(redis):
        prefix = next(prefixes)
        governor = RedisGovernor(redis, 60, prefix=prefix)
        taken(governor, PERSON)

        redis.delete(prefix + "ana")
        redis.script_flush()

        assert taken(governor, PERSON) == 5

    def test_nothing_is_asked_of_redis_for_a_success_at_full_rate():
        redis = CountingRedis.from_url(settings.REDIS_URL)
        governor = RedisGovernor(redis, 60, prefix=next(prefixes))
        governor.take("ana", PERSON)
        redis.commands = 0

        governor.ok("ana")
        assert redis.commands == 0

        governor.throttled("ana", 1)
        governor.ok("ana")
        assert redis.commands == 2

    def test_when_redis_comes_back_it_counts_again(redis, caplog):
        with closed_port() as url:
            away = Redis.from_url(url.replace("http", "redis"), socket_connect_timeout=0.2, retry=None)
            governor = RedisGovernor(away, 60, prefix=next(prefixes))
            governor.RETRY_EVERY = 0.0
            assert governor.take("ana", PERSON) == 0

            away.connection_pool = redis.connection_pool
            assert taken(governor, PERSON) == 5

        assert "Redis is back" in caplog.text


def test_without_redis_each_process_governs_itself_and_says_so_once(caplog):
    with closed_port() as url:
        away = Redis.from_url(url.replace("http", "redis"), socket_connect_timeout=0.2, retry=None)
        governor = RedisGovernor(away, 60)

        assert taken(governor, PERSON) == 5
        governor.throttled("ana", 30)
        governor.ok("ana")
        assert 25 < governor.take("ana", PERSON) <= 30

    assert caplog.text.count("Redis is away") == 1
