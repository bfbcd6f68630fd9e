"""docker-compose.yml and the Dockerfile: what they promise, and that each command starts as it stands there.

No container is built here. The commands run from a copy of what the image would hold, in an environment that
holds nothing else, and leave that copy as it was.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings

from tests import processes

ROOT = processes.ROOT
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
OURS = ("web", "live", "worker", "beat", "migrate")
KEPT = {"proxy": {"/data", "/config"}, "database": {"/var/lib/postgresql/data"}, "redis": {"/data"}}
PASSWORDS = ("POSTGRES_PASSWORD", "REDIS_PASSWORD")


@pytest.mark.parametrize("name", SERVICES)
def test_no_service_may_do_more_than_it_needs(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service.get("cap_add", []) == (["NET_BIND_SERVICE"] if name == "proxy" else [])
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not {"privileged", "pid", "network_mode", "devices"} & service.keys()
    if name != "proxy":  # which owns its volumes as root, without any of root's powers but the low ports
        assert service["user"] not in ("root", "0")
    written = {volume.split(":")[1] for volume in service.get("volumes", []) if not volume.endswith(":ro")}
    assert written == KEPT.get(name, set())


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_comes_back_is_watched_and_fills_no_disk_with_logs(name: str) -> None:
    service = SERVICES[name]
    assert service["restart"] == ("no" if name == "migrate" else "unless-stopped")
    assert "healthcheck" in service or name == "migrate"
    options = service["logging"]["options"]
    assert options.keys() == {"max-size", "max-file"}


def test_images_are_pinned_and_ours_holds_the_lock_and_nothing_else() -> None:
    foreign = {service["image"] for service in SERVICES.values() if service["image"] != "painelml"}
    bases = set(re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE))
    for image in foreign | bases:
        assert re.search(r":\d+\.\d+", image), image
    assert len(bases) == 1, "what is built is run on the same base"
    installs = re.findall(r"pip install[^\n]*", DOCKERFILE)
    assert len(installs) == 1
    assert "--require-hashes -r requirements.txt" in installs[0]
    # pg_dump refuses a server that is newer than itself.
    (server,) = re.findall(r"postgres:(\d+)", SERVICES["database"]["image"])
    assert f"postgresql-client-{server} " in DOCKERFILE
    last_stage = DOCKERFILE.rsplit("\nFROM ", 1)[1]
    assert re.search(r"^USER 10001$", last_stage, re.MULTILINE)
    assert "--chown" not in last_stage


def test_without_its_passwords_nothing_starts() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    for name in (*PASSWORDS, "APP_BASE_URL"):
        used = re.findall(rf"\$\{{{name}([^}}]*)\}}", text)
        assert used
        assert all(rest.startswith(":?set ") for rest in used), f"{name} has a default"
    example = dict(
        line.split("=", 1) for line in (ROOT / ".env.example").read_text().splitlines() if "=" in line
    )
    secrets = [name for name in example if re.search("KEY|PASSWORD|SECRET", name)]
    assert {*PASSWORDS, "SECRET_KEY", "ENCRYPTION_KEY"} <= set(secrets)
    assert {name: example[name] for name in secrets} == dict.fromkeys(secrets, "")


def test_only_the_proxy_is_reached_from_outside_and_the_data_reaches_nothing() -> None:
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["proxy"]
    assert COMPOSE["networks"]["inside"]["internal"] is True
    for name in ("database", "redis"):
        assert SERVICES[name]["networks"] == ["inside"]
    assert SERVICES["proxy"]["networks"] == ["outside"]
    caddy = (ROOT / "deploy/Caddyfile").read_text()
    assert re.search(r"handle /live \{\s*reverse_proxy live:8001", caddy)
    assert re.search(r"handle \{[^}]*reverse_proxy web:8000", caddy), "webhooks go where pages go"
    assert SERVICES["web"]["environment"]["PROXY_COUNT"] == "1"


def test_the_database_is_brought_up_once_before_anything_of_ours_starts() -> None:
    migrating = [name for name, service in SERVICES.items() if "migrate" in str(service.get("command"))]
    assert migrating == ["migrate"]
    for name in set(OURS) - {"migrate"}:
        assert SERVICES[name]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"
    beats = [name for name, service in SERVICES.items() if "beat" in service.get("command", [])]
    assert beats == ["beat"]
    assert "scale" not in str(COMPOSE)
    assert "deploy" not in SERVICES["beat"]


def test_a_stop_waits_as_long_as_a_call_to_mercado_livre_can_take() -> None:
    from painelml.sync.engine import LEASE

    assert int(SERVICES["worker"]["stop_grace_period"].removesuffix("s")) >= LEASE.total_seconds()


def command_of(name: str) -> list[str]:
    if found := SERVICES[name].get("command"):
        return list(found)
    (found,) = re.findall(r"^CMD (\[.*?\])", DOCKERFILE, re.MULTILINE | re.DOTALL)
    return list(json.loads(found.replace("\\\n", "")))


def content(folder: Path) -> dict[str, tuple[int, int]]:
    """Return every file with its size and the time it was written."""
    return {
        str(path.relative_to(folder)): (path.stat().st_size, path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """What `COPY . .` takes along: the lines of .dockerignore that begin with an exclamation mark."""
    lines = (ROOT / ".dockerignore").read_text().split()
    assert lines[0] == "*"
    folder = tmp_path / "app"
    folder.mkdir()
    left_out = shutil.ignore_patterns("__pycache__", "*.mo")
    for name in (line[1:] for line in lines if line.startswith("!")):
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=left_out)
        else:
            shutil.copy2(ROOT / name, folder / name)
    return folder


@pytest.mark.django_db(transaction=True)
def test_every_command_starts_in_a_folder_it_does_not_write_to(image: Path, tmp_path: Path) -> None:
    bare = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": "/nonexistent",
        "TMPDIR": str(tmp_path),
        "PYTHONDONTWRITEBYTECODE": "1",
        "SECRET_KEY": settings.SECRET_KEY,
        "ENCRYPTION_KEY": settings.ENCRYPTION_KEY,
    }
    build = re.findall(
        r"(?<= )python (-m painelml\.translations|manage\.py collectstatic --noinput)", DOCKERFILE
    )
    assert len(build) == 2
    for step in build:
        subprocess.run([sys.executable, *step.split()], cwd=image, env=bare, check=True, capture_output=True)

    before = content(image)
    environ = {
        **bare,
        "APP_BASE_URL": "https://painel.example.com",
        "DATABASE_URL": processes.database_url(),
        "REDIS_URL": settings.REDIS_URL,
        "PROXY_COUNT": SERVICES["web"]["environment"]["PROXY_COUNT"],
        "LOG_FORMAT": "json",
        "METRICS_TOKEN": "only-for-prometheus",
    }
    ports = {"8000": str(processes.free_port()), "8001": str(processes.free_port())}

    def moved(words: list[str]) -> list[str]:
        """On ports of this test, for this machine only."""
        for port, own in ports.items():
            words = [word.replace(port, own) for word in words]
        return [word.replace("0.0.0.0", "127.0.0.1") for word in words]

    def check(name: str) -> int:
        kind, *test = SERVICES[name]["healthcheck"]["test"]
        assert kind == "CMD"
        return subprocess.run(
            moved(test), cwd=image, env=environ, check=False, capture_output=True
        ).returncode

    @contextmanager
    def started(name: str) -> Iterator[subprocess.Popen[str]]:
        log = (tmp_path / f"{name}.log").open("w")
        with (
            log,
            subprocess.Popen(
                moved(command_of(name)),
                cwd=image,
                env=environ,
                stdout=log,
                stderr=subprocess.STDOUT,
                text=True,
            ) as process,
        ):
            try:
                yield process
            finally:
                process.kill()

    migrate = subprocess.run(command_of("migrate"), cwd=image, env=environ, check=False, capture_output=True)
    assert migrate.returncode == 0, migrate.stderr
    assert check("worker") == check("beat") == 1, "nobody was heard of yet"
    with started("web") as web, started("live") as live, started("worker") as worker, started("beat") as beat:
        running = {"web": web, "live": live, "worker": worker, "beat": beat}

        def ready() -> bool:
            for name, process in running.items():
                assert process.poll() is None, (tmp_path / f"{name}.log").read_text()[-2000:]
            try:
                answer = urllib.request.urlopen(f"http://127.0.0.1:{ports['8000']}/readyz", timeout=5)
            except OSError:
                return False
            return bool(answer.status == 200)

        processes.until(ready, 120)
        assert {name: check(name) for name in running} == dict.fromkeys(running, 0)
        for process in running.values():
            process.terminate()
        ended = {name: process.wait(20) for name, process in running.items()}
    assert ended["worker"] == ended["beat"] == 0
    assert content(image) == before
    for name in running:
        for line in (tmp_path / f"{name}.log").read_text().splitlines():
            if line.startswith("{"):
                assert {"event", "level", "timestamp"} <= json.loads(line).keys()
