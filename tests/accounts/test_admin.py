"""The administrator's pages about accounts."""

from datetime import timedelta

import pytest
from django.test import Client

from accounts.models import Account, User
from questions.models import Question
from tests.factories import make_question


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("tasks_run_at_once")
def test_a_target_changed_there_measures_every_question_again(
    client: Client, ana: User, account: Account
) -> None:
    ana.is_staff = ana.is_superuser = True
    ana.save()
    client.force_login(ana)
    question = make_question(account, due_at=None)
    form = {"account_name": "", "sync_interval_seconds": 300, "sla_target_minutes": 90}
    page = client.get(f"/admin/accounts/account/{account.pk}/change/")
    shown = page.context["adminform"].form.fields
    sent = {name: form.get(name, field.initial) or "" for name, field in shown.items()}
    answer = client.post(f"/admin/accounts/account/{account.pk}/change/", sent)
    assert answer.status_code == 302
    account.refresh_from_db()
    assert account.sla_target_minutes == 90
    assert Question.objects.get().due_at == question.date_created + timedelta(minutes=90)
