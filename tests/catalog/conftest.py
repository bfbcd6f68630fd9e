"""Ana, her account, and Carla's."""

from tests.people import account, ana, carla, other_account, shop  # noqa: F401
