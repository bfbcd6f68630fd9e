"""Django's settings, top to bottom by subject. What differs between machines comes from painelml/env.py."""

import hashlib
import os
import sys
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from django.utils.translation import gettext_lazy as _
from psycopg.conninfo import conninfo_to_dict

from painelml import env as environment
from painelml.logs import configure as configure_logs
from painelml.logs import sentry_options
from painelml.meli.oauth import AUTH_HOSTS

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"

try:
    env = environment.load(os.environ, BASE_DIR / ".env")
except environment.WrongSetting as wrong:
    sys.exit(f"painelml: {wrong}")


def secret(name: str, value: str) -> str:
    """Return the secret; with DEBUG a missing one is made once and kept under var/."""
    if not value and not env.debug:
        sys.exit(
            f"painelml: {name} is missing: put {name}=... into .env or the environment, for example what "
            "`python3 -c 'import secrets; print(secrets.token_urlsafe(48))'` prints."
        )
    return value or environment.kept_secret(VAR_DIR / name.lower())


def api_token_key(key: str) -> str:
    """Return a key of its own for API tokens, so that one is never a valid signature of anything else."""
    return hashlib.sha256(f"painelml.jwt:{key}".encode()).hexdigest()


# The panel and its keys

DEBUG = env.debug
SECRET_KEY, *SECRET_KEY_FALLBACKS = environment.words(secret("SECRET_KEY", env.secret_key))
ENCRYPTION_KEY = secret("ENCRYPTION_KEY", env.encryption_key)
if {SECRET_KEY, *SECRET_KEY_FALLBACKS}.intersection(environment.words(ENCRYPTION_KEY)):
    sys.exit("painelml: ENCRYPTION_KEY must not be the same as SECRET_KEY: who knows one would know both.")

APP_BASE_URL = env.app_base_url
HAS_TLS = APP_BASE_URL.startswith("https://")
ALLOWED_HOSTS = list(env.allowed_hosts) or [urlsplit(APP_BASE_URL).hostname or ""]
ALLOWED_HOSTS += ["localhost", "127.0.0.1", "[::1]"]  # health checks come from beside the process
CSRF_TRUSTED_ORIGINS = [APP_BASE_URL]
PROXY_COUNT = env.proxy_count
SIGNUP = env.signup
METRICS_TOKEN = env.metrics_token

INSTALLED_APPS = [
    "painelml",
    "painelml.sync",
    "painelml.audit",
    "accounts",
    "catalog",
    "orders",
    "shipments",
    "questions",
    "webhooks",
    "painelml.exports",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "corsheaders",
    "csp",
    "django_celery_beat",
    "django_htmx",
    "drf_spectacular",
    "rest_framework",
    "rest_framework_simplejwt",
]

MIDDLEWARE = [
    "webhooks.middleware.ShortWayMiddleware",
    "painelml.web.measured.MeasuredMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "painelml.web.compress.CompressPagesMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.OrganizationMiddleware",
    "painelml.audit.middleware.AuditMiddleware",
    "painelml.web.bodies.BodyLimitMiddleware",
    "painelml.web.language.PersonLanguageMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "accounts.middleware.LastSeenMiddleware",
    "accounts.second_factor.SecondFactorMiddleware",
]

ROOT_URLCONF = "painelml.urls"
WSGI_APPLICATION = "painelml.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "painelml.web.context.panel",
            ],
        },
    }
]

# Mercado Livre

MELI_CLIENT_ID = env.meli_client_id
MELI_CLIENT_SECRET = env.meli_client_secret
MELI_REDIRECT_URI = env.meli_redirect_uri or f"{APP_BASE_URL}/meli/oauth/callback"
MELI_API_URL = env.meli_api_url
MELI_AUTH_URL = env.meli_auth_url
MELI_MAX_RPM = env.meli_max_rpm
MELI_WEBHOOK_IPS = env.meli_webhook_ips
MELI_WEBHOOK_MAX_RPM = env.meli_webhook_max_rpm
# Longer than the two days Mercado Livre's missed feeds repeat what it could not deliver.
NOTIFICATION_DAYS_KEPT = {"done": 14, "ignored": 3, "failed": 90}
HISTORY_DAYS = env.history_days
AUDIT_DAYS = env.audit_days
BUYER_DATA_DAYS = env.buyer_data_days

# Database

