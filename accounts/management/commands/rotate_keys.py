"""`manage.py rotate_keys`: after a new first key in ENCRYPTION_KEY, before the old one is taken away."""

from __future__ import annotations

from collections import Counter
from typing import Any

from allauth.mfa.models import Authenticator
from django.apps import apps
from django.core.management.base import BaseCommand, CommandError
from django.db.models import Model

from accounts.adapter import SECOND_FACTOR
from painelml.crypto import CryptoError, keyring
from painelml.fields import encrypted_fields, rotated

EVERY = 100
"""Rows between two lines of progress."""


class Command(BaseCommand):
    help = (
        "Re-encrypts every stored secret with the first key of ENCRYPTION_KEY. Safe to repeat and to "
        "interrupt: each secret is written by itself, and what was done stays done."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        counts: Counter[str] = Counter()
        for model in apps.get_models():
            if encrypted_fields(model):
                self.rotate_model(model, counts)
        self.rotate_second_factors(counts)
        self.stdout.write(
            f"{counts['rotated']} secrets re-encrypted, {counts['current']} already under the first key, "
            f"{counts['changed']} changed meanwhile, {counts['unreadable']} unreadable."
        )
        if counts["unreadable"]:
            raise CommandError("Some secrets could not be read; keep the old keys and see the lines above.")

    def rotate_model(self, model: type[Model], counts: Counter[str]) -> None:
        rows = model._default_manager.order_by("pk")
        total = rows.count()
        for number, row in enumerate(rows.iterator(chunk_size=EVERY), start=1):
            for name in encrypted_fields(model):
                counts[self.rotate_field(row, name)] += 1
            if number % EVERY == 0 or number == total:
                self.stdout.write(f"{model._meta.label}: {number} of {total}")

    def rotate_field(self, row: Model, name: str) -> str:
        """Return what happened. A secret that was replaced meanwhile is under the first key already."""
        held = getattr(row, f"{name}_sealed")
        if not held:
            return "empty"
        try:
            fresh = rotated(row, name)
        except CryptoError as error:
            self.stderr.write(f"{row._meta.label} {row.pk}, {name}: {error}")
            return "unreadable"
        if fresh is None:
            return "current"
        same = type(row)._default_manager.filter(pk=row.pk, **{name: held})
        return "rotated" if same.update(**{name: fresh}) else "changed"

    def rotate_second_factors(self, counts: Counter[str]) -> None:
        """The secrets of two-factor logins lie in JSON, some of them in lists."""
        for row in Authenticator.objects.order_by("pk"):
            try:
                fresh = {name: self.rotate_value(value, counts) for name, value in row.data.items()}
            except CryptoError as error:
                self.stderr.write(f"{row._meta.label} {row.pk}: {error}")
                counts["unreadable"] += 1
                continue
            if fresh != row.data:
                Authenticator.objects.filter(pk=row.pk, data=row.data).update(data=fresh)

    def rotate_value(self, value: Any, counts: Counter[str]) -> Any:
        if isinstance(value, list):
            return [self.rotate_value(one, counts) for one in value]
        if not isinstance(value, str) or not value.startswith("v1:"):
            return value
        if not keyring().needs_rotation(value):
            counts["current"] += 1
            return value
        counts["rotated"] += 1
        return keyring().rotate(value, SECOND_FACTOR)
