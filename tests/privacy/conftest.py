"""Two shops side by side, every model with a row, and Mercado Livre's stand-in: as the sweep has them."""

from tests.sweep.conftest import (  # noqa: F401
    _english,
    _quiet_bell,
    _quiet_log,
    _unhurried,
    box,
    ours,
    shared_box,
    theirs,
)
