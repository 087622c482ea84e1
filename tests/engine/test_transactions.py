"""What a transaction that writes ends in when the database has ended it."""

from __future__ import annotations

import pytest
from django.db import DEFAULT_DB_ALIAS, OperationalError, connection, connections

from chat.db import hold_briefly, refusal, transact
from chat.exceptions import StorageBusy
from chat.models import Organization
from tests.services import wait_until


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite ends no transaction of others")
@pytest.mark.django_db(transaction=True)
def test_who_stood_still_while_others_waited_is_told_to_try_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chat.db.HOLD_BRIEFLY", "SET LOCAL idle_in_transaction_session_timeout = '1ms'")
    watcher = connections.create_connection(DEFAULT_DB_ALIAS)

    def is_there(process: int) -> bool:
        with watcher.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_stat_activity WHERE pid = %s", [process])
            return cursor.fetchone() is not None

    @transact()
    def stand_still() -> None:
        hold_briefly()
        process = connection.connection.info.backend_pid
        wait_until(lambda: not is_there(process))
        Organization.objects.exists()

    try:
        with pytest.raises(OperationalError) as raised:
            stand_still()
        assert isinstance(refusal(raised.value), StorageBusy)
    finally:
        connection.close()
        watcher.close()
