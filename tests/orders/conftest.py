"""Ana and her account."""

from tests.people import account, ana, shop  # noqa: F401
