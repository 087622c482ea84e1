"""What becomes of the replies of a process that is dead: all at once, each as if it were the only one."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from unittest import skipUnless
from uuid import UUID, uuid4

from django.db import connection, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.test import TransactionTestCase
from django.test.utils import CaptureQueriesContext

from chat.models import Conversation, Job, Message, ProcessLease, Reply, ReplyState
from chat.replies import leases, records
from chat.replies.attempts import ATTEMPTS, BACKGROUND
from chat.selectors import member_principal
from chat.services.messages import post_message
from tests import people
from tests.webhooks.answering import listening

TEXT = "Section 3 says: “yes”. 好的。"


def silent(process: UUID, seconds: float) -> None:
    """The process beat so long ago for the last time."""
    ProcessLease.objects.filter(pk=process).update(beat_at=Now() - timedelta(seconds=seconds))


class TakeOverTests(TransactionTestCase):
    def setUp(self) -> None:
        alice = member_principal(people.alice())
        assert alice
        self.alice = alice
        self.here, self.dead = leases.take_lease(), leases.take_lease()

    def asked(self, process: UUID | None = None, *, start: bool = True) -> Reply:
        posted = post_message(
            principal=self.alice,
            id=uuid4(),
            conversation=uuid4(),
            content="May I?",
            process=process or self.dead,
            start=start,
        )
        assert posted.reply
        return posted.reply

    def written(self, text: str = TEXT) -> Reply:
        """A reply that runs in the process that will be dead, with the text that it has stored."""
        reply = self.asked()
        Reply.objects.filter(pk=reply.pk).update(text=text, seq=7)
        return reply

    def die(self) -> leases.Orphans:
        silent(self.dead, 6)
        assert leases.renew_lease(self.here) is not None
        assert leases.declare_dead(self.here) == (1, None)
        return leases.take_over(self.here, background=8)

    def test_running_replies_end_with_the_text_that_is_stored(self) -> None:
        replies = {self.written(f"{TEXT}{number}").pk: f"{TEXT}{number}" for number in range(5)}
        untouched = self.asked(self.here)
        orphans = self.die()
        assert {reply.pk for reply in orphans.ended} == set(replies)
        for reply in Reply.objects.filter(pk__in=replies).select_related("outgoing", "conversation"):
            assert (reply.state, reply.error_code) == (ReplyState.INTERRUPTED, "worker_lost")
            assert reply.ended_at is not None
            assert reply.outgoing.content == reply.text == replies[reply.pk]
            assert reply.conversation.last_message_id == reply.outgoing_id
            assert reply.conversation.unread_messages_count == 1
        untouched.refresh_from_db()
        assert (untouched.state, untouched.outgoing.content) == (ReplyState.RUNNING, "")
        assert not ProcessLease.objects.filter(pk=self.dead).exists()

    def test_what_its_reader_had_stopped_ends_stopped(self) -> None:
        stopped, other = self.written(), self.written()
        Reply.objects.filter(pk=stopped.pk).update(stop_requested_at=Now())
        states = {reply.pk: (reply.state, reply.error_code) for reply in self.die().ended}
        assert states[stopped.pk] == (ReplyState.STOPPED, "")
        assert states[other.pk] == (ReplyState.INTERRUPTED, "worker_lost")
        assert Message.objects.get(pk=stopped.outgoing_id).content == TEXT

    def test_what_was_queued_is_adopted_and_runs_later(self) -> None:
        queued = self.asked(start=False)
        orphans = self.die()
        assert (orphans.ended, orphans.adopted) == ([], [queued.pk])
        queued.refresh_from_db()
        assert (queued.state, queued.runner) == (ReplyState.QUEUED, self.here)

    def test_one_that_nobody_waits_for_is_asked_again_and_its_end_not_told(self) -> None:
        waited_for, background, given_up = self.written(), self.written(), self.written()
        Reply.objects.filter(pk__in=(background.pk, given_up.pk)).update(asked_by=f"{BACKGROUND}member:x")
        Reply.objects.filter(pk=given_up.pk).update(attempt=ATTEMPTS)
        listening(people.make_organization(), "https://example.com/hook", webhook_for_members=True)
        orphans = self.die()
        assert len(orphans.ended) == 3
        (again,) = Reply.objects.filter(incoming=background.incoming, attempt=2)
        assert (again.state, again.runner) == (ReplyState.QUEUED, self.here)
        assert orphans.background == [again.pk]
        assert Message.objects.get(pk=background.outgoing_id).superseded
        told = {job.payload["message"] for job in Job.objects.filter(kind="webhook")}
        assert told == {str(waited_for.outgoing_id), str(given_up.outgoing_id)}
        unread = dict(Conversation.objects.values_list("pk", "unread_messages_count"))
        assert unread[background.conversation_id] == 0
        assert unread[waited_for.conversation_id] == unread[given_up.conversation_id] == 1

    def test_one_that_nobody_waits_for_is_asked_again_when_the_database_did_not_answer(self) -> None:
        reply = self.asked()
        Reply.objects.filter(pk=reply.pk).update(asked_by=f"{BACKGROUND}member:x")
        claim = records.claim_of(Reply.objects.select_related("conversation__chatbot").get(pk=reply.pk))
        assert records.end(claim, records.Outcome(ReplyState.FAILED, "", 0, error_code="storage_busy"))
        assert Reply.objects.get(incoming=reply.incoming, attempt=2).state == ReplyState.QUEUED

    def test_many_cost_no_more_statements_than_one(self) -> None:
        listening(people.make_organization(), "https://example.com/hook", webhook_for_members=True)

        def costs(count: int) -> int:
            self.dead = leases.take_lease()
            for _ in range(count):
                self.written()
            with CaptureQueriesContext(connection) as asked:
                assert len(self.die().ended) == count
            return len(asked)

        assert costs(30) == costs(1)

    def test_a_second_look_changes_nothing(self) -> None:
        reply = self.written()
        assert len(self.die().ended) == 1
        again = leases.take_over(self.here, background=8)
        assert (again.ended, again.adopted, again.background) == ([], [], [])
        assert Conversation.objects.get(pk=reply.conversation_id).unread_messages_count == 1

    def test_a_dead_process_that_was_only_paused_writes_nothing_more(self) -> None:
        reply = self.written()
        claim = records.claim_of(Reply.objects.select_related("conversation__chatbot").get(pk=reply.pk))
        self.die()
        partial = records.Partial(claim.reply, claim.fence, 9, "More")
        assert records.store_partials(self.dead, [partial]) == [reply.pk]
        assert not records.end(claim, records.Outcome(ReplyState.COMPLETE, "More", 9))
        reply.refresh_from_db()
        assert (reply.text, reply.outgoing.content) == (TEXT, TEXT)

    @skipUnless(connection.vendor == "postgresql", "SQLite has one writer")
    def test_nobody_waits_for_a_process_that_was_paused_in_the_middle_of_a_write(self) -> None:
        for whose in ("reply", "conversation"):
            self.dead = leases.take_lease()
            held, free, queued = self.written(), self.written(), self.asked(start=False)
            rows = {
                "reply": Reply.objects.filter(pk__in=(held.pk, queued.pk)),
                "conversation": Conversation.objects.filter(pk=held.conversation_id),
            }
            with writing(rows[whose]):
                orphans = self.die()
                assert [reply.pk for reply in orphans.ended] == [free.pk]
                assert orphans.adopted == ([] if whose == "reply" else [queued.pk])
            assert [reply.pk for reply in leases.take_over(self.here, background=8).ended] == [held.pk]


class JudgementTests(TransactionTestCase):
    """Who may say of whom that it is dead."""

    def setUp(self) -> None:
        self.here, self.other = leases.take_lease(), leases.take_lease()

    def test_who_is_silent_is_dead_and_was_not_a_moment_before(self) -> None:
        assert leases.declare_dead(self.here) == (0, None)
        silent(self.other, 4.05)
        dead, lapses_in = leases.declare_dead(self.here)
        assert dead == 0
        assert lapses_in is not None
        assert 0 < lapses_in < 0.96
        silent(self.other, 6)
        assert leases.declare_dead(self.here) == (1, None)
        assert list(ProcessLease.objects.values_list("pk", flat=True)) == [self.here]

    def test_who_was_late_itself_judges_nobody(self) -> None:
        silent(self.other, 6)
        for late in (4, -60):
            silent(self.here, late)
            assert leases.declare_dead(self.here) == (0, None)
        assert leases.renew_lease(self.here) is not None
        assert leases.declare_dead(self.here) == (1, None)

    def test_whose_beat_lies_in_the_future_is_dead_for_those_who_beat_since(self) -> None:
        for process in (self.here, self.other):
            silent(process, -3600)
        assert leases.declare_dead(self.here) == (0, None)
        assert leases.renew_lease(self.here) is not None
        assert leases.declare_dead(self.here) == (1, None)

    def test_a_beat_tells_how_long_ago_the_last_one_was(self) -> None:
        for seconds in (60, -60):
            silent(self.here, seconds)
            silence = leases.renew_lease(self.here)
            assert silence is not None
            assert abs(silence.total_seconds() - seconds) < 30
        silent(self.here, 6)
        assert leases.declare_dead(self.other) == (1, None)
        assert leases.renew_lease(self.here) is None


@contextmanager
def writing(rows: QuerySet[Any]) -> Iterator[None]:
    """A transaction of somebody else that has written the rows and does not end before the block does."""
    wrote, go_on = threading.Event(), threading.Event()

    def write() -> None:
        try:
            with transaction.atomic():
                assert rows.select_for_update(no_key=True)
                wrote.set()
                go_on.wait(30)
        finally:
            connection.close()

    thread = threading.Thread(target=write)
    thread.start()
    try:
        assert wrote.wait(30)
        yield
    finally:
        go_on.set()
        thread.join()
