"""The queue, through what services and the worker call."""

from __future__ import annotations

from datetime import timedelta

from django.core import mail
from django.core.mail import send_mail
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from django.test import TestCase, TransactionTestCase, override_settings

from chat.jobs import queue
from chat.jobs.errors import described
from chat.jobs.figures import figures
from chat.jobs.handlers import KINDS
from chat.models import Job, Role
from chat.services.invitations import invite
from tests.jobs.working import work_off
from tests.people import alice, make_organization

QUEUED = {
    "EMAIL_BACKEND": "chat.services.mail.QueuedBackend",
    "EMAIL_DELIVERY_BACKEND": "django.core.mail.backends.locmem.EmailBackend",
}


class EnqueueTests(TestCase):
    def test_a_job_is_stored_with_what_asks_for_it_or_not_at_all(self) -> None:
        with self.assertRaises(ZeroDivisionError), transaction.atomic():
            queue.enqueue("files", {"name": "x"})
            raise ZeroDivisionError
        self.assertFalse(Job.objects.exists())

    def test_one_open_job_of_a_key_is_enough(self) -> None:
        for _ in range(3):
            queue.enqueue("files", {"name": "x"}, dedupe_key="x")
        queue.enqueue("files", {"name": "y"}, dedupe_key="y")
        queue.enqueue("mail", {}, dedupe_key="x")
        self.assertEqual(Job.objects.count(), 3)

    def test_when_it_is_done_the_key_is_free(self) -> None:
        queue.enqueue("files", {"name": "x"}, dedupe_key="x")
        (claim,) = queue.claim({"files": 1})
        self.assertTrue(queue.finish(claim))
        queue.enqueue("files", {"name": "x"}, dedupe_key="x")
        self.assertEqual(Job.objects.filter(done_at=None).count(), 1)

    def test_a_kind_that_nobody_does_is_refused(self) -> None:
        with self.assertRaises(ValueError):
            queue.enqueue("dishes", {})


class GivenUpTests(TestCase):
    def test_a_job_is_given_up_even_if_its_payload_is_one_that_nobody_understands_any_more(self) -> None:
        queue.enqueue("documents", {"what_it_was_called_once": 1})
        job = Job.objects.get()
        with self.assertLogs("chat.jobs.queue", "ERROR"):
            self.assertTrue(queue.give_up(job.pk, "too old"))
        job.refresh_from_db()
        self.assertTrue(job.given_up)


class ClaimTests(TestCase):
    def test_a_job_is_claimed_once_and_again_when_its_lease_has_lapsed(self) -> None:
        queue.enqueue("files", {"name": "x"})
        (first,) = queue.claim({"files": 4})
        self.assertEqual(queue.claim({"files": 4}), [])
        self.let_leases_lapse()
        (second,) = queue.claim({"files": 4})
        self.assertEqual((first.job, second.fence), (second.job, first.fence + 1))

    def test_a_renewed_lease_does_not_lapse(self) -> None:
        queue.enqueue("files", {"name": "x"})
        claims = queue.claim({"files": 4})
        self.let_leases_lapse()
        self.assertEqual(queue.renew(claims), set())
        self.assertEqual(queue.claim({"files": 4}), [])

    def test_what_has_ended_or_waits_again_is_neither_held_nor_lost(self) -> None:
        for name in ("ended", "failed"):
            queue.enqueue("files", {"name": name})
        ended, failed = claims = queue.claim({"files": 2})
        queue.finish(ended)
        queue.fail(failed, "no")
        before = list(Job.objects.values())
        self.assertEqual(queue.renew(claims), set())
        self.assertEqual(list(Job.objects.values()), before)

    def test_who_was_paused_writes_nothing_of_what_another_has_taken_over(self) -> None:
        queue.enqueue("files", {"name": "x"})
        (old,) = queue.claim({"files": 1})
        self.let_leases_lapse()
        (new,) = queue.claim({"files": 1})
        before = Job.objects.values().get()
        self.assertEqual(queue.renew([old]), {old.job})
        self.assertFalse(queue.finish(old))
        self.assertFalse(queue.fail(old, "late"))
        self.assertFalse(queue.give_up(old.job, "late", fence=old.fence))
        queue.release([old])
        self.assertEqual(Job.objects.values().get(), before)
        self.assertTrue(queue.finish(new))

    def test_a_kind_takes_no_slots_of_another(self) -> None:
        for number in range(20):
            queue.enqueue("files", {"name": str(number)})
        queue.enqueue("mail", {"sealed": ""})
        kinds = [claim.kind for claim in queue.claim({"files": 4, "mail": 4})]
        self.assertEqual(sorted(kinds), ["files"] * 4 + ["mail"])

    def test_what_waits_is_not_due(self) -> None:
        queue.enqueue("files", {"name": "x"}, run_at=Now() + timedelta(minutes=1))
        self.assertEqual(queue.claim({"files": 4}), [])

    def test_put_back_it_is_due_and_its_attempt_does_not_count(self) -> None:
        queue.enqueue("files", {"name": "x"})
        queue.release(queue.claim({"files": 1}))
        (claim,) = queue.claim({"files": 1})
        self.assertEqual((claim.attempts, claim.fence), (1, 2))

    def let_leases_lapse(self) -> None:
        Job.objects.update(run_at=Now() - timedelta(seconds=1), lease_until=Now() - timedelta(seconds=1))


