"""The tokens of a web chat: kept when a reply begins, counted when it ends, whoever ends it."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from itertools import chain, repeat
from typing import Any
from unittest import skipUnless
from unittest.mock import patch
from uuid import UUID, uuid4

from django.db import connection, transaction
from django.db.models.functions import Now
from django.test import TransactionTestCase, override_settings

from chat.db import held
from chat.exceptions import DailyLimit
from chat.models import DailyUsage, ProcessLease, Reply, ReplyState, WebChat
from chat.principals import Principal
from chat.replies import leases, records
from chat.selectors.visitors import visitor_for
from chat.services import web_chats
from chat.services.messages import post_message
from tests import people
from tests.services import wait_until

#: What a quarter of the context, and "abcd" with what the turn around it costs, come to.
REPLY, PROMPT = 250, 5
ONE = PROMPT + REPLY


@override_settings(
    COMPLETIONS_PROVIDER="openai", COMPLETIONS_URL="http://127.0.0.1:9/v1", COMPLETIONS_CONTEXT_TOKENS=1000
)
class BudgetTests(TransactionTestCase):
    def setUp(self) -> None:
        self.web_chat = people.web_chat_of(people.alice())
        self.process = leases.take_lease()
        self.allow(10_000)

    def allow(self, tokens: int | None) -> None:
        WebChat.objects.filter(pk=self.web_chat.pk).update(tokens_per_day=tokens)

    def stranger(self) -> tuple[Principal, UUID]:
        conversation = web_chats.begin_conversation(principal=None, web_chat=self.web_chat.pk)
        return visitor_for(conversation.pk), conversation.pk

    def asked(self) -> Reply:
        """A reply that is stored as running."""
        principal, conversation = self.stranger()
        posted = post_message(
            principal=principal,
            id=uuid4(),
            conversation=conversation,
            content="abcd",
            process=self.process,
            start=True,
        )
        assert posted.reply
        return Reply.objects.select_related("incoming", "conversation__chatbot").get(pk=posted.reply.pk)

    def begun(self) -> records.Claim:
        return records.claim_of(self.asked())

    def tokens(self) -> tuple[int, int]:
        """Used and reserved."""
        row = DailyUsage.objects.filter(web_chat=self.web_chat, who="").order_by("day").first()
        return (row.tokens_used, row.tokens_reserved) if row else (0, 0)

    def end(self, claim: records.Claim, state: ReplyState, text: str = "", **more: Any) -> None:
        assert records.end(claim, records.Outcome(state, text, seq=1, **more))

    def test_the_last_tokens_are_given_and_not_one_more(self) -> None:
        self.allow(2 * ONE)
        first, second, third = self.begun(), self.begun(), self.begun()
        assert (first.fault, second.fault) == (None, None)
        assert isinstance(third.fault, DailyLimit)
        assert third.asked is None
        assert self.tokens() == (0, 2 * ONE)
        self.end(third, ReplyState.FAILED, error_code="daily_limit")
        self.end(first, ReplyState.COMPLETE, "x", usage={"promptTokens": 3, "completionTokens": 1})
        assert self.tokens() == (4, ONE)
        assert isinstance(self.begun().fault, DailyLimit)
        self.allow(2 * ONE + 4)
        assert self.begun().fault is None

    def test_what_the_endpoint_did_not_count_is_estimated(self) -> None:
        self.end(self.begun(), ReplyState.STOPPED, "x" * 40, reasoning="y" * 40)
        assert self.tokens() == (PROMPT + 20, 0)
        self.end(self.begun(), ReplyState.FAILED, error_code="upstream_timeout_first")
        assert self.tokens() == (PROMPT + 20 + PROMPT, 0)

    def test_an_endpoint_that_took_no_question_costs_nothing(self) -> None:
        for code in ("upstream_unreachable", "upstream_busy", "upstream_error"):
            self.end(self.begun(), ReplyState.FAILED, error_code=code)
        assert self.tokens() == (0, 0)

    def test_those_of_a_dead_process_are_counted_by_the_text_that_is_stored(self) -> None:
        for _ in range(3):
            claim = self.begun()
            Reply.objects.filter(pk=claim.reply).update(text="x" * 40)
        assert self.tokens() == (0, 3 * ONE)
        ProcessLease.objects.filter(pk=self.process).update(beat_at=Now() - timedelta(seconds=6))
        other = leases.take_lease()
        assert leases.declare_dead(other) == (1, None)
        assert len(leases.take_over(other, background=0).ended) == 3
        assert self.tokens() == (3 * (PROMPT + 10), 0)
        leases.take_over(other, background=0)
        assert self.tokens() == (3 * (PROMPT + 10), 0)

    def test_a_reply_that_was_taken_away_before_it_began_keeps_nothing(self) -> None:
        reply = self.asked()
        Reply.objects.filter(pk=reply.pk).update(state=ReplyState.INTERRUPTED)
        claim = records.claim_of(reply)
        assert claim.asked is None
        assert self.tokens() == (0, 0)

    def test_the_next_day_has_its_own_and_a_reply_counts_on_the_day_it_began(self) -> None:
        self.allow(ONE)
        evening = datetime(2026, 11, 21, 23, 59, tzinfo=UTC)
        with patch("chat.models.usage.timezone.now", return_value=evening):
            first = self.begun()
            assert isinstance(self.begun().fault, DailyLimit)
        with patch("chat.models.usage.timezone.now", return_value=evening + timedelta(minutes=2)):
            assert self.begun().fault is None
            self.end(first, ReplyState.COMPLETE, "x", usage={"promptTokens": 3, "completionTokens": 1})
        rows = DailyUsage.objects.filter(who="", tokens_used__gt=0)
        assert [(str(row.day), row.tokens_used, row.tokens_reserved) for row in rows] == [
            ("2026-11-21", 4, 0)
        ]

    def test_a_reply_that_begins_at_midnight_is_counted_on_one_day(self) -> None:
        self.allow(ONE)
        days = chain([date(2026, 11, 21)], repeat(date(2026, 11, 22)))
        with patch("chat.replies.budgets.today", side_effect=days):
            claim = self.begun()
            self.end(claim, ReplyState.COMPLETE, "x", usage={"promptTokens": 3, "completionTokens": 1})
        # The message itself was counted on the day of this test.
        spent = DailyUsage.objects.filter(who="").exclude(tokens_used=0, tokens_reserved=0)
        assert list(spent.values_list("day", "tokens_used", "tokens_reserved")) == [
            (date(2026, 11, 21), 4, 0)
        ]

    def test_without_a_budget_or_a_price_nothing_is_kept(self) -> None:
        for tokens in (None, 0):
            self.allow(tokens)
            assert self.begun().reservation is None
        self.allow(1)
        with override_settings(COMPLETIONS_PROVIDER="builtin"):
            assert self.begun().fault is None
        assert self.tokens() == (0, 0)

    def test_of_twenty_that_begin_at_once_when_there_is_room_for_one_one_does(self) -> None:
        self.allow(ONE + REPLY)
        replies, together = [self.asked() for _ in range(20)], threading.Barrier(20)

        def begin(reply: Reply) -> records.Claim:
            together.wait(30)
            try:
                return records.claim_of(reply)
            finally:
                connection.close()

        with ThreadPoolExecutor(20) as pool:
            claims = list(pool.map(begin, replies))
        assert sum(claim.asked is not None for claim in claims) == 1
        assert all(isinstance(claim.fault, DailyLimit) for claim in claims if claim.asked is None)
        assert self.tokens() == (0, ONE)

    @skipUnless(connection.vendor == "postgresql", "SQLite has one writer")
    def test_visitors_do_not_wait_for_each_other_and_a_pause_waits_for_them(self) -> None:
        there = WebChat.objects.filter(pk=self.web_chat.pk, is_active=True)
        pausing = threading.Thread(target=self.pause)
        with transaction.atomic():
            assert held(there)
            with ThreadPoolExecutor(1) as pool:
                assert pool.submit(self.hold, there).result(30)
            pausing.start()
            wait_until(somebody_waits_for_us)
        pausing.join()
        with transaction.atomic():
            assert not held(there)

    def pause(self) -> None:
        web_chats.pause(self.web_chat, by="member:x")
        connection.close()

    def hold(self, rows: Any) -> bool:
        try:
            with transaction.atomic():
                return held(rows)
        finally:
            connection.close()


def somebody_waits_for_us() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
        )
        return cursor.fetchone() is not None
