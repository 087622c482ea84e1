from __future__ import annotations

import threading

from django.db import connection
from django.test import TestCase, TransactionTestCase

from chat.knowledge.search import search
from chat.models import KnowledgeBase, Passage
from tests.knowledge.corpus import knowledge_base
from tests.people import ELSEWHERE, make_organization

GARDEN = """# Garden

## Roses

Roses need water every morning. Cut them in spring, above an eye that looks outwards.

## Compost

Kitchen scraps become compost in six months. Turn the heap with a fork every week, and keep it moist.
"""
KITCHEN = "# Kitchen\n\n## Bread\n\nBake the bread for forty minutes at 220 degrees. Let it cool on a grid.\n"
CHINESE = """# 手冊

## 退貨

商品到貨後七天內可以申請退貨，請保留發票與包裝。

## 付款

可以使用信用卡或銀行轉帳付款。
"""


class SearchTests(TestCase):
    def setUp(self) -> None:
        self.home = knowledge_base(make_organization(), garden=GARDEN, kitchen=KITCHEN, manual=CHINESE)

    def headings(self, question: str, *, earlier: str = "", base: KnowledgeBase | None = None) -> list[str]:
        base = base or self.home
        return [one.heading for one in search(knowledge_bases=[base.pk], question=question, earlier=earlier)]

    def test_other_forms_of_the_same_words_are_found(self) -> None:
        self.assertEqual(self.headings("How long do you bake breads?"), ["Bread"])
        self.assertEqual(self.headings("turning the compost heaps"), ["Roses · Compost"])

    def test_a_chinese_question_is_found_without_spaces_between_words(self) -> None:
        self.assertIn("退貨", self.headings("請問可以退貨嗎？")[0])
        self.assertIn("付款", self.headings("怎麼付款")[0])

    def test_what_nothing_speaks_of_is_not_found(self) -> None:
        for question in ("Who won the 1998 World Cup?", "What is this?", "", "???", "誰發明了電話？"):
            self.assertEqual(self.headings(question), [], question)

    def test_a_word_in_passing_is_not_enough(self) -> None:
        self.assertEqual(self.headings("Which minutes of the parliament mention the railway strike?"), [])

    def test_a_name_that_nothing_knows_is_not_made_up_for_by_common_words(self) -> None:
        self.assertEqual(self.headings("What is the water level in Amsterdam?"), [])

    def test_a_question_that_leans_on_the_one_before_is_found_with_it(self) -> None:
        self.assertEqual(self.headings("And how long?"), [])
        self.assertEqual(self.headings("And how long?", earlier="How do I bake bread?"), ["Bread"])

    def test_a_question_that_stands_alone_does_not_look_back(self) -> None:
        found = self.headings("How do I make compost from kitchen scraps?", earlier="How do I bake bread?")
        self.assertEqual(found, ["Roses · Compost"])

    def test_a_story_around_a_question_does_not_hide_it(self) -> None:
        story = (
            "My uncle Ferdinand visits us from Lisbon on Saturday with his parrot. How long do I bake bread?"
        )
        self.assertEqual(self.headings(story), ["Bread"])

    def test_two_questions_in_one_message_are_both_answered(self) -> None:
        found = self.headings("How do I bake bread? And how do roses get their water?")
        self.assertEqual(set(found), {"Bread", "Roses · Compost"})

    def test_passages_of_other_organizations_are_never_found(self) -> None:
        foreign = knowledge_base(
            make_organization(ELSEWHERE), secret="# Plans\n\nThe merger happens in May.\n"
        )
        self.assertEqual(self.headings("When does the merger happen?"), [])
        self.assertEqual(len(self.headings("When does the merger happen?", base=foreign)), 1)
        self.assertEqual(search(knowledge_bases=[], question="When does the merger happen?"), [])

    def test_the_words_of_others_change_no_score(self) -> None:
        def scores() -> list[float]:
            return [
                one.score
                for one in search(knowledge_bases=[self.home.pk], question="bake bread in the morning")
            ]

        before = scores()
        knowledge_base(
            make_organization(ELSEWHERE), **{f"n{n}": f"# Bread {n}\n\nBake it.\n" for n in range(9)}
        )
        self.assertEqual(scores(), before)

    def test_a_question_cannot_write_the_language_of_the_index(self) -> None:
        mark = f"kb{self.home.pk.hex}"
        for question in (
            'bread" OR "x',
            "bread) | (x",
            "'; DROP TABLE chat_passage; --",
            "bread*",
            f"{mark} NOT y",
        ):
            self.headings(question)
        foreign = knowledge_base(make_organization(ELSEWHERE), notes="# Notes\n\nNothing of interest.\n")
        self.assertEqual(self.headings(f"{mark} bread", base=foreign), [])

    def test_a_very_long_message_is_searched_by_its_ends(self) -> None:
        story = " ".join(f"word{number}" for number in range(5000))
        self.assertEqual(self.headings(f"How long do I bake the bread? {story}"), [])
        words = " ".join(["bread", "bake", "minutes", "degrees", "cool", "grid"] * 800)
        self.assertEqual(self.headings(words), ["Bread"])

    def test_the_best_comes_first_and_no_more_than_asked_for(self) -> None:
        many = knowledge_base(
            make_organization("Many"),
            **{f"n{n}": f"# Note {n}\n\nRoses and more roses, number {n}.\n" for n in range(9)},
        )
        found = search(knowledge_bases=[many.pk], question="roses", limit=4)
        self.assertEqual(len(found), 4)
        self.assertEqual([one.score for one in found], sorted((one.score for one in found), reverse=True))


class IndexTests(TransactionTestCase):
    """What only shows outside a transaction."""

    def test_several_threads_search_at_once(self) -> None:
        base = knowledge_base(make_organization(), garden=GARDEN, kitchen=KITCHEN)
        found: list[list[str]] = []

        def look(number: int) -> None:
            question = f"baking the breads of {'x' * number}ing"
            found.append([one.heading for one in search(knowledge_bases=[base.pk], question=question)])
            connection.close()

        threads = [threading.Thread(target=look, args=[number]) for number in range(1, 9)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(len(found), 8)
        self.assertTrue(all(one == ["Bread"] for one in found), found)

    def test_the_index_survives_a_vacuum_of_its_database(self) -> None:
        base = knowledge_base(make_organization(), one=GARDEN, two=KITCHEN)
        base.files.get(filename="one.md").delete()
        with connection.cursor() as cursor:
            cursor.execute("VACUUM")
        self.assertEqual(
            [one.heading for one in search(knowledge_bases=[base.pk], question="bake bread")], ["Bread"]
        )

    def test_a_text_that_is_changed_in_place_is_found_by_its_new_words(self) -> None:
        base = knowledge_base(make_organization(), kitchen=KITCHEN)
        passage = Passage.objects.get()
        mark = passage.terms.split()[0]
        Passage.objects.filter(pk=passage.pk).update(terms=f"{mark} zebra")
        self.assertEqual(search(knowledge_bases=[base.pk], question="bake bread"), [])
        self.assertEqual(len(search(knowledge_bases=[base.pk], question="zebra")), 1)
