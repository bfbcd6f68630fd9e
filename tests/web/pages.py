"""What tests read off a page."""

import re
from html import unescape
from typing import Any

from django.test import Client


def text_of(response: Any) -> str:
    """Return a page's words as a person reads them, in one line; without what a word means, which opens."""
    html = re.sub(r"<(script|style|template|head).*?</\1>", " ", response.content.decode(), flags=re.DOTALL)
    html = re.sub(r'<span class="help">.*?</span></span>', " ", html, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).replace("\u00a0", " ").split())


def swap(client: Client, address: str, target: str) -> Any:
    """Ask as htmx does for the part of a page that replaces `target`."""
    return client.get(address, headers={"HX-Request": "true", "HX-Target": target})
