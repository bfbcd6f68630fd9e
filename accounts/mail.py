"""Mail to people: plain text in their language, with an HTML form where there is one."""

import logging
from smtplib import SMTPException
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils.translation import override

logger = logging.getLogger(__name__)


def send(
    name: str,
    to: str,
    language: str,
    context: dict[str, Any],
    *,
    html: bool = False,
    headers: dict[str, str] | None = None,
) -> bool:
    """Send `accounts/email/<name>.txt`, whose first line is the subject, and with `html` its `<name>.html`
    beside it. Return whether it went out.

    A mail server that does not answer is logged and stops nothing else.
    """
    with override(language or settings.LANGUAGE_CODE):
        text = render_to_string(f"accounts/email/{name}.txt", context)
        rich = render_to_string(f"accounts/email/{name}.html", context) if html else ""
    subject, _, message = text.strip().partition("\n")
    subject = " ".join(subject.split())  # names may hold other ends of a line, which no header may
    mail = EmailMultiAlternatives(subject, message.strip() + "\n", None, [to], headers=headers)
    if rich:
        mail.attach_alternative(rich, "text/html")
    try:
        mail.send()
    except (OSError, SMTPException) as error:
        logger.warning("Mail %s could not be sent: %s", name, error)
        return False
    return True
