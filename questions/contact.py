"""What in an answer looks like contact data or payment elsewhere, which Mercado Livre removes.

Pure, and a guess: there are no published rules (part B, 4.7). So it warns and never decides.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    EMAIL = "email"
    LINK = "link"
    PHONE = "phone"
    NETWORK = "network"
    PAYMENT = "payment"


class Finding(NamedTuple):
    """A passage of the text and what it looks like."""

    kind: Kind
    passage: str


OWN_PAGES = re.compile(
    r"(?:https?://)?(?:[\w-]+\.)*(?:mercadoli[vb]re|mercadopago|mercadoshops|mlstatic)\.com(?:\.[a-z]{2})?\b\S*",
    re.IGNORECASE,
)
"""Links that may be sent: they lead to Mercado Livre."""

PATTERNS = {
    Kind.EMAIL: r"""
          \b[\w.+-]+\s?@\s?[\w-]+\.\w+
        | \b[\w.+-]+\s*(?:\(|\[)?\s*(?:arroba|at)\s*(?:\)|\])?\s*(?:gmail|hotmail|outlook|yahoo)\b
        | \b(?:gmail|hotmail)\b
    """,
    Kind.LINK: r"""
          https?://\S+
        | \bwww\.\S+
        | \b(?:wa|t)\.me\b\S*
        | \b(?:bit|ow)\.ly\b\S*
        | \b[\w-]{2,}\.(?:com|net|org|shop|store|site)(?:\.[a-z]{2})?\b(?:/\S*)?
        | \b[\w-]{2,}\.(?:br|cl|uy|pe)\b
        | \b(?:ponto|punto)\s+com\b
    """,
    Kind.NETWORK: r"""
          \bwhats?(?:\s?app)?\b | \bwh?ats[au]p+\b | \b(?:wpp|wapp|wsp|zap(?:zap)?|wasap|guasap)\b
        | \b(?:telegram|instagram|insta|facebook|tik\s?tok|messenger)\b
        | (?<![\w@.])@[a-z][\w.]{3,}
    """,
    Kind.PAYMENT: r"""
          \bchave\s+(?:do\s+)?pix\b | \bpix\s+(?:direto|por\s+fora)\b
        | \b(?:dep[oó]sito|transfer[eê]ncia|transferencia)\s+banc[aá]ria?o?\b
        | \b(?:por\s+fora|por\s+fuera)\b
        | \bfora\s+do\s+(?:mercado\s*livre|ml|site)\b
        | \bfuera\s+de\s+(?:mercado\s*libre|ml|la\s+plataforma)\b
    """,
}
FINDERS = {kind: re.compile(pattern, re.IGNORECASE | re.VERBOSE) for kind, pattern in PATTERNS.items()}

NOT_A_PHONE = re.compile(
    r"""
      \b\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}\b                           # a day: 20/11/2026
    | \b(?:19|20)\d\d\s?[-/a]\s?(?:19|20)\d\d\b                     # years: 2019-2024
    | \b\d{5}-\d{3}\b                                               # a CEP: 01310-100
    | \b\d{3}\.\d{3}\.\d{3}-\d{2}\b | \b\d{2}\.\d{3}\.\d{3}/\d{4}-\d{2}\b   # CPF, CNPJ
    | (?:R\$|US\$|\$)\s?[\d.,]+                                     # money: R$ 1.299,90
    | \b\d{1,3}(?:\.\d{3})+(?:,\d+)?\b | \b\d+,\d+\b                # numbers: 1.250.000 or 12,5
    | \b\d+(?:[.,]\d+)?\s?(?:[x×*]\s?\d+(?:[.,]\d+)?\s?)+           # sizes: 120 x 80 x 45
    | \b\d+\s?(?:v|volts?|w|watts?|hz|mah|ml|l|kg|g|mg|cm|mm|m|km|h|hs)\b          # measures
    | \b\d+\s?(?:anos?|años?|dias?|días?|meses|unidades|un|pe[cç]as|pzas?|piezas)\b
    | \b\d{2,3}\s?[/-]\s?\d{2,3}(?!\d|[\s.-]?\d{3})                 # pairs: 110/220, 38-40
    | \b\d{12,}\b                                                   # bar codes, orders and parcels
    """,
    re.IGNORECASE | re.VERBOSE,
)
DIGITS = re.compile(r"(?<![\w/.,])\+?\(?\d(?:[\s().-]{0,2}\d){6,14}(?!\w)")
SAID_TO_BE_ONE = re.compile(
    r"\b(?:tel(?:efone|[eé]fono)?|fone|cel(?:ular)?|ligue|ligar|llam\w+|fijo|n[uú]mero)\W{0,3}$",
    re.IGNORECASE,
)


def find_contact(text: str) -> list[Finding]:
    """Return what looks forbidden in `text`, in the order of the kinds, each passage once."""
    text = OWN_PAGES.sub(" ", text)
    found = [
        Finding(kind, match.group().strip())
        for kind, finder in FINDERS.items()
        for match in finder.finditer(text)
    ]
    found += [Finding(Kind.PHONE, number) for number in phones(text)]
    order = list(Kind)
    return sorted(dict.fromkeys(found), key=lambda finding: order.index(finding.kind))


def phones(text: str) -> list[str]:
    """Return what reads as a telephone number of our countries: 10 to 13 digits, or 8 in two groups."""
    text = NOT_A_PHONE.sub(lambda match: "~" * len(match.group()), text)
    found = []
    for match in DIGITS.finditer(text):
        written = match.group().rstrip(" .-(")
        digits = sum(letter.isdigit() for letter in written)
        is_international = written.startswith("+") and digits >= 8
        is_said = bool(SAID_TO_BE_ONE.search(text[: match.start()])) and digits >= 7
        is_split = bool(re.fullmatch(r"9?\d{4}[\s.-]\d{4}", written))
        if is_international or is_said or is_split or 10 <= digits <= 13:
            found.append(written)
    return found
