from __future__ import annotations

from django.test import TestCase

from chat.knowledge.citations import citation_nodes, citations, cited_numbers, count_hits
from chat.knowledge.search import search
from chat.models import Passage
from tests.knowledge.corpus import knowledge_base
from tests.people import make_organization


def test_numbers_in_brackets_are_citations_each_once() -> None:
    assert cited_numbers("So it is [2]. And so [1][2].") == [2, 1]


def test_numbers_in_code_and_links_are_not() -> None:
    text = "See [3](https://example.com) and `a[4]`.\n\n```py\nb[5]\n```\n\nBut this [6].\n\n[7]: https://example.com"
    assert cited_numbers(text) == [6]


class CitationTests(TestCase):
    def setUp(self) -> None:
        self.base = knowledge_base(
            make_organization(),
            oak="# Trees\n\n## Oak\n\nOaks drop acorns in autumn, and squirrels bury the acorns.\n",
            elm="# More trees\n\nElms drop no acorns in autumn.\n",
        )
        self.found = search(knowledge_bases=[self.base.pk], question="acorns in autumn")

    def test_a_node_has_the_fields_of_the_api(self) -> None:
        node = citation_nodes(self.found)[0]
        passage = self.found[0].passage
        self.assertEqual(node["number"], 1)
        self.assertEqual(node["displayScore"], round(self.found[0].score * 100))
        self.assertEqual(
            set(node["chatbotTextNode"]),
            {
                "id", "charactersCount", "hitsCount", "text", "updatedAt", "filename", "title", "heading",
                "chatbotFile", "pageNumber",
            },
        )  # fmt: skip
        self.assertEqual(node["chatbotTextNode"]["id"], str(passage.pk))
        self.assertRegex(node["chatbotTextNode"]["updatedAt"], r"^\d{13}$")

    def test_nodes_are_numbered_in_the_order_found_and_can_be_chosen_by_number(self) -> None:
        self.assertEqual([node["number"] for node in citation_nodes(self.found)], [1, 2])
        self.assertEqual([node["number"] for node in citation_nodes(self.found, only=[2, 9])], [2])

    def test_a_file_that_is_cited_twice_stands_there_once(self) -> None:
        files = citations([*self.found, *self.found])
        self.assertEqual(sorted(file["filename"] for file in files), ["elm.md", "oak.md"])
        self.assertEqual(files[0]["knowledgeBase"], {"id": str(self.base.pk), "name": self.base.name})
        self.assertEqual((files[0]["status"], files[0]["file"]), ("done", None))

    def test_hits_are_counted_for_what_is_cited(self) -> None:
        count_hits(self.found, only=[1])
        hits = dict(Passage.objects.values_list("pk", "hits_count"))
        self.assertEqual(hits, {self.found[0].passage.pk: 1, self.found[1].passage.pk: 0})
