"""A process of test_bulk_killed: works on a bulk change until it has ended, or until it is killed."""

import sys
import time

import django

django.setup()

from catalog import tasks  # noqa: E402
from catalog.bulk_work import work  # noqa: E402
from catalog.models import BulkChange  # noqa: E402

tasks.ring_worker = lambda change_id: None

change_id = int(sys.argv[1])
while BulkChange.objects.filter(pk=change_id, finished_at=None).exists():
    if not work(change_id, 30):
        time.sleep(0.05)
