"""A process of test_tokens: many threads use one account at the same moment and print whose it is."""

import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import django

django.setup()

from django.db import connection  # noqa: E402

from accounts.client import client_for  # noqa: E402
from accounts.models import Account  # noqa: E402

account_pk, threads, begin_at = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
start = threading.Barrier(threads)


def use() -> str:
    client = client_for(Account.objects.get(pk=account_pk))
    connection.close()
    start.wait()
    time.sleep(max(0.0, begin_at - time.time()))
    return client.me()["nickname"]


with ThreadPoolExecutor(threads) as pool:
    for future in [pool.submit(use) for _ in range(threads)]:
        print(future.result())
