"""What others may listen to."""

from django.dispatch import Signal

account_connected = Signal()
"""Sent after a successful connection with `account`, `user` (or None) and `is_new` (False for a
reconnection). The tokens are committed by then."""

account_disconnected = Signal()
"""Sent with `seller_id` and `organization_id` once an account is nobody's any more: what is kept by the
seller's id has to go, and what the organization keeps that was made of its rows."""
