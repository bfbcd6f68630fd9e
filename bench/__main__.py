"""`python -m bench [NAME ...]`: measure, print a table, keep it as JSON under var/bench."""

from __future__ import annotations

import argparse
import importlib
import sys
import time
import traceback

from . import place, results

BENCHES = {
    "acknowledgement": "how fast POST /meli/webhooks answers, beside the barest Django view",
    "starting": "how soon web server and worker are there, the first page, and memory",
    "draining": "how fast stored events are applied, and what that costs in calls",
    "scaling": "how fast one, two and four workers apply the events of many sellers",
    "backfill": "how fast a seller's past is mirrored, beside COPY of the same rows",
    "exports": "how fast a list becomes a file, and what memory that takes",
    "pages": "how fast pages and API answer from 1,000 to 1,000,000 orders, and their queries",
    "sizing": "what 1, 100 and 10,000 sellers need, from what the others measured",
}


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description=__doc__,
        epilog="\n".join(f"{name:16}{words}" for name, words in BENCHES.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="which ones; all when none is named")
    parser.add_argument(
        "--orders", type=int, nargs="+", default=[1_000, 100_000, 1_000_000], help="sizes of the data sets"
    )
    parser.add_argument("--only", default="", metavar="WORD", help="of pages: those with it in their name")
    parser.add_argument("--rounds", type=int, default=3, help="of which the median counts")
    parser.add_argument(
        "--postgres", default="postgres://postgres@127.0.0.1:5432", help="the server, no database"
    )
    parser.add_argument(
        "--redis", default="redis://127.0.0.1:6379/9", help="with the number, which is emptied"
    )
    asked = parser.parse_args()
    if unknown := set(asked.names) - set(BENCHES):
        parser.error(f"There is no benchmark {', '.join(sorted(unknown))}.")
    place.settle(asked.postgres, asked.redis)
    place.drop_left_behind()
    failed = []
    for name in asked.names or BENCHES:
        module = importlib.import_module(f"bench.{name}")
        print(f"\n{name}: {BENCHES[name]}\n\n{module.__doc__}", flush=True)
        told = results.machine()
        began = time.perf_counter()
        try:
            lines = module.measure(asked)
        except Exception:
            # The others are worth having all the same.
            traceback.print_exc()
            failed.append(name)
            continue
        told["seconds"] = f"{time.perf_counter() - began:.0f}"
        print(results.table(lines))
        kept = results.keep(place.FOLDER, name, told, lines).relative_to(place.ROOT)
        print(f"{kept}, after {told['seconds']} s", flush=True)
    if failed:
        sys.exit(f"Not measured: {', '.join(failed)}")


if __name__ == "__main__":
    main()
