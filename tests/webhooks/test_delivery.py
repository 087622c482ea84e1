"""Webhooks, from the end of a reply to the receiver's answer and what becomes of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from unittest.mock import patch
from uuid import uuid4

from django.db import connection
from django.db.models.functions import Now
from django.test import TransactionTestCase, override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from standardwebhooks import WebhookVerificationError

from chat.models import Chatbot, Job, ReplyState, WebhookRecord
from chat.replies import leases, records
from chat.selectors import member_principal
from chat.services.housekeeping import useless, webhook_records_beyond
from chat.services.messages import post_message
from chat.services.outgoing import post_outgoing
from chat.services.replies import request_stop
from chat.services.webhooks import REASONS
from chat.webhooks import sign
from tests import people
from tests.harness.server import ROOT
from tests.jobs.working import work_off
from tests.webhooks.answering import ANSWER, answered, listening, program, running
from tests.webhooks.receiver import Reaction, Receiver


@override_settings(WEBHOOK_PRIVATE_ADDRESSES=True)
class WebhookTestCase(TransactionTestCase):
    def setUp(self) -> None:
        receiver = Receiver()
        self.receiver = self.enterContext(receiver)
        people.alice()
        self.home = people.make_organization()
        self.chatbot = listening(self.home, receiver.url)
        self.program = program(self.home)

    def job(self) -> Job:
        return Job.objects.get(kind="webhook")

    def pause(self) -> float:
        """Seconds until the job is due again, by the database's clock."""
        due, now = Job.objects.filter(kind="webhook").annotate(now=Now()).values_list("run_at", "now")[0]
        return (due - now).total_seconds()

    def come_to_be_due(self) -> None:
        """The clock goes on until it is."""
        Job.objects.filter(kind="webhook").update(run_at=Now() - timedelta(seconds=1))

    @contextmanager
    def costs(self) -> Iterator[list[str]]:
        asked: list[str] = []
        with CaptureQueriesContext(connection) as captured:
            yield asked
        asked += [query["sql"] for query in captured]


