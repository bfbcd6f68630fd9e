"""Ana and her account."""

from tests.people import account, ana, carla, other_account, shop  # noqa: F401