class RetryTests(TestCase):
    """The clock is the database's: what a test lets pass is taken from the rows."""

    def pauses_of(self, kind: str) -> list[float]:
        """Fail each attempt; returns the pause after each, until the job is given up."""
        queue.enqueue(kind, {"sealed": ""} if kind == "mail" else {"name": "x"})
        pauses = []
        while claims := queue.claim({kind: 1}):
            queue.fail(claims[0], "no")
            job = Job.objects.annotate(now=Now()).get()
            if job.done_at is None:
                pauses.append((job.run_at - job.now).total_seconds())
                Job.objects.update(run_at=Now())
        return pauses

    def test_the_pauses_grow_and_then_it_is_given_up(self) -> None:
        for name in ("mail", "files"):
            with self.subTest(name):
                Job.objects.all().delete()
                pauses = self.pauses_of(name)
                self.assertEqual(len(pauses), len(KINDS[name].pauses))
                self.assertEqual(pauses, sorted(pauses))
                for pause, planned in zip(pauses, KINDS[name].pauses, strict=True):
                    self.assertTrue(0.79 * planned <= pause <= 1.21 * planned, (pause, planned))
                job = Job.objects.get()
                self.assertEqual((job.given_up, job.attempts, job.last_error), (True, len(pauses) + 1, "no"))

    def test_what_failed_together_does_not_come_again_together(self) -> None:
        pauses = {KINDS["mail"].pause(1) for _ in range(20)}
        self.assertGreater(len(pauses), 10)

    def test_an_error_is_kept_in_one_bounded_line_without_secrets(self) -> None:
        secrets = "password=hunter2 at\nhttps://x.example/invitations/abc/ 0123456789abcdefghijklmnop "
        told = described(OSError(secrets + "no " * 999))
        self.assertTrue(told.startswith("OSError: password=[removed] at … … no no"), told)
        self.assertEqual(len(told), 500)


class FiguresTests(TestCase):
    def test_open_and_given_up_jobs_are_counted_and_the_oldest_is_late(self) -> None:
        self.assertEqual((figures().counts, figures().lag), ({}, 0))
        for _ in range(3):
            queue.enqueue("files", {"name": "x"})
        queue.enqueue("mail", {"sealed": ""}, run_at=Now() + timedelta(hours=1))
        first, second = queue.claim({"files": 2})
        queue.finish(first)
        queue.give_up(second.job, "no")
        queue.enqueue("files", {"name": "x"}, run_at=Now() - timedelta(minutes=5))
        queue.claim({"files": 1})
        Job.objects.filter(lease_until=None, done_at=None, kind="files").update(
            run_at=Now() - timedelta(seconds=90)
        )
        seen = figures()
        self.assertEqual(
            seen.counts,
            {("files", "due"): 1, ("files", "running"): 1, ("files", "failed"): 1, ("mail", "waiting"): 1},
        )
        self.assertAlmostEqual(seen.lag, 90, delta=5)


@override_settings(**QUEUED)
class MailTests(TransactionTestCase):
    def test_mail_is_sent_in_the_background_and_what_it_said_is_kept_nowhere(self) -> None:
        send_mail("Come in", "The link is secret-0815.", None, ["dora@example.com"])
        self.assertEqual(mail.outbox, [])
        self.assertNotIn("secret-0815", str(Job.objects.values().get()))
        work_off()
        (sent,) = mail.outbox
        self.assertEqual((sent.subject, sent.to), ("Come in", ["dora@example.com"]))
        self.assertEqual(sent.body, "The link is secret-0815.")
        self.assertEqual(Job.objects.get(kind="mail").payload, {})

    def test_one_that_no_key_opens_any_more_is_given_up_at_once(self) -> None:
        queue.enqueue("mail", {"sealed": "gAAAA-of-another-key"})
        work_off()
        job = Job.objects.get(kind="mail")
        self.assertEqual((job.given_up, job.attempts), (True, 1))
        self.assertIn("SECRET_KEY has changed", job.last_error)

    def test_an_invitation_and_its_mail_are_stored_together_or_not_at_all(self) -> None:
        def ask() -> None:
            asked = {"email": "dora@example.com", "role": Role.MEMBER, "base_url": "http://x"}
            invite(organization=make_organization(), by=alice(), **asked)  # type: ignore[arg-type]

        with self.assertRaises(ZeroDivisionError), transaction.atomic():
            ask()
            raise ZeroDivisionError
        self.assertFalse(Job.objects.exists())
        ask()
        work_off()
        self.assertIn("http://x/invitations/", str(mail.outbox[0].body))


class PeriodicTests(TransactionTestCase):
    def test_housekeeping_queues_itself_again_an_hour_later(self) -> None:
        for _ in range(2):
            work_off()
        done, coming = Job.objects.annotate(wait=F("run_at") - Now()).order_by("created_at")
        self.assertIsNotNone(done.done_at)
        self.assertIsNone(coming.done_at)
        self.assertAlmostEqual(coming.wait, timedelta(hours=1), delta=timedelta(minutes=1))
