"""What can be asked for. Each module registers its endpoints in `http.route`; everything else answers 404."""

from importlib import import_module

MODULES = (
    "authorization",
    "control",
    "feeds",
    "items",
    "orders",
    "pages",
    "questions",
    "shipments",
    "stock",
    "users",
)


def load() -> None:
    """Import every module of endpoints, which registers them."""
    for name in MODULES:
        import_module(f"{__name__}.{name}")
