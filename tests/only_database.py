"""A pytest plugin (``-p tests.only_database``): only the tests whose answer depends on the database.

With ``DATABASE_URL`` on PostgreSQL it repeats there what SQLite is asked, and nothing else twice.
"""

from __future__ import annotations

import pytest
from django.test import TransactionTestCase

from tests.harness.cluster import on_postgresql

#: What asks nothing of the database that others do not ask, and takes long.
SAME = (
    "tests/access/",
    "tests/browser/",
    "tests/doctor/test_clock.py",
    "tests/doctor/test_completions.py",
    "tests/doctor/test_p",
    "tests/embed/test_sites.py",
    "tests/fuzz/",
    "tests/operations/test_canaries.py",
    "tests/operations/test_logs.py",
    "tests/web/test_site_check.py",
    "tests/ws/test_guards.py",
)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    kept = [item for item in items if depends_on_database(item)]
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = kept


def depends_on_database(item: pytest.Item) -> bool:
    """Django's database in this process, or that of a server without a browser in front of it."""
    if item.nodeid.startswith(SAME):
        return False
    owner = getattr(item, "cls", None)
    if item.get_closest_marker("django_db") or (owner is not None and issubclass(owner, TransactionTestCase)):
        return True
    fixtures = set(getattr(item, "fixturenames", ()))
    several = on_postgresql.mark in item.iter_markers()
    serves = several or "server" in fixtures or (item.get_closest_marker("fault") and "simulator" in fixtures)
    return bool(serves) and "chromium" not in fixtures
