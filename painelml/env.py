"""The environment, read once: every variable with its type, its default and one line of meaning.

A value comes from the process environment, from the file that NAME_FILE points to, or from `.env`, in that
order. An empty value is the same as none, and hides what `.env` says. The README's table of variables is made
from this page (`make variables`).
"""

import secrets
import sys
from collections.abc import Callable, Mapping, MutableMapping
from contextlib import suppress
from dataclasses import dataclass, field, fields
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit
from zoneinfo import ZoneInfo

Network = IPv4Network | IPv6Network


class WrongSetting(Exception):
    """A variable is wrong or missing; the message is one sentence that names it and says how to mend it."""


def text(value: str) -> str:
    return value


def flag(value: str) -> bool:
    words = {
        "true": True,
        "1": True,
        "yes": True,
        "on": True,
        "false": False,
        "0": False,
        "no": False,
        "off": False,
    }
    if value.lower() not in words:
        raise ValueError("must be true or false")
    return words[value.lower()]


def words(value: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in value.split(",") if word.strip())


def count(value: str) -> int:
    if not value.isdecimal():
        raise ValueError("must be a whole number, 0 or more")
    return int(value)


def days(value: str) -> int:
    if not value.isdecimal() or not 1 <= int(value) <= 3650:
        raise ValueError("must be a number of days, 1 to 3650")
    return int(value)


def audit_days(value: str) -> int:
    if not value.isdecimal() or not 30 <= int(value) <= 36500:
        raise ValueError("must be a number of days, 30 to 36500")
    return int(value)


def buyer_days(value: str) -> int:
    if not value.isdecimal() or (int(value) and not 90 <= int(value) <= 36500):
        raise ValueError("must be a number of days, 90 to 36500, or 0 to keep them")
    return int(value)


def one_of(*choices: str) -> Callable[[str], str]:
    def read(value: str) -> str:
        for choice in choices:
            if value.lower() == choice.lower():
                return choice
        raise ValueError(f"must be one of {', '.join(choices)}")

    return read


