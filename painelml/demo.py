"""What `manage.py demo` adds to `serve`: a world of its own, a sandbox of Mercado Livre, Ana and two sellers.

Its database and keys live under var/demo and every variable of a real panel is put aside, so demo data and a
real account never meet.
"""

import ctypes
import json
import signal
import socket
import subprocess
import sys
import threading
import time
from argparse import ArgumentError, ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, HTTPRedirectHandler, Request, build_opener, urlopen

from painelml import env
from painelml.sandbox.words import SHOPS

BASE_DIR = Path(__file__).resolve().parent.parent
FOLDER = BASE_DIR / "var" / "demo"
HOST = "127.0.0.1"
CLIENT_ID = "1122334455667788"
SELLERS = [str(shop[0]) for shop in SHOPS[:2]]
SHOPS_THERE = 4
"""In the sandbox: two are connected by themselves, the others wait for whoever wants to connect one."""
EMAIL = "ana@painel.example"
PASSWORD = "painel-demo"  # noqa: S105  printed at every start; it opens invented data on loopback only
BURST_S = 40
"""How long a start is busier than the rest, so that whoever comes in sees things happen."""


def number(least: int, most: int = 1_000_000) -> Callable[[str], int]:
    def read(value: str) -> int:
        if not value.isdecimal() or not least <= int(value) <= most:
            raise ArgumentTypeError(f"must be a whole number from {least} to {most} (it is {value!r})")
        return int(value)

    return read


def times(value: str) -> float:
    try:
        if 0 <= float(value) <= 100:
            return float(value)
    except ValueError:
        pass
    raise ArgumentTypeError(f"must be a number from 0 to 100 (it is {value!r})")


def add_arguments(parser: ArgumentParser) -> None:
    port = number(1, 65_535)
    parser.add_argument("--port", type=port, default=8000, help="of the panel")
    parser.add_argument("--sandbox-port", type=port, default=8001, help="of the stand-in for Mercado Livre")
    parser.add_argument(
        "--orders", type=number(0), default=1200, help="of the first seller; the second has a quarter"
    )
    parser.add_argument("--items", type=number(1), default=160)
    parser.add_argument("--questions", type=number(0), default=240)
    parser.add_argument(
        "--pace", type=times, default=0.12, help="0.12: a sale a minute or so; 1: ten; 0: nothing happens"
    )
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the demo keeps its data and keys")


def settle(environ: MutableMapping[str, str], arguments: list[str]) -> None:
    """Put the demo's own values into the environment, before the settings are read.

    Ends the program with one sentence when an option cannot be.
    """
    parser = ArgumentParser(add_help=False, exit_on_error=False)
    add_arguments(parser)
    try:
        asked, _ = parser.parse_known_args(arguments)
    except ArgumentError as wrong:
        sys.exit(f"{wrong.argument_name} {wrong.message}.")
    folder: Path = asked.folder.resolve()
    log_level = environ.get("LOG_LEVEL", "")
    env.forget(environ)
    environ.update(
        DATABASE_URL=f"sqlite:///{folder / 'painelml.sqlite3'}",
        SECRET_KEY=env.kept_secret(folder / "secret_key"),
        ENCRYPTION_KEY=env.kept_secret(folder / "encryption_key"),
        APP_BASE_URL=f"http://{HOST}:{asked.port}",
        MELI_API_URL=f"http://{HOST}:{asked.sandbox_port}",
        MELI_AUTH_URL=f"http://{HOST}:{asked.sandbox_port}",
        MELI_CLIENT_ID=CLIENT_ID,
        MELI_CLIENT_SECRET=env.kept_secret(folder / "client_secret"),
        LOG_LEVEL=log_level or "WARNING",
    )


@contextmanager
def running_sandbox(asked: Namespace) -> Iterator[None]:
    """Run the sandbox as a process of its own, which ends with the block, or with this process."""
    from django.conf import settings

    command = [sys.executable, str(BASE_DIR / "manage.py"), "sandbox", "--host", HOST]
    command += ["--port", str(asked.sandbox_port), "--state", str(asked.folder / "sandbox.json")]
    command += [
        "--sellers",
        str(SHOPS_THERE),
        "--orders",
        str(asked.orders),
        "--items",
        str(asked.items),
        "--questions",
        str(asked.questions),
        "--pace",
        str(asked.pace),
    ]
    # One word with its name: a secret may begin with "-", and would be taken for an option.
    command += ["--client-id", settings.MELI_CLIENT_ID, f"--client-secret={settings.MELI_CLIENT_SECRET}"]
    command += ["--redirect-uri", settings.MELI_REDIRECT_URI]
    command += ["--callback", f"{settings.APP_BASE_URL}/meli/webhooks"]
    sandbox = subprocess.Popen(command, stdout=subprocess.DEVNULL, preexec_fn=end_with_parent)  # noqa: S603
    try:
        wait_for_sandbox(sandbox, asked.sandbox_port)
        yield
    finally:
        sandbox.terminate()
        try:
            sandbox.wait(10)
        except subprocess.TimeoutExpired:
            sandbox.kill()