if env.database_url.startswith("postgres"):
    # libpq reads the address, so its own options (sslmode, service, several hosts) work as written.
    address = {"connect_timeout": 5, **conninfo_to_dict(env.database_url)}
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": address.pop("dbname", ""),
            "USER": address.pop("user", ""),
            "PASSWORD": address.pop("password", ""),
            "HOST": address.pop("host", ""),
            "PORT": address.pop("port", ""),
            # Its compiler takes seconds over plans it fears and the indexes answer in milliseconds; and its
            # usual fear of pages out of order is that of disks that turn (docs/operations.md).
            "OPTIONS": {"options": "-c jit=off -c random_page_cost=1.1", **address},
            "CONN_MAX_AGE": 60,
            "CONN_HEALTH_CHECKS": True,
        }
    }
else:
    sqlite_file = Path(env.database_url.removeprefix("sqlite:///") or VAR_DIR / "painelml.sqlite3")
    sqlite_file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(sqlite_file),
            # Twelve writers: no "database is locked" this way, 1,600 a second with deferred transactions.
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
            },
            "CONN_MAX_AGE": None,
            # A file even in tests: connections of several threads cannot share one in memory.
            "TEST": {"NAME": str(sqlite_file.with_name(f"test_{sqlite_file.name}"))},
        }
    }

# Cache, locks, broker

REDIS_URL = env.redis_url

if REDIS_URL:
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": REDIS_URL,
            "KEY_PREFIX": "painelml",
            "OPTIONS": {"socket_connect_timeout": 2, "socket_timeout": 5},
        }
    }
    CELERY_BROKER_URL = REDIS_URL
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "global_keyprefix": "painelml:",
        # With late acks a task that is not done by then is handed to a second worker.
        "visibility_timeout": 1800,
        "socket_connect_timeout": 2,
        "socket_timeout": 30,
        "retry_on_timeout": True,
    }
else:
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
            "OPTIONS": {"MAX_ENTRIES": 20_000},
        }
    }
    CELERY_BROKER_URL = "memory://localhost/"
    CELERY_BROKER_TRANSPORT_OPTIONS = {"polling_interval": 0.02}

CELERY_TASK_DEFAULT_QUEUE = "painelml"
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0, "interval_step": 0.1}
# Workers wait for Mercado Livre most of the time: threads do that in a quarter of the memory of processes.
CELERY_WORKER_POOL = "threads"
CELERY_WORKER_CONCURRENCY = 16 if REDIS_URL else 8
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# A new database connection for every task makes workers three times slower.
CELERY_DB_REUSE_MAX = 500
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
CELERY_BEAT_MAX_LOOP_INTERVAL = 5

# People: e-mail and password, two-factor when they want it

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"

ALLAUTH_TRUSTED_PROXY_COUNT = PROXY_COUNT
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_FORMS = {"signup": "accounts.forms.SignupForm"}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
# Without a mail server nobody could confirm an address, so then it is asked for but not waited for.
ACCOUNT_EMAIL_VERIFICATION = "mandatory" if env.email_url else "optional"
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_LOGOUT_REDIRECT_URL = LOGIN_URL
ACCOUNT_LOGIN_ON_PASSWORD_RESET = True
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if HAS_TLS else "http"
ACCOUNT_RATE_LIMITS = {
    "login": "30/m/ip",
    "login_failed": "10/m/ip,5/5m/key",
    "signup": "20/m/ip",
    "reset_password": "20/m/ip,5/m/key",
}
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Painel ML"
MFA_ADAPTER = "accounts.adapter.MFAAdapter"
# Administrators see every organization. On a panel under TLS, a real one, they need their second factor.
ADMIN_NEEDS_TWO_FACTOR = HAS_TLS

# Mail

EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
DEFAULT_FROM_EMAIL = f"Painel ML <painel@{urlsplit(APP_BASE_URL).hostname}>"
globals().update(env.email_url or {})

# What the browser is told

SECURE_SSL_REDIRECT = HAS_TLS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HAS_TLS else None
SECURE_HSTS_SECONDS = 31_536_000 if HAS_TLS else 0
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = HAS_TLS
SESSION_COOKIE_AGE = 14 * 24 * 3600
CSRF_COOKIE_SECURE = HAS_TLS
LANGUAGE_COOKIE_SECURE = HAS_TLS
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
X_FRAME_OPTIONS = "DENY"

pictures = ["https://*.mlstatic.com"]
if urlsplit(MELI_API_URL).hostname in ("127.0.0.1", "localhost", "::1"):
    pictures.append(MELI_API_URL)  # the sandbox draws its own

# The form that starts a connection ends at Mercado Livre; browsers hold each redirect on the way to this.
if MELI_AUTH_URL:
    destinations = [MELI_AUTH_URL]
