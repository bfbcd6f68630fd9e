"""Pages and the API: `granian --interface wsgi painelml.wsgi:application`."""

import gc
import os

from django.core.wsgi import get_wsgi_application
from django.urls import resolve

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "painelml.settings")

application = get_wsgi_application()

# All code is loaded now, and no more looked through for garbage: going through everything Django is made of
# stops all threads for 150 ms, and came a few times in a hundred pages.
resolve("/")
gc.collect()
gc.freeze()