def web_address(value: str) -> str:
    """Return scheme, host and port without a slash at the end: `https://api.mercadolibre.com`."""
    parts = split(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/") or parts.query:
        raise ValueError("must be an address without a path, such as https://painel.example.com")
    return value.rstrip("/")


def redirect_address(value: str) -> str:
    parts = split(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("must be a full address, such as https://painel.example.com/meli/oauth/callback")
    return value


def database_address(value: str) -> str:
    if split(value).scheme not in ("postgres", "postgresql", "sqlite"):
        raise ValueError("must look like postgres://user:password@host:5432/name, or be empty for SQLite")
    return value


def redis_address(value: str) -> str:
    if split(value).scheme not in ("redis", "rediss", "unix"):
        raise ValueError("must look like redis://host:6379/0, or be empty to work without Redis")
    return value


def email_address_of_server(value: str) -> dict[str, Any]:
    """Return Django's EMAIL_* settings for `smtp://`, `smtp+tls://`, `smtps://` or `console://`."""
    parts = split(value)
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    sender = {"DEFAULT_FROM_EMAIL": query["from"], "SERVER_EMAIL": query["from"]} if "from" in query else {}
    if parts.scheme == "console":
        return {"EMAIL_BACKEND": "django.core.mail.backends.console.EmailBackend", **sender}
    if parts.scheme not in ("smtp", "smtp+tls", "smtps") or not parts.hostname:
        raise ValueError("must look like smtp+tls://user:password@host:587?from=painel@example.com")
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": parts.port or {"smtp": 25, "smtp+tls": 587, "smtps": 465}[parts.scheme],
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_TLS": parts.scheme == "smtp+tls",
        "EMAIL_USE_SSL": parts.scheme == "smtps",
        "EMAIL_TIMEOUT": 20,
        **sender,
    }


def networks(value: str) -> tuple[Network, ...]:
    try:
        return tuple(ip_network(word, strict=False) for word in words(value))
    except ValueError:
        raise ValueError("must be networks separated by commas, such as 10.0.0.0/8,203.0.113.7") from None


def zone(value: str) -> str:
    try:
        return ZoneInfo(value).key
    except (KeyError, OSError, ValueError):
        raise ValueError("must be a zone of the tz database, such as America/Sao_Paulo") from None


def origins(value: str) -> tuple[str, ...]:
    """Return addresses as browsers name where a page comes from: `https://loja.example.com`."""
    try:
        return tuple(web_address(word).lower() for word in words(value))
    except ValueError:
        raise ValueError("must be addresses without a path, separated by commas") from None


SAMPLES = ("changeme", "replaceme", "yoursecretkey", "djangoinsecure")
"""What keys that were copied from somewhere say of themselves."""


def strong_keys(value: str) -> str:
    """Return keys separated by commas. Raises ValueError when one of them is short, monotonous or a
    sample."""
    keys = words(value)
    if not keys or any(len(key) < 32 for key in keys):
        raise ValueError("must be keys of at least 32 characters, separated by commas")
    for key in keys:
        letters = "".join(letter for letter in key.lower() if letter.isalnum())
        if len(set(key)) < 8 or any(sample in letters for sample in SAMPLES):
            raise ValueError("must be keys nobody can guess, such as `make keys` prints, no samples")
    return value


def split(value: str) -> SplitResult:
    try:
        parts = urlsplit(value)
    except ValueError:
        raise ValueError("is not an address") from None
    try:
        parts.port  # noqa: B018  a port that is no number is only noticed when asked for
    except ValueError:
        # What stands there may be a part of a password, so it is not repeated.
        raise ValueError("has a port that is no number from 0 to 65535") from None
    return parts


def variable(read: Callable[[str], Any], default: Any, meaning: str, secret: bool = False) -> Any:
    return field(default=default, metadata={"read": read, "meaning": meaning, "secret": secret})


@dataclass(frozen=True, repr=False)
class Env:
    """Every variable, typed. Order is the order of the README's table."""

    database_url: str = variable(
        database_address,
        "",
        "`postgres://user:password@host:5432/name`; empty: SQLite under `var/`",
        secret=True,
    )
    redis_url: str = variable(
        redis_address,
        "",
        "`redis://host:6379/0`: broker, cache, locks, live updates; empty: in-process",
        secret=True,
    )
    secret_key: str = variable(
        strong_keys,
        "",
        "signs sessions and API tokens: at least 32 characters, or several keys separated by commas (the "
        "first signs, all are accepted); required outside `DEBUG`",
        secret=True,
    )
    encryption_key: str = variable(
        strong_keys,
        "",
        "encrypts stored tokens: at least 32 characters, or several keys separated by commas (the first "
        "encrypts, all decrypt); required outside `DEBUG`",
        secret=True,
    )
    debug: bool = variable(
        flag, False, "for developers only: error pages with details, keys made under `var/`"
    )
    allowed_hosts: tuple[str, ...] = variable(
        words,
        (),
        "host names the panel answers to, separated by commas; empty: that of `APP_BASE_URL` and loopback",
    )
    app_base_url: str = variable(
        web_address,
        "http://127.0.0.1:8000",
        "the panel's public address; secure cookies, HSTS and the redirect to https follow its scheme",
    )
    proxy_count: int = variable(
        count, 0, "proxies in front of the panel: how far `X-Forwarded-For` is believed"
    )
    time_zone: str = variable(
        zone, "America/Sao_Paulo", "the zone of days and hours where an account has none"
    )
    meli_client_id: str = variable(text, "", "the Mercado Livre application's id")
    meli_client_secret: str = variable(text, "", "the Mercado Livre application's secret", secret=True)
    meli_redirect_uri: str = variable(
        redirect_address, "", "exactly as registered; empty: `APP_BASE_URL/meli/oauth/callback`"
    )
    meli_api_url: str = variable(web_address, "https://api.mercadolibre.com", "where the API answers")
    meli_auth_url: str = variable(
        web_address, "", "where sellers authorize; empty: the host of the chosen site (MLB by default)"
    )
    meli_max_rpm: int = variable(
        count,
        1200,
        "requests a minute per seller account, over all processes; 0: no limit of ours (429 is still obeyed)",
    )
    meli_webhook_ips: tuple[Network, ...] = variable(
        networks, (), "networks that may send notifications, separated by commas; empty: any"
    )
    meli_webhook_max_rpm: int = variable(
        count,
        0,
        "notifications a minute that are taken about one seller, and ten times as many from one address; "
        "more get 429. Anybody can name a seller, so prefer `MELI_WEBHOOK_IPS`; 0: no limit",
    )
    cors_origins: tuple[str, ...] = variable(
        origins,
        (),
        "origins whose pages may call `/api/` with a token, separated by commas, such as "
        "`https://loja.example.com`; empty: none",
    )
    history_days: int = variable(
        days, 90, "days that sync runs, counted API calls and the errors of accounts are kept"
    )
    audit_days: int = variable(
        audit_days, 730, "days the audit log is kept, at least 30: what people and API keys did"
    )
    buyer_data_days: int = variable(
        buyer_days,
        0,
        "days after which buyers' personal data leaves orders, shipments and questions, at least 90; 0: it "
        "stays until somebody asks (`manage.py erase_buyer`)",
    )
    signup: str = variable(
        one_of("open", "invite", "closed"), "invite", "who may sign up: `open`, `invite` or `closed`"
    )
    log_format: str = variable(one_of("text", "json"), "text", "`text` or `json`")
    log_level: str = variable(
        one_of("DEBUG", "INFO", "WARNING", "ERROR"), "INFO", "`DEBUG`, `INFO`, `WARNING` or `ERROR`"
    )
    sentry_dsn: str = variable(text, "", "reports errors to Sentry; empty: nowhere", secret=True)
    email_url: Mapping[str, Any] | None = variable(
        email_address_of_server,
        None,
        "`smtp+tls://user:password@host:587?from=painel@example.com`; empty: mail is written to the log",
        secret=True,
    )
    metrics_token: str = variable(
        text, "", "`/metrics` wants it as a bearer token; empty: only this machine may read them", secret=True
    )


def load(environ: Mapping[str, str], dotenv: Path | None = None) -> Env:
    """Return the environment as typed values. Raises WrongSetting for the first value that is wrong."""
    kept = read_dotenv(dotenv) if dotenv else {}
    values = {}
    for known in fields(Env):
        name = known.name.upper()
        raw = lookup(name, environ)
        if raw is None:
            raw = lookup(name, kept)
        if raw is None or not raw.strip():
            continue
        try:
            values[known.name] = known.metadata["read"](raw.strip())
        except ValueError as wrong:
            shown = "" if known.metadata["secret"] else f" (it is {raw.strip()!r})"
            raise WrongSetting(f"{name} {wrong}{shown}.") from None
    return Env(**values)


def lookup(name: str, environ: Mapping[str, str]) -> str | None:
    """Return NAME, or what the file named by NAME_FILE holds, or None when neither is there."""
    value, file = environ.get(name), environ.get(f"{name}_FILE")
    if value or not file:
        return value
    try:
        return Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise WrongSetting(f"{name}_FILE must name a text file that can be read (it is {file!r}).") from None


def read_dotenv(path: Path) -> dict[str, str]:
    """Return the NAME=value lines of a `.env` file, without quotes around values and a leading `export`."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError):
        raise WrongSetting(f".env must be a text file that can be read (it is {str(path)!r}).") from None
    values = {}
    for line in lines:
        name, equals, value = line.strip().removeprefix("export ").partition("=")
        if not equals or name.startswith("#"):
            continue
        value = value.strip()
        if len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'":
            value = value[1:-1]
        values[name.strip()] = value
    return values


def forget(environ: MutableMapping[str, str]) -> None:
    """Empty every variable, so that neither the shell nor `.env` decides what follows."""
    for known in fields(Env):
        environ[known.name.upper()] = ""
        environ.pop(f"{known.name.upper()}_FILE", None)


def kept_secret(file: Path) -> str:
    """Return the secret in the file, which only its owner can read; it is made when it is not there."""
    if not file.exists():
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe(48), encoding="utf-8")
    return file.read_text(encoding="utf-8")


def keep_private(file: Path) -> None:
    """Let only its owner read the database in the file and what SQLite puts beside it; an empty one is made
    when it is not there, as SQLite would leave it open to all."""
    file.touch(mode=0o600)
    for one in (file, Path(f"{file}-wal"), Path(f"{file}-shm")):
        with suppress(FileNotFoundError, PermissionError):  # it is somebody else's to decide
            one.chmod(0o600)


def table() -> str:
    """Return the README's table of variables."""
    rows = ["| name | meaning | default |", "| --- | --- | --- |"]
    for known in fields(Env):
        default = str(known.default).lower() if isinstance(known.default, bool) else known.default
        shown = "" if default in ("", (), None) else f"`{default}`"
        rows.append(f"| `{known.name.upper()}` | {known.metadata['meaning']} | {shown} |")
    return "\n".join(rows) + "\n"


def write_table(readme: Path) -> None:
    """Replace what stands between the two marks of the README."""
    before, mark, rest = readme.read_text(encoding="utf-8").partition("<!-- variables -->\n")
    _, end, after = rest.partition("<!-- /variables -->")
    readme.write_text(before + mark + table() + end + after, encoding="utf-8")


if __name__ == "__main__":
    write_table(Path(sys.argv[1]))
