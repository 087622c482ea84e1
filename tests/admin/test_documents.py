"""Documents come in through the admin."""

from __future__ import annotations

from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, TransactionTestCase

from chat.models import KnowledgeBase, KnowledgeFile, Passage
from tests.jobs.working import work_off
from tests.people import alice, charlie, make_organization, organization_of


class DocumentTests(TransactionTestCase):
    def setUp(self) -> None:
        self.client = Client()
        self.client.force_login(alice())
        self.base = KnowledgeBase.objects.create(organization=make_organization(), name="Rules")

    def upload(self, name: str, content: bytes, base: KnowledgeBase | None = None) -> Any:
        form = {
            "knowledge_base": (base or self.base).pk,
            "document": SimpleUploadedFile(name, content),
            "title": "",
        }
        response = self.client.post("/admin/chat/knowledgefile/add/", form)
        work_off()
        return response

    def test_a_document_becomes_passages(self) -> None:
        response = self.upload("returns.md", "# Returns\n\nWithin 30 days, with the receipt. 退貨".encode())
        self.assertRedirects(response, "/admin/chat/knowledgefile/")
        file = KnowledgeFile.objects.get()
        self.assertEqual((file.filename, file.title, file.status), ("returns.md", "Returns", "done"))
        self.assertIn("Within 30 days", Passage.objects.get().text)

    def test_one_of_the_same_name_is_replaced(self) -> None:
        for text in (b"Within 30 days.", b"Within 14 days."):
            self.upload("returns.txt", text)
        self.assertEqual([passage.text for passage in Passage.objects.all()], ["Within 14 days."])

    def test_what_is_not_a_text_is_refused_with_a_reason(self) -> None:
        for name, content, said in (
            ("page.html", b"<p>x</p>", "not allowed"),
            ("photo.txt", b"\xff\xd8\xff\xe0", "not text in UTF-8"),
            ("long.md", b"x" * (5 * 1024 * 1024 + 1), "over 5 MB"),
            ("empty.md", b"", "empty"),
        ):
            self.assertContains(self.upload(name, content), said)
        self.assertFalse(KnowledgeFile.objects.exists())

    def test_a_path_in_the_name_is_cut_off(self) -> None:
        self.upload("../../etc/passwd.txt", b"root")
        self.assertEqual(KnowledgeFile.objects.get().filename, "passwd.txt")

    def test_nothing_comes_into_a_strangers_knowledge_base(self) -> None:
        foreign = KnowledgeBase.objects.create(organization=organization_of(charlie()), name="Theirs")
        self.upload("returns.md", b"Within 30 days.", foreign)
        self.assertFalse(KnowledgeFile.objects.exists())
