"""What the engine tells the apps that care."""

from django.dispatch import Signal

rows_saved = Signal()
"""Sent after readings were committed, with `resource` (its name), `account` and `ids`, changed or not.

Receivers derive what depends on several resources (an order's share of its shipment's cost). They run after
the commit, so of two workers saving both sides the later one always sees both, and before the step's cursor
moves, so a worker killed in between repeats them.
"""
