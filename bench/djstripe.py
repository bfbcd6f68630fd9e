"""The second reference of the acknowledgement: the webhook endpoint of dj-stripe, from its package.

It keeps the request, checks its signature and makes an event of it, all within the answer; nothing here is
made slower than its documentation has it. `python -m bench.djstripe` makes its tables and its endpoint.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import time
from collections.abc import Iterator
from itertools import count

PATH = "/webhook/7b4b6c3a-31f8-4be0-9f3c-0f2f0e5d3a11/"
KEY = "sk_test_" + "nobody" * 4
SECRET = "whsec_a_secret_for_the_benchmarks"
numbers = count(1)


def configure() -> None:
    import django
    from django.conf import settings
    from psycopg.conninfo import conninfo_to_dict

    address = conninfo_to_dict(os.environ["DATABASE_URL"])
    settings.configure(
        SECRET_KEY="a key that signs nothing",
        ALLOWED_HOSTS=["127.0.0.1"],
        ROOT_URLCONF="djstripe.urls",
        USE_TZ=True,
        INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "djstripe"],
        DJSTRIPE_FOREIGN_KEY_TO_FIELD="id",
        STRIPE_TEST_SECRET_KEY=KEY,
        STRIPE_LIVE_MODE=False,
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.postgresql",
                "NAME": address["dbname"],
                "USER": address["user"],
                "HOST": address["host"],
                "PORT": address["port"],
                "CONN_MAX_AGE": 60,
            }
        },
        LOGGING={"version": 1, "root": {"level": "CRITICAL"}},
    )
    django.setup()
    import stripe

    stripe.api_base = "http://127.0.0.1:1"  # nobody's: it is not asked


def prepare() -> None:
    """Make the tables and the endpoint."""
    from django.core.management import call_command
    from djstripe.models import Account, APIKey, WebhookEndpoint

    call_command("migrate", verbosity=0)
    owner = Account.objects.create(id="acct_bench")
    APIKey.objects.create(secret=KEY, type="secret", livemode=False, djstripe_owner_account=owner)
    WebhookEndpoint.objects.create(
        id="we_bench",
        djstripe_uuid=PATH.split("/")[2],
        secret=SECRET,
        enabled_events=["*"],
        status="enabled",
        url="http://127.0.0.1" + PATH,
        livemode=False,
    )


def events() -> Iterator[bytes]:
    """Yield events of a kind that nothing handles, each with an id of its own."""
    for number in numbers:
        yield json.dumps(
            {
                "id": f"evt_{number}",
                "object": "event",
                "api_version": "2024-06-20",
                "created": 1_795_000_000,
                "livemode": False,
                "pending_webhooks": 1,
                "request": {"id": None, "idempotency_key": None},
                "type": "bench.told",
                "data": {"object": {"id": f"or_{number}", "object": "order"}},
            }
        ).encode()


def signature(body: bytes) -> dict[str, str]:
    """Return the header that says who sent it."""
    now = int(time.time())
    digest = hmac.new(SECRET.encode(), b"%d." % now + body, hashlib.sha256).hexdigest()
    return {"Stripe-Signature": f"t={now},v1={digest}"}


if __name__ == "__main__":
    configure()
    prepare()