class PayloadTests(WebhookTestCase):
    def test_a_finished_reply_is_sent_with_all_that_receivers_look_for(self) -> None:
        message = answered(self.program)
        work_off()
        (heard,) = self.receiver.heard
        sent = heard.message
        self.assertEqual(heard.path, "/webhook")
        self.assertEqual((sent["id"], sent["type"], sent["content"]), (str(message.pk), "outgoing", ANSWER))
        for name in ("conversation", "conversationId", "conversation_id"):
            self.assertEqual(sent[name], str(message.conversation_id))
        self.assertRegex(sent["createdAt"], r"^\d{13}$")
        self.assertEqual(sent["created_at"], sent["createdAt"])
        self.assertEqual(sent["sender"]["id"], self.chatbot.pk.int)
        self.assertIsNone(sent["feedback"])
        self.assertEqual([sent["attachments"], sent["citations"], sent["citationNodes"]], [[], [], []])
        self.assertEqual((sent["status"], sent["error"]), ("complete", None))
        record = WebhookRecord.objects.get()
        self.assertEqual((record.message, record.url, record.attempt), (message, self.receiver.url, 1))
        self.assertEqual((record.status_code, record.error), (200, ""))
        self.assertEqual(record.request_body, sent)
        self.assertIsNotNone(self.job().done_at)

    def test_a_reply_that_failed_says_so_because_no_other_message_will_come(self) -> None:
        answered(self.program, "Half", ReplyState.FAILED, error_code="upstream_cut")
        work_off()
        sent = self.receiver.heard[0].message
        self.assertEqual((sent["content"], sent["status"]), ("Half", "failed"))
        self.assertEqual((sent["error"]["code"], sent["error"]["retryable"]), ("upstream_cut", True))

    def test_a_reply_whose_process_died_is_told_with_what_it_had(self) -> None:
        claim = running(self.program)
        records.store_partials(claim.process, [records.Partial(claim.reply, claim.fence, 1, "Half a")])
        leases.end_unknown(claim.process, {claim.reply})
        work_off()
        sent = self.receiver.heard[0].message
        self.assertEqual((sent["content"], sent["status"]), ("Half a", "interrupted"))
        self.assertEqual(sent["error"]["code"], "worker_lost")

    def test_a_reply_that_is_stopped_before_it_begins_is_told(self) -> None:
        posted = post_message(principal=self.program, id=uuid4(), conversation=uuid4(), content="May I?")
        assert posted.reply
        request_stop(principal=self.program, reply=posted.reply.pk)
        work_off()
        sent = self.receiver.heard[0].message
        self.assertEqual((sent["id"], sent["status"]), (str(posted.reply.outgoing_id), "stopped"))

    def test_the_documentation_shows_what_is_sent_and_every_reason(self) -> None:
        answered(self.program)
        work_off()
        page = (ROOT / "docs/webhooks.md").read_text()
        example = json.loads(page.split("```json\n")[1].split("```")[0])
        self.assertEqual(example.keys(), self.receiver.heard[0].message.keys())
        self.assertEqual(example["sender"].keys(), self.receiver.heard[0].message["sender"].keys())
        reasons = set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)) | {"redirect", "status"}
        self.assertEqual(reasons, set(REASONS))

    def test_members_conversations_are_told_only_when_the_chatbot_says_so(self) -> None:
        member = member_principal(people.alice())
        assert member
        answered(member)
        self.assertFalse(Job.objects.filter(kind="webhook").exists())
        listening(self.home, self.receiver.url, webhook_for_members=True)
        message = answered(member)
        work_off()
        self.assertEqual([heard.id for heard in self.receiver.heard], [str(message.pk)])

    def test_a_chatbot_that_was_taken_away_calls_nobody(self) -> None:
        talk = answered(self.program).conversation_id
        Chatbot.objects.update(is_active=False)
        work_off()
        post_outgoing(principal=self.program, id=uuid4(), conversation=talk, content="By hand")
        self.assertEqual((self.receiver.heard, Job.objects.filter(kind="webhook").count()), ([], 1))
        self.assertIsNotNone(self.job().done_at)

    def test_a_message_that_a_program_posts_is_sent_too(self) -> None:
        talk = answered(self.program).conversation_id
        posted = post_outgoing(principal=self.program, id=uuid4(), conversation=talk, content="By hand")
        work_off()
        sent = {heard.id: heard.message for heard in self.receiver.heard}[str(posted.message.pk)]
        self.assertEqual((sent["content"], sent["status"], sent["type"]), ("By hand", "complete", "outgoing"))

    def test_a_chatbot_without_a_webhook_costs_nothing_at_the_end_of_a_reply(self) -> None:
        def cost() -> int:
            claim = running(self.program)
            outcome = records.Outcome(ReplyState.COMPLETE, "x", seq=1)
            records.end(running(self.program), outcome)  # what is prepared once for each thread
            with self.costs() as asked:
                records.end(claim, outcome)
            return len(asked)

        with_webhook = cost()
        listening(self.home, None)
        without = cost()
        with patch("chat.replies.records.announce"):
            self.assertEqual(cost(), without)
        self.assertEqual(with_webhook, without + 1)

    def test_an_end_that_is_not_stored_is_not_told(self) -> None:
        claim = running(self.program)
        with (
            patch("chat.replies.records.hint_row", side_effect=RuntimeError),
            self.assertRaises(RuntimeError),
        ):
            records.end(claim, records.Outcome(ReplyState.COMPLETE, "x", seq=1))
        self.assertFalse(Job.objects.filter(kind="webhook").exists())

    def test_what_was_deleted_meanwhile_is_not_sent_and_its_records_go(self) -> None:
        self.receiver.reaction = Reaction(500)
        message = answered(self.program)
        work_off()
        message.conversation.delete()
        self.come_to_be_due()
        work_off()
        self.assertEqual(len(self.receiver.heard), 1)
        self.assertIsNotNone(self.job().done_at)
        for rows in useless():
            rows.delete()
        self.assertFalse(WebhookRecord.objects.exists())

    def test_of_many_records_of_one_chatbot_the_newest_are_kept(self) -> None:
        messages = [answered(self.program) for _ in range(3)]
        work_off()
        WebhookRecord.objects.filter(message=messages[0]).update(created_at=Now() - timedelta(hours=1))
        (rows,) = webhook_records_beyond(2)
        rows.delete()
        kept = set(WebhookRecord.objects.values_list("message", flat=True))
        self.assertEqual(kept, {message.pk for message in messages[1:]})
        self.assertEqual(webhook_records_beyond(2), [])

    def test_a_record_keeps_a_bounded_part_of_a_long_message(self) -> None:
        answered(self.program, "長" * 60_000)
        work_off()
        self.assertEqual(len(self.receiver.heard[0].message["content"]), 60_000)
        kept = WebhookRecord.objects.get().request_body
        self.assertLess(len(kept["content"]), 3000)
        self.assertTrue(kept["shortened"])


