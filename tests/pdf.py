"""What a PDF of ours says, read back from its streams."""

from __future__ import annotations

import base64
import re
import zlib

STREAM = re.compile(rb"stream\r?\n(.*?)\s*endstream", re.DOTALL)
SHOWN = re.compile(rb"\(((?:\\.|[^\\)])*)\) Tj", re.DOTALL)
ESCAPED = re.compile(rb"\\(\d{3}|.)", re.DOTALL)


def lines_of(pdf: bytes) -> list[str]:
    """Return the lines of text, in their order."""
    lines = []
    for stream in STREAM.findall(pdf):
        drawn = zlib.decompress(base64.a85decode(stream.strip().removesuffix(b"~>")))
        lines += [ESCAPED.sub(unescape, text).decode("cp1252") for text in SHOWN.findall(drawn)]
    return lines


def unescape(match: re.Match[bytes]) -> bytes:
    code = match[1]
    return bytes([int(code, 8)]) if code.isdigit() else code
