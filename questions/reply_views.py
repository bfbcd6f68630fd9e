"""The pages about quick replies: everybody reads them, managers write them."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import MemberRequest, has_role, role_required
from accounts.models import Role
from painelml.web.context import redirect_kept

from . import actions, queries
from .forms import ANSWER_MAX, QuickReplyForm
from .models import QuickReply
from .placeholders import PLACEHOLDERS, Filled, fill, unknown_in


@role_required(Role.VIEWER)
@require_GET
def reply_list(request: MemberRequest) -> HttpResponse:
    context = {
        "replies": request.organization.quick_replies.all(),
        "placeholders": PLACEHOLDERS.values(),
        "can_manage": has_role(request, Role.MANAGER),
    }
    return TemplateResponse(request, "questions/reply_list.html", context)


@role_required(Role.MANAGER)
@require_http_methods(["GET", "POST"])
def add_reply(request: MemberRequest) -> HttpResponse:
    return edit(request, QuickReply(organization=request.organization))


@role_required(Role.MANAGER)
@require_http_methods(["GET", "POST"])
def edit_reply(request: MemberRequest, pk: int) -> HttpResponse:
    return edit(request, get_object_or_404(request.organization.quick_replies, pk=pk))


def edit(request: MemberRequest, reply: QuickReply) -> HttpResponse:
    """Draw the form of a quick reply, or store what was typed."""
    form = QuickReplyForm(request.POST or None, instance=reply)
    if request.method == "POST" and form.is_valid():
        actions.keep_quick_reply(form.instance)
        messages.success(request, _("%(reply)s is saved.") % {"reply": form.instance})
        return redirect_kept(request, "questions:replies")
    context = {
        "form": form,
        "reply": reply,
        "placeholders": PLACEHOLDERS.values(),
        **preview(request, str(form["text"].value() or "")),
    }
    return TemplateResponse(request, "questions/reply_edit.html", context, status=422 if form.errors else 200)


@role_required(Role.MANAGER)
@require_POST
def preview_reply(request: MemberRequest) -> HttpResponse:
    """Show how a text reads once its placeholders are filled, as it is typed."""
    context = preview(request, request.POST.get("text", "")[: 2 * ANSWER_MAX])
    return TemplateResponse(request, "questions/_reply_preview.html", context)


def preview(request: MemberRequest, text: str) -> dict[str, object]:
    """Fill a text for the newest question of the organization; without one its placeholders stand."""
    question = queries.newest_question(request.organization)
    text = text.replace("\r\n", "\n")
    filled = fill(text, queries.values_for(question)) if question else Filled(text, [])
    return {
        "filled": filled,
        "unknown": [f"{{{name}}}" for name in unknown_in(text)],
        "length": len(filled.text),
        "longest": ANSWER_MAX,
    }


@role_required(Role.MANAGER)
@require_POST
def delete_reply(request: MemberRequest, pk: int) -> HttpResponse:
    reply = get_object_or_404(request.organization.quick_replies, pk=pk)
    actions.delete_quick_reply(reply)
    messages.success(request, _("%(reply)s is deleted.") % {"reply": reply})
    return redirect_kept(request, "questions:replies")
