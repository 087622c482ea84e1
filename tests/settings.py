"""The product's own settings with the little that a test run must fix."""

import os
import tempfile

os.environ.setdefault("SECRET_KEY", "t3st-only-9f2b7c61d8e04a55b3aa17c0e6f4d2918b7705cc")
os.environ.setdefault("DATA_DIR", tempfile.mkdtemp(prefix="parley-tests-"))

from config.settings import *  # noqa: F403
from config.settings import DATA_DIR, DATABASES

DATA_DIR.mkdir(parents=True, exist_ok=True)
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"  # noqa: F405
DATABASES["default"].setdefault("TEST", {})["NAME"] = DATABASES["default"].get("TEST", {}).get("NAME") or (
    str(DATA_DIR / "test.sqlite3") if "sqlite" in DATABASES["default"]["ENGINE"] else None
)
# The tests of one process ask as one address.
API_REQUESTS_PER_MINUTE = API_STRANGERS_PER_MINUTE = 0
