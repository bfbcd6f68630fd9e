"""What a person reads when a variable is wrong, and what the settings make of right ones."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from painelml import env
from painelml.env import WrongSetting, load

ROOT = Path(__file__).resolve().parent.parent
KEYS = {
    "SECRET_KEY": "signs things and is quite long enough",
    "ENCRYPTION_KEY": "0123456789abcdef0123456789abcdef",
}


def start(**variables: str) -> subprocess.CompletedProcess[str]:
    """Start Django in a process of its own, with these variables and no others, and return what it said."""
    empty: dict[str, str] = {}
    env.forget(empty)
    return subprocess.run(
        [
            sys.executable,
            "-c",
            "import django; django.setup(); from django.conf import settings as s\n" + SHOW,
        ],
        cwd=ROOT,
        env={**empty, "DJANGO_SETTINGS_MODULE": "painelml.settings", "PATH": os.environ["PATH"], **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


SHOW = "print(s.SESSION_COOKIE_SECURE, s.SECURE_SSL_REDIRECT, s.SECURE_HSTS_SECONDS, s.MELI_REDIRECT_URI)"


@pytest.mark.parametrize(
    ("name", "value", "mend"),
    [
        ("DATABASE_URL", "mysql://root:hunter2@host/x", "must look like postgres://"),
        ("REDIS_URL", "localhost:6379", "must look like redis://"),
        ("ENCRYPTION_KEY", "short", "at least 32 characters"),
        ("ENCRYPTION_KEY", "0123456789abcdef0123456789abcdef,short", "at least 32 characters"),
        ("ENCRYPTION_KEY", "a" * 64, "keys nobody can guess"),
        ("SECRET_KEY", "short", "at least 32 characters"),
        ("SECRET_KEY", ",,", "at least 32 characters"),
        ("SECRET_KEY", "django-insecure-0123456789abcdef0123456789", "keys nobody can guess"),
        ("SECRET_KEY", "please-change-me-0123456789abcdef0123456789", "keys nobody can guess"),
        ("DEBUG", "maybe", "must be true or false"),
        ("APP_BASE_URL", "painel.example.com", "must be an address without a path"),
        ("APP_BASE_URL", "https://painel.example.com/panel", "must be an address without a path"),
        ("APP_BASE_URL", "https://painel.example.com:port", "has a port that is no number"),
        ("DATABASE_URL", "postgres://u:p@127.0.0.1:99999/x", "has a port that is no number"),
        ("REDIS_URL", "redis://[::1/0", "is not an address"),
        ("TIME_ZONE", "Sao Paulo", "such as America/Sao_Paulo"),
        ("MELI_API_URL", "api.mercadolibre.com", "must be an address without a path"),
        ("MELI_MAX_RPM", "-1", "whole number, 0 or more"),
        ("MELI_WEBHOOK_IPS", "10.0.0.0/8,everyone", "networks separated by commas"),
        ("SIGNUP", "everybody", "one of open, invite, closed"),
        ("LOG_FORMAT", "xml", "one of text, json"),
        ("EMAIL_URL", "mail.example.com", "must look like smtp+tls://"),
    ],
)
def test_a_wrong_value_is_refused_in_one_sentence_that_names_the_variable(
    name: str, value: str, mend: str
) -> None:
    with pytest.raises(WrongSetting) as refused:
        load({name: value})
    said = str(refused.value)
    assert said.startswith(name)
    assert mend in said
    assert said.endswith(".")
    assert "\n" not in said


def test_a_secret_is_never_repeated_in_the_sentence_or_the_repr() -> None:
    with pytest.raises(WrongSetting) as refused:
        load({"DATABASE_URL": "mysql://root:hunter2@host/x"})
    assert "hunter2" not in str(refused.value)
    assert "signs things" not in repr(load(KEYS))


@pytest.mark.parametrize("name", ["SECRET_KEY", "ENCRYPTION_KEY"])
def test_a_missing_key_stops_the_start_without_a_traceback(name: str) -> None:
    said = start(**{**KEYS, name: ""})
    assert said.returncode == 1
    assert said.stderr.startswith(f"painelml: {name} is missing: put {name}=... into .env")
    assert "Traceback" not in said.stderr
    assert said.stderr.count("\n") == 1


def test_one_key_for_both_purposes_stops_the_start() -> None:
    said = start(SECRET_KEY=KEYS["SECRET_KEY"], ENCRYPTION_KEY=KEYS["SECRET_KEY"])
    assert said.returncode == 1
    assert said.stderr.startswith("painelml: ENCRYPTION_KEY must not be the same as SECRET_KEY")


def test_a_wrong_value_stops_the_start_without_a_traceback() -> None:
    said = start(**KEYS, SIGNUP="everybody")
    assert said.returncode == 1
    assert said.stderr == "painelml: SIGNUP must be one of open, invite, closed (it is 'everybody').\n"


def test_what_only_makes_sense_under_tls_follows_the_scheme_of_the_base_address() -> None:
    plain = start(**KEYS, APP_BASE_URL="http://192.168.0.7:8000")
    assert plain.stdout.split() == ["False", "False", "0", "http://192.168.0.7:8000/meli/oauth/callback"]
    secure = start(**KEYS, APP_BASE_URL="https://painel.example.com/")
    assert secure.stdout.split() == [
        "True",
        "True",
        "31536000",
        "https://painel.example.com/meli/oauth/callback",
    ]


def test_an_empty_environment_suits_a_laptop() -> None:
    values = load({})
    assert values.database_url == values.redis_url == ""
    assert values.app_base_url == "http://127.0.0.1:8000"
    assert values.signup == "invite"
    assert values.meli_max_rpm == 1200
    assert values.meli_api_url == "https://api.mercadolibre.com"
    assert values.debug is False


def test_a_secret_can_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(KEYS["ENCRYPTION_KEY"] + "\n")
    assert load({"ENCRYPTION_KEY_FILE": str(file)}).encryption_key == KEYS["ENCRYPTION_KEY"]
    with pytest.raises(WrongSetting, match="ENCRYPTION_KEY_FILE must name a text file"):
        load({"ENCRYPTION_KEY_FILE": str(tmp_path / "absent")})


def test_the_environment_wins_over_dotenv_even_when_it_is_empty(tmp_path: Path) -> None:
    dotenv = tmp_path / ".env"
    dotenv.write_text(
        "# a comment\n\nSIGNUP=open\nexport TIME_ZONE='America/Lima'\nnonsense\n"
        'MELI_CLIENT_ID="123"\nMELI_MAX_RPM=60\n'
    )
    values = load({"SIGNUP": "closed", "MELI_MAX_RPM": ""}, dotenv)
    assert (values.signup, values.time_zone, values.meli_client_id) == ("closed", "America/Lima", "123")
    assert values.meli_max_rpm == 1200


def test_a_mail_server_is_read_from_one_address() -> None:
    mail = load(
        {"EMAIL_URL": "smtp+tls://ana%40x.example:p%3Aw@mail.x.example?from=painel@x.example"}
    ).email_url
    assert mail is not None
    assert (mail["EMAIL_HOST"], mail["EMAIL_PORT"], mail["EMAIL_USE_TLS"]) == ("mail.x.example", 587, True)
    assert (mail["EMAIL_HOST_USER"], mail["EMAIL_HOST_PASSWORD"]) == ("ana@x.example", "p:w")
    assert mail["DEFAULT_FROM_EMAIL"] == "painel@x.example"


def test_a_kept_secret_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    file = tmp_path / "demo" / "secret_key"
    made = env.kept_secret(file)
    assert len(made) >= 32
    assert env.kept_secret(file) == made
    assert file.stat().st_mode & 0o077 == 0


def test_the_readme_lists_every_variable_as_env_py_has_it() -> None:
    assert env.table() in (ROOT / "README.md").read_text(encoding="utf-8")
