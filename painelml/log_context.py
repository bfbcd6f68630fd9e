"""What every log line of a job says of it: task, run, account, seller, and the request that asked for it.

Lines of a request carry its id (`painelml.audit.middleware`). A task published while a request is answered
takes that id along, so what a click led to is found with one word. Every task says so when it ends.
"""

from __future__ import annotations

import inspect
import time
from functools import cache
from typing import Any

import structlog
from celery import Task
from celery.signals import before_task_publish, task_postrun, task_prerun
from structlog.contextvars import bind_contextvars, clear_contextvars, get_contextvars, reset_contextvars

log = structlog.get_logger("painelml.tasks")

TOLD = {
    "run_id": "run",
    "account_pk": "account",
    "account_id": "account",
    "seller_id": "seller",
    "change_id": "change",
}
"""Arguments of tasks that are ids, and what lines call them."""
HEADER = "painelml_request_id"


@before_task_publish.connect
def pass_on(headers: dict[str, Any] | None = None, **_: object) -> None:
    request_id = get_contextvars().get("request_id")
    if request_id and headers is not None:
        headers[HEADER] = request_id


@task_prerun.connect
def begin(task: Task, task_id: str, args: Any, kwargs: Any, **_: object) -> None:
    known = {"task": task.name, "task_id": task_id}
    if request_id := getattr(task.request, HEADER, None):
        known["request_id"] = request_id
    given = {**dict(zip(names_of(task.run), args, strict=False)), **kwargs}
    known |= {TOLD[name]: value for name, value in given.items() if name in TOLD}
    task.request.bound_for_log = bind_contextvars(**known)
    task.request.began_for_log = time.perf_counter()


@task_postrun.connect
def end(task: Task, state: str = "", **_: object) -> None:
    if task.request.is_eager:  # in the middle of whatever called it
        reset_contextvars(**getattr(task.request, "bound_for_log", {}))
    else:
        seconds = time.perf_counter() - getattr(task.request, "began_for_log", time.perf_counter())
        log.info("task_ended", state=state, ms=round(seconds * 1000))
        clear_contextvars()


@cache
def names_of(function: Any) -> list[str]:
    return list(inspect.signature(function).parameters)