def end_with_parent() -> None:
    if sys.platform == "linux":  # elsewhere a sandbox can outlive a demo that was killed
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)


def wait_for_sandbox(sandbox: subprocess.Popen[bytes], port: int, patience_s: float = 60) -> None:
    give_up_at = time.monotonic() + patience_s
    while time.monotonic() < give_up_at:
        if sandbox.poll() is not None:
            sys.exit("The sandbox did not start; the reason stands above.")
        try:
            socket.create_connection((HOST, port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    sys.exit(f"The sandbox does not answer on port {port}.")


def settle_people() -> None:
    """Make Ana and her organization once."""
    from accounts.models import User

    if User.objects.filter(email=EMAIL).exists():
        return
    ana = User.objects.create_superuser(EMAIL, PASSWORD, first_name="Ana", last_name="Souza")
    ana.organizations.update(name="Loja da Ana")


def follow_sandbox() -> None:
    """Let accounts, pictures and pages follow when the sandbox moved to another port."""
    from django.conf import settings
    from django.db.models import TextField, Value
    from django.db.models.functions import Cast, Replace

    from accounts.models import Account
    from catalog.models import Item
    from painelml.sync.models import PayloadField

    new = settings.MELI_API_URL
    moved = Account.objects.exclude(api_host=new)
    for old in set(moved.values_list("api_host", flat=True)):
        payload = Replace(Cast("payload", TextField()), Value(f"{old}/"), Value(f"{new}/"))
        Item.objects.filter(account__api_host=old).update(
            thumbnail=Replace("thumbnail", Value(f"{old}/"), Value(f"{new}/")),
            permalink=Replace("permalink", Value(f"{old}/"), Value(f"{new}/")),
            payload=Cast(payload, PayloadField()),
        )
    moved.update(api_host=new)


def connect_sellers() -> None:
    """Connect two sellers as Ana would, over HTTP: log in, go to Mercado Livre, agree, come back."""
    from django.conf import settings

    from accounts.models import Account

    missing = [seller for seller in SELLERS if not Account.objects.filter(meli_user_id=seller).exists()]
    if not missing:
        return
    browser = build_opener(HTTPCookieProcessor(cookies := CookieJar()), StayOnFirstRedirect())
    panel = settings.APP_BASE_URL
    browser.open(f"{panel}/login/", timeout=30).close()
    token = next(cookie.value for cookie in cookies if cookie.name == settings.CSRF_COOKIE_NAME)
    form = urlencode({"login": EMAIL, "password": PASSWORD, "csrfmiddlewaretoken": token})
    browser.open(f"{panel}/login/", form.encode(), timeout=30).close()
    for seller in missing:
        with browser.open(f"{panel}/meli/oauth/start", timeout=30) as answer:
            authorization = answer.headers["Location"]
        with browser.open(f"{authorization}&auto={seller}", timeout=30) as answer:
            callback = answer.headers["Location"]
        browser.open(callback, timeout=60).close()


def begin_busily(pace: float, is_over: threading.Event) -> None:
    """Let more happen for a while, then as much as was asked for."""
    set_pace(max(pace, 1))
    if not is_over.wait(BURST_S):
        set_pace(pace)


def set_pace(pace: float) -> None:
    from django.conf import settings

    address = f"{settings.MELI_API_URL}/sandbox/control"
    order = Request(address, json.dumps({"life": pace}).encode(), {"Content-Type": "application/json"})  # noqa: S310
    urlopen(order, timeout=30).close()  # noqa: S310


class StayOnFirstRedirect(HTTPRedirectHandler):
    """Hands a redirect back instead of following it: its address is what we are after."""

    def http_error_302(self, request: Any, answer: Any, *_: Any) -> Any:
        return answer
