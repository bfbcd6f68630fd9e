"""A process of test_memory and test_killed: `stream FORMAT` reads a whole export as a web server sends it,
`make` makes files as a worker does. Prints what memory that took, in MiB.
"""

import json
import sys
import time
from pathlib import Path

import django

django.setup()

from django.http import QueryDict  # noqa: E402

from accounts.models import Organization  # noqa: E402
from painelml.exports import tasks  # noqa: E402
from painelml.exports.listings import LISTINGS  # noqa: E402
from painelml.exports.making import make_next  # noqa: E402
from painelml.web.exports import Export, pieces_of  # noqa: E402

tasks.ring = lambda: None


def peak() -> float:
    """Return the most memory this program ever held; `getrusage` would begin with what its parent held."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def stream(file_format: str) -> dict[str, float]:
    listing, shop = LISTINGS["orders"], Organization.objects.get(accounts__isnull=False)
    export = Export(listing, shop, listing.form(QueryDict(), organization=shop), file_format)
    size = sum(len(piece) for piece in pieces_of(export))
    return {"rows": export.done, "size": size}


def make() -> dict[str, float]:
    return {"files": sum(1 for _ in iter(make_next, False))}


before, began = peak(), time.monotonic()
told = make() if sys.argv[1] == "make" else stream(sys.argv[2])
print(json.dumps({**told, "grown": peak() - before, "seconds": time.monotonic() - began}))
