from __future__ import annotations

import tempfile
from pathlib import Path

from django.test import TestCase

from chat.knowledge.ingest import sync_file, sync_folder
from chat.knowledge.search import search
from chat.models import KnowledgeBase, KnowledgeFile, Passage
from tests.people import make_organization

GARDEN = "# Garden\n\nRoses need water every morning.\n"


class SyncFileTests(TestCase):
    def setUp(self) -> None:
        self.base = KnowledgeBase.objects.create(organization=make_organization(), name="Library")

    def sync(self, text: str, *, filename: str = "garden.md", title: str = "") -> KnowledgeFile:
        return sync_file(knowledge_base=self.base, filename=filename, title=title, text=text)

    def found(self, question: str) -> list[str]:
        return [one.text for one in search(knowledge_bases=[self.base.pk], question=question)]

    def test_a_text_becomes_a_file_with_passages(self) -> None:
        file = self.sync(GARDEN)
        self.assertEqual((file.title, file.status, file.file_type), ("Garden", "done", "text/markdown"))
        self.assertEqual(file.size, len(GARDEN.encode()))
        self.assertEqual(file.passages.get().text, "Roses need water every morning.")

    def test_the_same_text_again_changes_nothing(self) -> None:
        before = self.sync(GARDEN).passages.get().pk
        self.assertEqual(self.sync(GARDEN).passages.get().pk, before)
        self.assertEqual(KnowledgeFile.objects.count(), 1)

    def test_another_text_under_the_same_name_replaces_what_is_found(self) -> None:
        self.sync(GARDEN)
        self.sync("# Garden\n\nTulips sleep in winter.\n")
        self.assertEqual(self.found("When do roses need water?"), [])
        self.assertEqual(self.found("When do tulips sleep?"), ["Tulips sleep in winter."])

    def test_a_given_title_is_kept_and_without_any_the_file_name_serves(self) -> None:
        self.assertEqual(self.sync(GARDEN, title="My garden").title, "My garden")
        self.assertEqual(self.sync("Just text.", filename="notes/today.txt").title, "today")

    def test_a_nul_in_a_text_is_left_out(self) -> None:
        self.assertEqual(self.sync("Roses\x00 bloom.").passages.get().text, "Roses bloom.")

    def test_a_file_that_is_deleted_is_not_found_any_more(self) -> None:
        self.sync(GARDEN).delete()
        self.assertEqual(self.found("When do roses need water?"), [])

    def test_an_organization_that_is_deleted_leaves_nothing_behind(self) -> None:
        self.sync(GARDEN)
        self.base.organization.delete()
        self.assertEqual(self.found("When do roses need water?"), [])
        self.assertEqual(Passage.objects.count(), 0)


class SyncFolderTests(TestCase):
    def test_the_knowledge_base_follows_the_folder(self) -> None:
        base = KnowledgeBase.objects.create(organization=make_organization(), name="Library")
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "deep").mkdir()
            (folder / "garden.md").write_text(GARDEN)
            (folder / "deep" / "notes.txt").write_text("Bees like lavender.")
            (folder / "picture.png").write_bytes(b"\x89PNG")
            sync_folder(knowledge_base=base, folder=folder)
            self.assertEqual(self.names(base), ["deep/notes.txt", "garden.md"])
            (folder / "garden.md").unlink()
            sync_folder(knowledge_base=base, folder=folder)
            self.assertEqual(self.names(base), ["deep/notes.txt"])

    def names(self, base: KnowledgeBase) -> list[str]:
        return sorted(base.files.values_list("filename", flat=True))
