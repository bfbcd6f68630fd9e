"""Live updates: `uvicorn painelml.asgi:application`. Pages stay on WSGI, which is faster."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "painelml.settings")

application = get_asgi_application()
