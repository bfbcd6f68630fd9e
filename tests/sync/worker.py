"""A process of test_resume: works on runs until they have ended, or until it is killed."""

import sys
import time
from concurrent.futures import ThreadPoolExecutor

import django

django.setup()

from painelml.sync import tasks  # noqa: E402
from painelml.sync.engine import work  # noqa: E402
from painelml.sync.models import SyncRun  # noqa: E402

tasks.ring_worker = lambda run_id: None


def work_until_done(run_id: int) -> None:
    while SyncRun.objects.active().filter(pk=run_id).exists():
        if not work(run_id, 30):
            time.sleep(0.05)


with ThreadPoolExecutor(8) as pool:
    for future in [pool.submit(work_until_done, int(run_id)) for run_id in sys.argv[1:]]:
        future.result()
