"""What others may listen to."""

from django.dispatch import Signal

account_connected = Signal()
"""Sent after a successful connection with `account`, `user` (or None) and `is_new` (False for a
reconnection). The tokens are committed by then."""