else:
    homes = {
        "mercadolivre.com",
        "mercadolibre.com",
        *(host.removeprefix("auth.") for host in AUTH_HOSTS.values()),
    }
    destinations = [f"https://*.{home}" for home in sorted(homes)]

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:", *pictures],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "manifest-src": ["'self'"],
        "worker-src": ["'self'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'", *destinations],
        "frame-ancestors": ["'none'"],
    }
}
PERMISSIONS_POLICY: dict[str, list[str]] = {
    "camera": [],
    "display-capture": [],
    "fullscreen": [],
    "geolocation": [],
    "microphone": [],
    "payment": [],
    "usb": [],
}

# Static files

STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_KEEP_ONLY_HASHED_FILES = True

# Language and time

LANGUAGE_CODE = "pt-br"
LANGUAGES = [("pt-br", _("Portuguese (Brazil)")), ("en", _("English")), ("es", _("Spanish"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_TZ = True
TIME_ZONE = env.time_zone

# The API

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.keys.KeyAuthentication",
        "accounts.logins.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["accounts.permissions.RolePermission"],
    "DEFAULT_THROTTLE_CLASSES": [
        "painelml.web.throttling.KeyThrottle",
        "painelml.web.throttling.PersonThrottle",
        "painelml.web.throttling.AddressThrottle",
    ],
    "DEFAULT_RENDERER_CLASSES": ["painelml.web.bodies.BodyRenderer"],
    "DEFAULT_PARSER_CLASSES": ["painelml.web.bodies.BodyParser"],
    "DEFAULT_SCHEMA_CLASS": "painelml.web.schema.Schema",
    "EXCEPTION_HANDLER": "painelml.web.api.handle_error",
    "NUM_PROXIES": PROXY_COUNT,
    "URL_FORMAT_OVERRIDE": None,  # `format` is a parameter of ours (exports, labels)
    "COERCE_DECIMAL_TO_STRING": True,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
# Pages elsewhere may call it with a token of their own; never with somebody's cookies.
CORS_ALLOWED_ORIGINS = env.cors_origins
CORS_URLS_REGEX = r"^/api/"
CORS_ALLOW_CREDENTIALS = False
CORS_ALLOW_HEADERS = ["accept-language", "authorization", "content-type", "idempotency-key", "x-organization"]
CORS_EXPOSE_HEADERS = [
    "content-disposition", "idempotent-replayed", "location", "retry-after", "x-printed", "x-refused",
]  # fmt: skip
SIMPLE_JWT = {
    "SIGNING_KEY": api_token_key(SECRET_KEY),
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=30),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=14),
    "UPDATE_LAST_LOGIN": True,
    "ROTATE_REFRESH_TOKENS": True,
    "CHECK_REVOKE_TOKEN": True,  # a new password ends the API tokens of the old one
}
API_TOKEN_FALLBACKS = [api_token_key(key) for key in SECRET_KEY_FALLBACKS]
SPECTACULAR_SETTINGS = {
    "TITLE": "Painel ML",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "COMPONENT_SPLIT_REQUEST": True,
    "SCHEMA_PATH_PREFIX": "/api/",
    "ENUM_NAME_OVERRIDES": {"RunStatusEnum": "painelml.sync.models.RunStatus.values"},
}

# Logs and errors

configure_logs()
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "painelml.logs.Formatter", "as_json": env.log_format == "json"}},
    "filters": {"without_traceback": {"()": "painelml.logs.WithoutTraceback"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": env.log_level},
    "loggers": {
        "django": {"handlers": [], "level": env.log_level, "propagate": True},
        "django.security.DisallowedHost": {"filters": ["without_traceback"]},
        "django.server": {"handlers": [], "level": env.log_level, "propagate": True},
        # One line a request or task: for machines that keep them, too much for a terminal.
        "painelml.requests": {"level": env.log_level if env.log_format == "json" else "WARNING"},
        "painelml.tasks": {"level": env.log_level if env.log_format == "json" else "WARNING"},
        # At DEBUG it writes whole contexts, buyers and all, for every variable a library's template lacks.
        "django.template": {"level": "INFO"},
        # The retries and rows of the libraries below are detail nobody reads at INFO.
        "urllib3": {"level": "WARNING"},
        "celery.beat": {"level": "WARNING"},
        "celery.app.trace": {"level": "WARNING"},
        "celery.worker.strategy": {"level": "WARNING"},
    },
}

if env.sentry_dsn:
    import sentry_sdk

    sentry_sdk.init(**sentry_options(env.sentry_dsn))

# HSTS stays with this host (W005, W021): its neighbours and the preload list are not the panel's to decide.
# SQLite leaves out the columns an index only carries along (W040).
# Without TLS the cookies, HSTS and the redirect to https (W004, W008, W012, W016) make no sense.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021", "models.W040"]
if not HAS_TLS:
    SILENCED_SYSTEM_CHECKS += ["security.W004", "security.W008", "security.W012", "security.W016"]
