"""Settings, read top to bottom. Every difference between two installations is an environment variable;
``.env.example`` lists them all and ``docs/configure.md`` explains them."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from django.utils.translation import gettext_lazy as _

from config.environment import bucket, database, one_of, require, secret_key
from config.theme import UNFOLD as UNFOLD

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.FileAwareEnv()
env.read_env(env.str("ENV_FILE", default=str(BASE_DIR / ".env")))

# Core

DEBUG = env.bool("DEBUG", default=False)
DATA_DIR = Path(env.str("DATA_DIR", default=str(BASE_DIR / "var"))).resolve()
SECRET_KEY = secret_key(env.str("SECRET_KEY", default=""), data_dir=DATA_DIR)
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
PORT = env.int("PORT", default=8000)
PUBLIC_URL = env.str("PUBLIC_URL", default="").rstrip("/")
#: Every origin (scheme, host, port) under which the application's own pages are served.
PUBLIC_ORIGINS = [PUBLIC_URL] if PUBLIC_URL else [f"http://127.0.0.1:{PORT}", f"http://localhost:{PORT}"]
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", ".localhost"])
if PUBLIC_URL and (_host := urlsplit(PUBLIC_URL).hostname) and _host not in ALLOWED_HOSTS:
    ALLOWED_HOSTS = [*ALLOWED_HOSTS, _host]
CSRF_TRUSTED_ORIGINS = list(PUBLIC_ORIGINS)
ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
APPEND_SLASH = False
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "config.apps.StaticFiles",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.mfa",
    "channels",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "chat",
]

MIDDLEWARE = [
    "chat.web.access.AccessLogMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "chat.web.headers.SecurityHeadersMiddleware",
    "chat.embed.cookies.WithoutCookiesMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "chat.web.language.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "chat.web.second_factor.StaffSecondFactorMiddleware",
]

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
            ],
        },
    },
]

# Database, cache, layer

DATABASES = {
    "default": database(env.db_url("DATABASE_URL", default=f"sqlite:///{DATA_DIR / 'parley.sqlite3'}"))
}
REDIS_URL = env.str("REDIS_URL", default="")
if REDIS_URL:
    require("redis", "REDIS_URL")
    _PATIENCE = {"socket_timeout": 2, "socket_connect_timeout": 2}
    CACHES = {"default": {"BACKEND": "config.cache.SharedCache", "LOCATION": REDIS_URL, "OPTIONS": _PATIENCE}}
    # Only chat.hints speaks through it, with one channel for each process. Sockets have none.
    CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            "CONFIG": {
                "hosts": [{"address": REDIS_URL, **_PATIENCE}],
                "prefix": "parley",
            },
        }
    }
else:
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

# People

AUTH_USER_MODEL = "chat.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
SIGNUP_OPEN = env.bool("SIGNUP_OPEN", default=False)
#: Id or name of the organization that new accounts join.
DEFAULT_ORGANIZATION = env.str("DEFAULT_ORGANIZATION", default="")
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "chat.web.accounts.AccountAdapter"
SOCIALACCOUNT_ADAPTER = "chat.web.accounts.SocialAccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "optional"
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_FORMS = {
    "login": "chat.web.account_forms.LoginForm",
    "signup": "chat.web.account_forms.SignupForm",
    "add_email": "chat.web.account_forms.AddEmailForm",
    "change_password": "chat.web.account_forms.ChangePasswordForm",
    "set_password": "chat.web.account_forms.SetPasswordForm",
    "reset_password": "chat.web.account_forms.ResetPasswordForm",
    "reset_password_from_key": "chat.web.account_forms.ResetPasswordKeyForm",
}
ACCOUNT_EMAIL_SUBJECT_PREFIX = "[Parley] "
# Whoever has no account gets no e-mail about it, least of all one that leads to a closed sign-up.
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
# Accounts are made elsewhere too (commands, the admin); log-in finds "Alice" and "alice" alike.
ACCOUNT_PRESERVE_USERNAME_CASING = True
# allauth's own limits hold for everything else (20 sign-ups a minute from one address, and so on).
ACCOUNT_RATE_LIMITS = {"login": "30/m/ip", "login_failed": "10/m/ip,5/5m/key"}
# Behind the proxy that https needs, everybody comes from its address: without this, one person's wrong
# passwords would shut everybody out. The last address is the one that the proxy itself has seen.
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if PUBLIC_URL.startswith("https://") else 0
# Who signs up under one of these would become the demo's admin with the next `manage.py demo`.
ACCOUNT_USERNAME_BLACKLIST = ["demo", "demo-admin"]
MFA_ADAPTER = "chat.web.accounts.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Parley"
MFA_TOTP_TOLERANCE = 1
# Many installations send no e-mail, so nobody there could ever verify an address first.
MFA_ALLOW_UNVERIFIED_EMAIL = True
REQUIRE_MFA_FOR_STAFF = env.bool("REQUIRE_MFA_FOR_STAFF", default=False)
SOCIALACCOUNT_PROVIDERS: dict[str, dict[str, Any]] = {
    "openid_connect": {
        "APPS": [
            {
                "provider_id": "oidc",
                "name": env.str("OIDC_NAME", default="Single sign-on"),
                "client_id": env.str("OIDC_CLIENT_ID", default=""),
                "secret": env.str("OIDC_CLIENT_SECRET", default=""),
                "settings": {"server_url": env.str("OIDC_SERVER_URL", default="")},
            }
        ]
        if env.str("OIDC_SERVER_URL", default="")
        else []
    }
}
EMAIL_CONFIG = env.email_url("EMAIL_URL", default="consolemail://")
vars().update(EMAIL_CONFIG)
#: What sends in the end. Whoever sends e-mail puts it into the queue, and the worker takes it from there.
EMAIL_DELIVERY_BACKEND = EMAIL_CONFIG["EMAIL_BACKEND"]
EMAIL_BACKEND = "chat.services.mail.QueuedBackend"
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="parley@localhost")
EMAIL_TIMEOUT = 10

# Language and time

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("zh-hant", _("Traditional Chinese"))]
LOCALE_PATHS = [BASE_DIR / "chat" / "locale"]
TIME_ZONE = "UTC"
USE_TZ = True

# Files

STATIC_URL = "/static/"
STATIC_ROOT = Path(env.str("STATIC_ROOT", default=str(BASE_DIR / "staticfiles")))
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_ROOT = DATA_DIR / "media"
# Whoever can read a file here needs no signed address: its owner alone.
FILE_UPLOAD_PERMISSIONS, FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o600, 0o700
#: The bucket for uploaded files; empty: the folder above.
S3_BUCKET = env.str("S3_BUCKET", default="")
S3_ENDPOINT_URL = env.str("S3_ENDPOINT_URL", default="")
S3_REGION = env.str("S3_REGION", default="")
S3_ACCESS_KEY_ID = env.str("S3_ACCESS_KEY_ID", default="")
S3_SECRET_ACCESS_KEY = env.str("S3_SECRET_ACCESS_KEY", default="")
if S3_BUCKET:
    require("storages", "S3_BUCKET")
STORAGES: dict[str, dict[str, Any]] = {
    "default": bucket(
        S3_BUCKET,
        endpoint=S3_ENDPOINT_URL,
        region=S3_REGION,
        key=S3_ACCESS_KEY_ID,
        secret=S3_SECRET_ACCESS_KEY,
    )
    if S3_BUCKET
    else {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "config.storage.ModuleManifestStorage"
    },
}

#: The largest file that is taken.
UPLOAD_MEGABYTES = env.int("UPLOAD_MEGABYTES", default=20)
#: Limits on many, of which 0 switches each off: how many files of one person wait to be sent with a message,
#: how much one visitor may send in all, how much one organization may have.
UPLOADS_WAITING = env.int("UPLOADS_WAITING", default=100)
UPLOADS_VISITOR_MEGABYTES = env.int("UPLOADS_VISITOR_MEGABYTES", default=200)
UPLOADS_TOTAL_MEGABYTES = env.int("UPLOADS_TOTAL_MEGABYTES", default=10_240)
#: For how long the address of a file opens it.
MEDIA_LINK_HOURS = env.float("MEDIA_LINK_HOURS", default=168.0)

# Completions: what chatbots use that name no model of their own

COMPLETIONS_PROVIDER = env.str("COMPLETIONS_PROVIDER", default="builtin")
COMPLETIONS_URL = env.str("COMPLETIONS_URL", default="")
COMPLETIONS_API_KEY = env.str("COMPLETIONS_API_KEY", default="")
COMPLETIONS_MODEL = env.str("COMPLETIONS_MODEL", default="")
COMPLETIONS_CHATBOT_ID = env.str("COMPLETIONS_CHATBOT_ID", default="")
COMPLETIONS_CONTEXT_TOKENS = env.int("COMPLETIONS_CONTEXT_TOKENS", default=8192)
COMPLETIONS_TAKES_IMAGES = env.bool("COMPLETIONS_TAKES_IMAGES", default=False)
#: How long any upstream may take, in seconds.
COMPLETIONS_FIRST_SECONDS = env.float("COMPLETIONS_FIRST_SECONDS", default=30.0)
COMPLETIONS_GAP_SECONDS = env.float("COMPLETIONS_GAP_SECONDS", default=30.0)
COMPLETIONS_TOTAL_SECONDS = env.float("COMPLETIONS_TOTAL_SECONDS", default=300.0)
MAX_RUNNING_REPLIES = env.int("MAX_RUNNING_REPLIES", default=1000)
#: Whether the server does the background work itself; else `manage.py worker` has to run.
RUN_WORKER_IN_WEB = env.bool("RUN_WORKER_IN_WEB", default=True)
#: Messages one principal may send a minute; 0 switches the limit off.
MESSAGES_PER_MINUTE = env.int("MESSAGES_PER_MINUTE", default=60)
#: Requests of the API a minute: of one key, and of one address without a key; 0 switches the limit off.
API_REQUESTS_PER_MINUTE = env.int("API_REQUESTS_PER_MINUTE", default=600)
API_STRANGERS_PER_MINUTE = env.int("API_STRANGERS_PER_MINUTE", default=120)
#: How long a search in conversations may take.
SEARCH_SECONDS = env.float("SEARCH_SECONDS", default=10.0)
#: Sockets (tabs) one principal may have open in one process; 0 switches the limit off.
SOCKETS_PER_PERSON = env.int("SOCKETS_PER_PERSON", default=50)
#: The same for all visitors of embedded chats at one address.
SOCKETS_PER_ADDRESS = env.int("SOCKETS_PER_ADDRESS", default=500)

# API: everything else stands in chat.api.views.base

REST_FRAMEWORK = {
    "DEFAULT_SCHEMA_CLASS": "chat.api.schema.Schema",
    "EXCEPTION_HANDLER": "chat.api.errors.handle",
    # Who calls the API is no user of Django's.
    "UNAUTHENTICATED_USER": None,
    "UNAUTHENTICATED_TOKEN": None,
}
SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "Parley",
    "VERSION": "1",
    "DESCRIPTION": "Press Authorize and enter `Api-Key ` followed by a key. Admins make keys in the admin, "
    "at API keys. Every route is at `/api/…` and at `/api/v1/…`, those of OpenAI's API at `/v1/…` and at "
    "`/api/v1/…`, with and without the slash at the end.",
    "SCHEMA_PATH_PREFIX": "/api/",
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "displayOperationId": True},
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_ADD_EXPLICIT_BLANK_NULL_CHOICE": False,
    "ENUM_NAME_OVERRIDES": {
        "AnswerStatusEnum": "chat.maax.schema.STATUSES",
        "AttachmentTypeEnum": "chat.models.AttachmentType",
        "FeedbackTypeEnum": "chat.models.FeedbackType",
        "MessageStatusEnum": "chat.api.serializers.fields.ENDINGS",
        "MessageTypeEnum": "chat.models.MessageType",
    },
    "APPEND_COMPONENTS": {
        "securitySchemes": {"MaaxKey": {"type": "apiKey", "in": "header", "name": "2hd-api-key"}}
    },
    "PREPROCESSING_HOOKS": ["chat.api.schema.one_prefix"],
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "chat.api.schema.name_in_camel_case",
        "chat.api.schema.describe_errors",
        "chat.openai.schema.describe",
    ],
}

# Webhooks

#: Whether they may be sent to this machine and to private networks.
WEBHOOK_PRIVATE_ADDRESSES = env.bool("WEBHOOK_PRIVATE_ADDRESSES", default=False)
#: Whether they may be sent without TLS.
WEBHOOK_HTTP = env.bool("WEBHOOK_HTTP", default=True)

# Security

_HTTPS = PUBLIC_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _HTTPS
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _HTTPS else None
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=31536000 if _HTTPS else 0)
SECURE_REFERRER_POLICY = "same-origin"
SILENCED_SYSTEM_CHECKS = [
    "security.W002",  # frame-ancestors, in the policy of chat.web.headers, is the newer X-Frame-Options
    "security.W005",  # other sub-domains, and
    "security.W021",  # browsers' preload lists, are for the owner of the domain to decide
    "security.W008",  # the proxy that has the certificate redirects
]
#: Whoever sends it may read /metrics from elsewhere; without one only this machine may.
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
#: Where a worker shows its metrics to this machine; 0: nowhere.
METRICS_PORT = env.int("METRICS_PORT", default=0)
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

# Logging

LOG_LEVEL = env.str("LOG_LEVEL", default="INFO")
#: ``line`` for people at a terminal, ``json`` for programs that collect logs.
LOG_FORMAT = one_of("LOG_FORMAT", env.str("LOG_FORMAT", default="line"), ["line", "json"])
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"()": "chat.logs.LineFormatter"},
        "json": {"()": "chat.logs.JsonFormatter"},
    },
    "filters": {"shown_paths": {"()": "chat.web.access.ShownPaths"}},
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT, "filters": ["shown_paths"]}
    },
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        "chat": {"level": LOG_LEVEL},
        "django.server": {"handlers": [], "propagate": True},
        # What is refused or not found has its line in the access log.
        "django.request": {"level": "ERROR"},
        # Twisted and Daphne speak of every connection at INFO.
        "daphne": {"level": "WARNING"},
        # A traceback each second while Redis is away, of which chat.hints says one line.
        "channels_redis": {"level": "CRITICAL"},
    },
}
