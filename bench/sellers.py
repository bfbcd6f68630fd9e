"""Accounts of a data set, working with a sandbox of a benchmark."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from accounts.models import Account
from painelml.sandbox import Sandbox

from . import data


def grant(account: Account, box: Sandbox) -> None:
    """Let an account of the set work with another sandbox, which has the same seller."""
    data.connect_to(box)
    tokens = box.grant(int(account.meli_user_id))
    account.api_host = box.url
    account.access_token, account.refresh_token = tokens["access_token"], tokens["refresh_token"]
    account.token_expires_at = timezone.now() + timedelta(hours=6)
    account.save()
