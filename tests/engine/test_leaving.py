"""A reply whose client has gone, and which runs in another process."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from unittest.mock import AsyncMock, patch
from uuid import uuid4

from django.test import TransactionTestCase

from chat.answers.leaving import left
from chat.db import in_database
from chat.hints.hub import Hub
from chat.models import Reply, ReplyState
from chat.replies import leases
from chat.replies.redis_log import RedisLog
from chat.selectors import member_principal
from chat.services.messages import post_message
from tests import people


class LeftTests(TransactionTestCase):
    def test_it_is_watched_until_its_end_and_no_longer(self) -> None:
        alice = member_principal(people.alice())
        assert alice
        posted = post_message(
            principal=alice,
            id=uuid4(),
            conversation=uuid4(),
            content="May I?",
            process=leases.take_lease(),
            start=True,
        )
        assert posted.reply
        reply = posted.reply.pk

        async def scene() -> None:
            log = RedisLog("redis://127.0.0.1:1/0", Hub())  # nothing is asked of it
            with patch("chat.answers.leaving.engine", AsyncMock(return_value=SimpleNamespace(log=log))):
                left(alice, reply, comes_back=True)
                (watching,) = [one for one in asyncio.all_tasks() if one.get_name() == f"left {reply}"]
                done, _ = await asyncio.wait([watching], timeout=1.5)
                assert not done
                await in_database(Reply.objects.filter(pk=reply).update, state=ReplyState.COMPLETE)
                await asyncio.wait_for(watching, 5)
            await log.aclose()

        asyncio.run(scene())
        assert not Reply.objects.get(pk=reply).stop_requested_at
