"""dj-stripe's webhook endpoint as a WSGI application."""

from django.core.wsgi import get_wsgi_application

from .djstripe import configure

configure()
application = get_wsgi_application()
