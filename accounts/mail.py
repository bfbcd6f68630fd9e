"""Mail to people: plain text, in their language."""

import logging
from smtplib import SMTPException
from typing import Any

from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.utils.translation import override

logger = logging.getLogger(__name__)


def send(name: str, to: str, language: str, context: dict[str, Any]) -> bool:
    """Send `accounts/email/<name>.txt`, whose first line is the subject. Return whether it went out.

    A mail server that does not answer is logged and stops nothing else.
    """
    with override(language or settings.LANGUAGE_CODE):
        text = render_to_string(f"accounts/email/{name}.txt", context)
    subject, _, message = text.strip().partition("\n")
    try:
        send_mail(subject, message.strip() + "\n", None, [to])
    except (OSError, SMTPException) as error:
        logger.warning("Mail %s could not be sent: %s", name, error)
        return False
    return True
