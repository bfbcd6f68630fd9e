"""`/api/sync` (contract section 3.4)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from django import forms
from django.http import QueryDict
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Account, AccountStatus
from painelml.audit import trail
from painelml.web.api import AccountForm, ApiViewSet, Conflict, Instant, Word
from painelml.web.filters import ChoiceFilter
from painelml.web.once import acts_once

from . import actions, queries
from .models import RunKind, RunStatus, SyncRun

SCOPES = [(scope, scope) for scope in ("all", *actions.SCOPES)]
KINDS = (RunKind.BACKFILL, RunKind.INCREMENTAL, RunKind.MANUAL)
DAYS_MAX = 3650


class BackfillForm(AccountForm):
    days = forms.IntegerField(
        label=gettext_lazy("How many days back"), min_value=1, max_value=DAYS_MAX, required=False
    )


class StartForm(BackfillForm):
    scope = ChoiceFilter(SCOPES, label=gettext_lazy("What to read"))


class RunSerializer(serializers.Serializer):
    """A run with how far it is (`queries.RunProgress`)."""

    id = serializers.IntegerField(source="run.id")
    account_id = serializers.IntegerField(source="run.account_id")
    scope = serializers.ChoiceField(actions.SCOPES, source="run.scope")
    kind = serializers.ChoiceField(KINDS, source="run.public_kind")
    status = serializers.ChoiceField(RunStatus.values, source="run.status")
    total = serializers.IntegerField(source="run.total", allow_null=True)
    done = serializers.IntegerField(source="run.done")
    failed = serializers.IntegerField(source="run.failed")
    api_calls = serializers.IntegerField(source="run.api_calls")
    started_at = Instant(source="run.started_at", allow_null=True)
    finished_at = Instant(source="run.finished_at", allow_null=True)
    eta_seconds = serializers.IntegerField(allow_null=True)
    error = Word(source="run.error")


class RunsSerializer(serializers.Serializer):
    runs = RunSerializer(many=True)


class StatusSerializer(RunsSerializer):
    percent = serializers.IntegerField(min_value=0, max_value=100)


class SyncViewSet(ApiViewSet):
    """Starting, watching and stopping runs."""

    query_forms: ClassVar[dict[str, Any]] = {"start": StartForm, "status": AccountForm}

    def parameters(self) -> QueryDict:
        """Return the query parameters; `start` takes them in a JSON body as well."""
        given: QueryDict = self.request.query_params
        if self.action == "start" and self.request.data:
            if not isinstance(self.request.data, dict):
                raise ValidationError(_("The body must be a JSON object."))
            given = given.copy()
            given.update(self.request.data)
        return given

    @extend_schema(request=None, responses={202: RunsSerializer})
    @action(detail=False, methods=["post"])
    @acts_once
    def start(self, request: Request) -> Response:
        """Start reading one account again, or all that work. A run that is under way is returned as it is."""
        return start_runs(request, self.query, self.query.value("scope") or "all")

    @extend_schema(responses=StatusSerializer)
    @action(detail=False)
    def status(self, request: Request) -> Response:
        """Tell how far the latest run of each scope is."""
        runs = queries.latest_runs(self.query.accounts)
        return Response(StatusSerializer({"percent": queries.overall_percent(runs), "runs": runs}).data)

    @extend_schema(request=None, responses=RunSerializer)
    @action(detail=False, methods=["post"], url_path=r"runs/(?P<id>\d{1,18})/cancel")
    def cancel(self, request: Request, id: str) -> Response:
        """Stop a run; what it has read stays."""
        organization = request.organization  # type: ignore[attr-defined]
        run = get_object_or_404(SyncRun, pk=id, account__organization=organization)
        if not actions.cancel_run(run):
            raise Conflict(_("This run has ended already."))
        return Response(RunSerializer(progress_of(run, queries.latest_runs([run.account]))).data)


def start_runs(request: Request, form: Any, scope: str) -> Response:
    """Start reading `scope` of the form's account, or of all that work, and answer with the runs."""
    accounts = form.accounts
    if form.value("account_id"):
        refuse_resting(accounts[0])
    started = {
        run.pk
        for account in accounts
        if account.sync_enabled
        for run in actions.start_sync(
            account,
            scope,
            days=form.value("days"),
            requested_by=request.user,  # type: ignore[arg-type]
        )
    }
    if not started:
        trail.came_to_nothing()
    runs = [progress for progress in queries.latest_runs(accounts) if progress.run.pk in started]
    return Response(RunsSerializer({"runs": runs}).data, 202)


def refuse_resting(account: Account) -> None:
    """Raise Conflict, with what to do, for an account that nothing is read from."""
    if account.status == AccountStatus.PAUSED:
        raise Conflict(_("This account is paused. Resume it first."))
    if account.status == AccountStatus.EXPIRED:
        raise Conflict(_("Mercado Livre no longer accepts this account's login. Connect it again first."))


def progress_of(run: SyncRun, runs: Iterable[queries.RunProgress]) -> queries.RunProgress:
    return next(progress for progress in runs if progress.run.pk == run.pk)
