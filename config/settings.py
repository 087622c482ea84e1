"""Settings, read top to bottom. Every difference between two installations is an environment variable;
``.env.example`` lists them all and ``docs/configure.md`` explains them."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from django.utils.translation import gettext_lazy as _

from config.environment import database, secret_key
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
    "chat",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "chat.web.headers.SecurityHeadersMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
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
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}}
    CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            "CONFIG": {"hosts": [REDIS_URL]},
        }
    }
else:
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    CHANNEL_LAYERS = {
        "default": {"BACKEND": "channels.layers.InMemoryChannelLayer", "CONFIG": {"capacity": 1000}}
    }

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
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "config.storage.ModuleManifestStorage"
    },
}

# Completions: what chatbots use that name no model of their own

COMPLETIONS_PROVIDER = env.str("COMPLETIONS_PROVIDER", default="builtin")
COMPLETIONS_URL = env.str("COMPLETIONS_URL", default="")
COMPLETIONS_API_KEY = env.str("COMPLETIONS_API_KEY", default="")
COMPLETIONS_MODEL = env.str("COMPLETIONS_MODEL", default="")
COMPLETIONS_CHATBOT_ID = env.str("COMPLETIONS_CHATBOT_ID", default="")
COMPLETIONS_CONTEXT_TOKENS = env.int("COMPLETIONS_CONTEXT_TOKENS", default=8192)
MAX_RUNNING_REPLIES = env.int("MAX_RUNNING_REPLIES", default=1000)
#: Messages one principal may send a minute; 0 switches the limit off.
MESSAGES_PER_MINUTE = env.int("MESSAGES_PER_MINUTE", default=60)

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
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

# Logging

LOG_LEVEL = env.str("LOG_LEVEL", default="INFO")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        "chat": {"level": LOG_LEVEL},
        "django.server": {"handlers": [], "propagate": True},
        # Twisted and Daphne speak of every connection at INFO.
        "daphne": {"level": "WARNING"},
    },
}
