"""What pages ask about files made in the background."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q
from django.utils import timezone

from accounts.models import Organization, User

from .listings import LISTINGS
from .models import ACTIVE, ExportFile, ExportFileQuerySet

NEWS = timedelta(days=1)
"""How long a page tells of a file that nobody has taken."""
TRAY_MAX = 5


def files_for_listing(
    organization: Organization, user: User | AnonymousUser, *, sees_people: bool
) -> ExportFileQuerySet:
    """Return the organization's files, newest first, with who asked for them. Whoever is not told who buyers
    are gets the files of others only where those say nothing of buyers."""
    files: ExportFileQuerySet = ExportFile.objects.of(organization).select_related("user").order_by("-pk")
    if sees_people:
        return files
    telling = [name for name, listing in LISTINGS.items() if listing.tells_people]
    return files.filter(Q(user=user.pk) | ~Q(listing__in=telling))


def files_to_tell(organization: Organization, user: User) -> list[ExportFile]:
    """Return the person's files that are being made, or have ended and were not seen yet. One query."""
    news = Q(state__in=ACTIVE) | Q(seen_at=None, finished_at__gt=timezone.now() - NEWS)
    return list(ExportFile.objects.of(organization).filter(news, user=user).order_by("-pk")[:TRAY_MAX])
