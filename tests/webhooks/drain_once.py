"""A worker's process for the tests: drains one seller's inbox, again and again until nothing is left.

`python -m tests.webhooks.drain_once <seller id> <lease in seconds>`
"""

import os
import sys
import time
from datetime import timedelta

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "painelml.settings"
django.setup()

from webhooks import drain as draining  # noqa: E402  Django first
from webhooks.models import Notification  # noqa: E402


def main(seller_id: str, lease_s: str) -> None:
    draining.LEASE = timedelta(seconds=float(lease_s))
    while Notification.objects.open().filter(seller_id=seller_id).exists():
        draining.drain(seller_id)
        time.sleep(0.05)


main(*sys.argv[1:])
