"""The jobs of the server, as superusers see and order them."""

from __future__ import annotations

from datetime import timedelta

from django.core.mail import send_mail
from django.db.models.functions import Now
from django.test import Client, TestCase, override_settings

from chat.jobs import queue
from chat.models import FileStatus, Job, KnowledgeBase, KnowledgeFile
from chat.services.documents import add_document
from tests.people import alice, make_organization, root

URL = "/admin/chat/job/"


class JobsTests(TestCase):
    def setUp(self) -> None:
        self.client = Client()
        self.client.force_login(root())

    def choose(self, action: str, *jobs: Job, by: Client | None = None) -> str:
        form = {"action": action, "_selected_action": [str(job.pk) for job in jobs]}
        return (by or self.client).post(URL, form, follow=True).content.decode()

    def one_of_each_state(self) -> dict[str, Job]:
        """Claimed, ended and given up through the queue itself."""
        for name in ("done", "failed", "running"):
            queue.enqueue("files", {"name": name})
            (claim,) = queue.claim({"files": 1})
            if name == "done":
                queue.finish(claim)
            elif name == "failed":
                queue.give_up(claim.job, "The disk is full.")
        queue.enqueue("files", {"name": "due"})
        queue.enqueue("files", {"name": "waiting"}, run_at=Now() + timedelta(hours=1))
        found = Job.objects.order_by("created_at", "run_at")
        return {job.payload.get("name", "done"): job for job in found}

    def listed(self, query: str) -> set[str]:
        return {str(row.pk) for row in self.client.get(URL + query).context["cl"].result_list}

    def test_they_are_listed_by_state_and_kind(self) -> None:
        jobs = self.one_of_each_state()
        queue.enqueue("mail", {"sealed": "x"})
        for state in ("done", "failed", "running", "waiting", "due"):
            self.assertEqual(self.listed(f"?state={state}&kind=files"), {str(jobs[state].pk)}, state)
        self.assertEqual(len(self.listed("?kind=mail")), 1)
        self.assertIn("The disk is full.", self.client.get(URL).content.decode())

    @override_settings(EMAIL_BACKEND="chat.services.mail.QueuedBackend")
    def test_nobody_reads_what_a_job_was_told(self) -> None:
        send_mail("Come in", "secret-0815", None, ["dora@example.com"])
        job = Job.objects.get()
        for page in (URL, f"{URL}{job.pk}/change/"):
            shown = self.client.get(page).content.decode()
            for secret in ("secret-0815", "dora@", job.payload["sealed"][:40], "payload"):
                self.assertNotIn(secret, shown, page)

    def test_run_now_makes_due_what_waits_or_was_given_up(self) -> None:
        jobs = self.one_of_each_state()
        page = self.choose("run_now", *jobs.values())
        self.assertIn("3 jobs are due now.", page)
        self.assertEqual(
            {claim.job for claim in queue.claim({"files": 9})},
            {jobs[name].pk for name in ("waiting", "failed", "due")},
        )

    def test_give_up_ends_what_is_open_and_whoever_runs_it_loses_it(self) -> None:
        jobs = self.one_of_each_state()
        page = self.choose("give_up", *jobs.values())
        self.assertIn("3 jobs were given up.", page)
        self.assertEqual(queue.claim({"files": 9}), [])
        given_up = Job.objects.get(pk=jobs["running"].pk)
        self.assertEqual((given_up.given_up, given_up.last_error), (True, "Given up by root."))
        self.assertEqual(Job.objects.get(pk=jobs["done"].pk).given_up, False)

    def test_one_that_was_given_up_does_not_come_back_beside_another_that_does_the_same(self) -> None:
        queue.enqueue("files", {"name": "x"}, dedupe_key="x")
        first = Job.objects.get()
        queue.give_up(first.pk, "no")
        queue.enqueue("files", {"name": "x"}, dedupe_key="x")
        self.assertIn("0 jobs are due now.", self.choose("run_now", first))

    def test_an_organizations_admin_orders_nothing(self) -> None:
        queue.enqueue("files", {"name": "x"})
        client = Client()
        client.force_login(alice())
        for action in ("run_now", "give_up"):
            self.choose(action, Job.objects.get(), by=client)
        self.assertIsNone(Job.objects.get().done_at)

    def test_a_document_whose_job_is_given_up_has_failed_and_can_be_asked_for_again(self) -> None:
        base = KnowledgeBase.objects.create(organization=make_organization(), name="Rules")
        file = add_document(knowledge_base=base, filename="a.md", title="", text="Within 30 days.")
        self.choose("give_up", Job.objects.get())
        self.client.force_login(alice())
        page = self.client.get(f"/admin/chat/knowledgefile/{file.pk}/change/").content.decode()
        self.assertIn("It could not be read or indexed.", page)
        form = {"action": "index_again", "_selected_action": [str(file.pk)]}
        page = self.client.post("/admin/chat/knowledgefile/", form, follow=True).content.decode()
        self.assertIn("1 document is indexed again.", page)
        self.assertEqual(KnowledgeFile.objects.get().status, FileStatus.INITIAL)
        self.assertEqual(len(queue.claim({"documents": 9})), 1)
