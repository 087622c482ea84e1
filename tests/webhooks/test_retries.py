"""A receiver that is down, slow, gone or huge, and what becomes of the calls to it."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from unittest.mock import patch

from django.db.models import Sum
from django.db.models.functions import Now

from chat.db import in_database
from chat.jobs.handlers import KINDS
from chat.jobs.worker import Worker
from chat.models import Job, Message, WebhookRecord
from chat.webhooks.call import CONNECT_SECONDS
from tests import people
from tests.jobs.working import work_off
from tests.webhooks.answering import answered, listening, program
from tests.webhooks.receiver import Reaction, Receiver
from tests.webhooks.test_delivery import WebhookTestCase

HOUR = 3600
AT_ONCE = KINDS["webhook"].share


class RetryTests(WebhookTestCase):
    def test_a_receiver_that_is_down_is_asked_for_about_three_days_and_then_no_more(self) -> None:
        self.receiver.reaction = Reaction(500, piece=b"out of order")
        answered(self.program)
        ladder, waited = KINDS["webhook"].pauses, 0.0
        for attempt, pause in enumerate(ladder, start=1):
            work_off()
            self.assertEqual(len(self.receiver.heard), attempt)
            measured = self.pause()
            self.assertLess(abs(measured - pause), pause * 0.2 + 3, attempt)
            waited += pause
            self.come_to_be_due()
        work_off()
        self.assertTrue(self.job().given_up)
        self.assertEqual(len(self.receiver.heard), len(ladder) + 1)
        self.assertTrue(60 * HOUR < waited < 80 * HOUR)
        kept = WebhookRecord.objects.order_by("attempt").values_list("attempt", "status_code", "response")
        self.assertEqual(list(kept), [(n, 500, "out of order") for n in range(1, len(ladder) + 2)])

    def test_retry_after_is_waited_for_and_never_shortens_the_pause(self) -> None:
        for status, value, expected in ((503, "600", 600), (429, "1", 5), (503, "soon", 5)):
            with self.subTest(value=value):
                Job.objects.all().delete()
                self.receiver.reaction = Reaction(status, {"Retry-After": value})
                answered(self.program)
                work_off()
                self.assertLess(abs(self.pause() - expected), 5)

    def test_gone_switches_the_webhook_off(self) -> None:
        self.receiver.reaction = Reaction(410)
        answered(self.program)
        waiting = answered(self.program)
        Job.objects.filter(payload__message=str(waiting.pk)).update(run_at=Now() + timedelta(hours=1))
        work_off()
        self.chatbot.refresh_from_db()
        self.assertIsNotNone(self.chatbot.webhook_gone_at)
        self.assertEqual(Job.objects.filter(kind="webhook", given_up=True).count(), 1)
        answered(self.program)
        self.come_to_be_due()
        work_off()
        self.assertEqual(len(self.receiver.heard), 1)

    def test_a_redirect_is_a_failure_and_is_not_followed(self) -> None:
        with Receiver() as other:
            for status in (301, 302, 303, 307, 308):
                self.receiver.reaction = Reaction(status, {"Location": other.url})
                answered(self.program)
            work_off()
            self.assertEqual(other.heard, [])
        records = WebhookRecord.objects.values_list("error", flat=True)
        self.assertEqual(set(records), {"redirect"})
        self.assertEqual(Job.objects.filter(kind="webhook", done_at=None).count(), 5)

    def test_an_answer_of_any_size_costs_a_few_kilobytes(self) -> None:
        self.receiver.reaction = Reaction(200, piece=b"\x00\xff" * 32_768, pieces=4096)
        answered(self.program)
        work_off()
        record = WebhookRecord.objects.get()
        self.assertEqual((record.status_code, record.error), (200, ""))
        self.assertEqual(len(record.response), 2048)
        self.assertLess(self.receiver.sent, 16 * 1024 * 1024)

    def test_a_slow_receiver_is_left_after_the_time_and_asked_again(self) -> None:
        self.receiver.hold()
        answered(self.program)
        with patch("chat.webhooks.call.SECONDS", 0.3):
            work_off()
        record = WebhookRecord.objects.get()
        self.assertEqual((record.status_code, record.error), (None, "timeout"))
        self.assertTrue(300 <= (record.milliseconds or 0) < CONNECT_SECONDS * 1000)
        self.receiver.release()
        self.come_to_be_due()
        work_off()
        kept = WebhookRecord.objects.order_by("attempt").values_list("attempt", "status_code")
        self.assertEqual(list(kept), [(1, None), (2, 200)])
        self.assertEqual({heard.id for heard in self.receiver.heard}, {str(record.message_id)})

    def test_what_answers_nothing_that_is_http_is_recorded_with_its_reason(self) -> None:
        cases = {
            "http://127.0.0.1:1/": "unreachable",
            self.receiver.url.replace("http:", "https:"): "tls",
            "http://name.invalid/": "unknown_host",
            "http://user:password@127.0.0.1/": "bad_address",
        }
        for url, error in cases.items():
            with self.subTest(url=url):
                listening(self.home, url)
                message: Message = answered(self.program)
                work_off()
                record = WebhookRecord.objects.get(message=message)
                self.assertEqual((record.status_code, record.error), (None, error))

    def test_what_waits_for_a_slow_receiver_is_not_claimed_and_leaves_room_for_those_of_others(self) -> None:
        self.receiver.hold()
        for _ in range(AT_ONCE * 5):
            answered(self.program)
        elsewhere = people.make_organization(people.ELSEWHERE)
        others = program(elsewhere)

        async def scene() -> None:
            worker = Worker()
            async with asyncio.timeout(30):
                for number in range(1, 11):  # each of them makes the worker look for what is due
                    await in_database(answered, others)
                    while len(quick.heard) < number:  # noqa: ASYNC110 (it tells nobody)
                        await asyncio.sleep(0.02)
                while len(self.receiver.heard) < AT_ONCE:  # noqa: ASYNC110 (nor does this one)
                    await asyncio.sleep(0.02)
                claims, heard = await in_database(self.claims_of_slow), len(self.receiver.heard)
                self.receiver.release()  # from here on there is room for more of them
            await worker.drain(5)
            self.assertEqual((claims, heard), (AT_ONCE, AT_ONCE))

        with Receiver() as quick, patch("chat.webhooks.call.SECONDS", 60):  # the slow one outlasts the scene
            listening(elsewhere, quick.url)
            asyncio.run(scene())
        work_off()
        self.assertEqual(len({heard.id for heard in self.receiver.heard}), AT_ONCE * 5)
        self.assertEqual(self.claims_of_slow(), AT_ONCE * 5)

    def claims_of_slow(self) -> int:
        """How often jobs of the first receiver's were claimed, in all."""
        slow = Message.objects.filter(conversation__chatbot=self.chatbot).values_list("pk", flat=True)
        jobs = Job.objects.filter(kind="webhook", dedupe_key__in=[str(pk) for pk in slow])
        found: int = jobs.aggregate(claims=Sum("fence"))["claims"]
        return found