class SignatureTests(WebhookTestCase):
    def secret(self) -> str:
        return Chatbot.objects.get(pk=self.chatbot.pk).webhook_secret

    def test_the_library_of_receivers_verifies_each_attempt_under_one_id(self) -> None:
        self.receiver.reaction = Reaction(500)
        message = answered(self.program)
        work_off()
        self.receiver.reaction = Reaction(204)
        self.come_to_be_due()
        work_off()
        first, second = self.receiver.heard
        for heard in (first, second):
            self.assertEqual(heard.verified(self.secret())["id"], str(message.pk))
            self.assertEqual(heard.id, str(message.pk))
        self.assertEqual(first.body, second.body)

    def test_another_body_id_time_or_secret_is_not_verified(self) -> None:
        answered(self.program)
        work_off()
        (heard,) = self.receiver.heard
        old = str(int(heard.headers["webhook-timestamp"]) - 600)
        for changed in (
            {"webhook-id": str(self.chatbot.pk)},
            {"webhook-timestamp": old},
            {"webhook-signature": heard.headers["webhook-signature"][:-4] + "AAA="},
        ):
            with self.assertRaises(WebhookVerificationError):
                type(heard)(heard.path, heard.headers | changed, heard.body).verified(self.secret())
        with self.assertRaises(WebhookVerificationError):
            type(heard)(heard.path, heard.headers, heard.body + " ").verified(self.secret())
        with self.assertRaises(WebhookVerificationError):
            heard.verified("whsec_" + "A" * 43 + "=")

    def test_after_a_new_secret_both_are_valid_for_a_day_and_then_the_new_one_only(self) -> None:
        answered(self.program)
        work_off()
        old = self.secret()
        new = sign.rotate(self.chatbot)
        self.assertEqual(self.secret(), new)
        answered(self.program)
        work_off()
        heard = self.receiver.heard[-1]
        self.assertEqual(heard.verified(old), heard.verified(new))
        Chatbot.objects.update(webhook_old_secret_until=timezone.now() - timedelta(seconds=1))
        answered(self.program)
        work_off()
        heard = self.receiver.heard[-1]
        heard.verified(new)
        with self.assertRaises(WebhookVerificationError):
            heard.verified(old)

    def test_a_second_press_drops_the_secret_that_nobody_has_taken_over(self) -> None:
        answered(self.program)
        work_off()
        known = self.secret()
        first, second = sign.rotate(self.chatbot), sign.rotate(self.chatbot)
        answered(self.program)
        work_off()
        heard = self.receiver.heard[-1]
        self.assertEqual(heard.verified(known), heard.verified(second))
        with self.assertRaises(WebhookVerificationError):
            heard.verified(first)
        Chatbot.objects.update(webhook_old_secret_until=timezone.now() + sign.OVERLAP - sign.SLIP)
        third = sign.rotate(self.chatbot)
        answered(self.program)
        work_off()
        heard = self.receiver.heard[-1]
        self.assertEqual(heard.verified(second), heard.verified(third))

    def test_a_secret_that_leaked_ends_at_once(self) -> None:
        answered(self.program)
        work_off()
        old = self.secret()
        sign.rotate(self.chatbot, overlap=timedelta())
        answered(self.program)
        work_off()
        with self.assertRaises(WebhookVerificationError):
            self.receiver.heard[-1].verified(old)
