"""Pages and the API: `granian --interface wsgi painelml.wsgi:application`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "painelml.settings")

application = get_wsgi_application()
