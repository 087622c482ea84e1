"""The product's own documentation, searched and answered from as the demo does it."""

from __future__ import annotations

from typing import ClassVar

from django.test import TestCase

from chat.models import KnowledgeBase
from tests.knowledge.corpus import ask, documentation
from tests.knowledge.questions import ANSWERED, NOT_ANSWERED
from tests.people import make_organization

#: Shares of the table; the search knows words, not meanings, so that some questions stay out of its reach.
LEAST_ANSWERED, LEAST_HONEST = 0.9, 0.97


class DocumentationTests(TestCase):
    base: ClassVar[KnowledgeBase]

    @classmethod
    def setUpTestData(cls) -> None:
        cls.base = documentation(make_organization())

    def test_how_to_embed_is_answered_with_steps_and_code_and_their_source(self) -> None:
        text, cited = ask(self.base, "How do I embed the chat on my site?")
        self.assertEqual(cited, ["embed.md"])
        self.assertIn("1. In the admin", text)
        self.assertIn("/js/embed.min.js", text)
        self.assertIn("<iframe", text)

    def test_a_chinese_question_is_answered_in_chinese_from_the_chinese_document(self) -> None:
        text, cited = ask(self.base, "重新整理網頁之後，回覆會不會消失？")
        self.assertEqual(cited, ["zh-hant/faq.md"])
        self.assertTrue(text.startswith("不會消失。"), text)

    def test_what_it_does_not_know_it_says_plainly_and_names_what_it_knows(self) -> None:
        text, cited = ask(self.base, "Who won the 1998 World Cup?")
        self.assertEqual(cited, [])
        self.assertEqual(
            text,
            "I found nothing about “1998 World Cup” in what I know. "
            "I can answer questions about “Embed the chat on your site”, “Operate” and “常見問題”.",
        )

    def test_most_questions_about_the_product_are_answered_from_the_right_page(self) -> None:
        missed = [
            f"{question}: {cited}"
            for question, files in ANSWERED
            if not files & set(cited := ask(self.base, *question.split(" || "))[1])
        ]
        self.assertLessEqual(len(missed), (1 - LEAST_ANSWERED) * len(ANSWERED), "\n".join(missed))

    def test_questions_about_other_things_are_honestly_not_answered(self) -> None:
        invented = [
            f"{question}: {cited}" for question in NOT_ANSWERED if (cited := ask(self.base, question)[1])
        ]
        self.assertLessEqual(len(invented), (1 - LEAST_HONEST) * len(NOT_ANSWERED), "\n".join(invented))
