"""A stand-in for Mercado Livre, as strict as the real one and with its traps. Imports nothing else of ours.

with Sandbox(port=0, seed=1, orders=200) as box:
    requests.get(f"{box.url}/users/me", headers=box.bearer())
"""

from .drills import Drills
from .oauth import Application
from .sandbox import Sandbox
from .world import World

__all__ = ["Application", "Drills", "Sandbox", "World"]
