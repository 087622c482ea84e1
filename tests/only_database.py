"""A pytest plugin (``-p tests.only_database``): only the tests that use Django's database in this process.

With ``DATABASE_URL`` on PostgreSQL it repeats there what SQLite is asked, and nothing else twice.
"""

from __future__ import annotations

import pytest
from django.test import TransactionTestCase


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    kept = [item for item in items if uses_database(item)]
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = kept


def uses_database(item: pytest.Item) -> bool:
    owner = getattr(item, "cls", None)
    return item.get_closest_marker("django_db") is not None or (
        owner is not None and issubclass(owner, TransactionTestCase)
    )
