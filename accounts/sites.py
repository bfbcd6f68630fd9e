"""The countries of Mercado Livre: currency and the time zone their sellers live in (API facts, part A section
2.6)."""

from typing import NamedTuple


class Site(NamedTuple):
    name: str
    currency_id: str
    time_zone: str


SITES = {
    "MLB": Site("Brasil", "BRL", "America/Sao_Paulo"),
    "MLA": Site("Argentina", "ARS", "America/Argentina/Buenos_Aires"),
    "MLM": Site("México", "MXN", "America/Mexico_City"),
    "MLC": Site("Chile", "CLP", "America/Santiago"),
    "MCO": Site("Colombia", "COP", "America/Bogota"),
    "MLU": Site("Uruguay", "UYU", "America/Montevideo"),
    "MPE": Site("Perú", "PEN", "America/Lima"),
    "MLV": Site("Venezuela", "USD", "America/Caracas"),
    "MEC": Site("Ecuador", "USD", "America/Guayaquil"),
    "MBO": Site("Bolivia", "BOB", "America/La_Paz"),
    "MPY": Site("Paraguay", "PYG", "America/Asuncion"),
    "MPA": Site("Panamá", "PAB", "America/Panama"),
    "MRD": Site("República Dominicana", "DOP", "America/Santo_Domingo"),
    "MCR": Site("Costa Rica", "CRC", "America/Costa_Rica"),
    "MGT": Site("Guatemala", "GTQ", "America/Guatemala"),
    "MHN": Site("Honduras", "HNL", "America/Tegucigalpa"),
    "MNI": Site("Nicaragua", "NIO", "America/Managua"),
    "MSV": Site("El Salvador", "USD", "America/El_Salvador"),
}

WHOLE = {"CLP", "COP", "PYG", "HNL", "NIO"}
"""Currencies whose prices Mercado Livre writes without decimals."""


def decimals_of(currency_id: str) -> int:
    return 0 if currency_id in WHOLE else 2
