"""What can be asked for. Each module registers its endpoints in `http.route`; everything else answers 404."""


def load() -> None:
    """Import every module of endpoints, which registers them."""
    from . import authorization, control, feeds, items, orders, questions, shipments, stock, users  # noqa:

    F401
