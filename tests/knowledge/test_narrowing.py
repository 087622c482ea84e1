"""``queryMetadata``: which documents an answer may rest on."""

from __future__ import annotations

import sqlite3
from typing import Any
from uuid import UUID, uuid4

from django.db import connection
from django.test import TestCase

from chat.models import Contact, Conversation, KnowledgeFile, ProcessLease, Reply, ReplyState, WebChat
from chat.principals import Principal
from chat.replies import records
from chat.replies.prompt import Asked
from chat.services.replies import retry
from tests import people
from tests.api.asking import Caller, alices
from tests.knowledge.corpus import knowledge_base

BREAD = "# {0}\n\n## {0}\n\nBake the bread of the {0} for forty minutes at 220 degrees.\n"

#: More words than a search takes of one message, and nothing that any document speaks of.
MANY_WORDS = " ".join(f"z{a}r{b}ock" for a in "aeiou" for b in "bdfgklmnprst")
#: The most parameters of one query, where nobody has built SQLite for more.
SQLITE_PARAMETERS = 32_766


def found_in(asked: Asked) -> set[str]:
    return {one.passage.file.filename.removesuffix(".md") for one in asked.found}


class NarrowingTests(TestCase):
    def setUp(self) -> None:
        organization = people.organization_of(people.alice())
        texts = {name: BREAD.format(name.title()) for name in ("kitchen", "cellar", "attic")}
        self.base = knowledge_base(organization, **texts)
        self.other = knowledge_base(organization, barn=BREAD.format("Barn"))
        self.foreign = knowledge_base(people.organization_of(people.charlie()), shed=BREAD.format("Shed"))
        self.web_chat: WebChat = people.web_chat_of(people.alice())
        self.web_chat.chatbot.knowledge_bases.add(self.base, self.other)
        self.key = alices()

    def rests_on(self, message: Any = None, *, conversation: Any = None, contact: Any = None) -> set[str]:
        """The documents found for a question of which this is said; no others are named to the model."""
        made = self.key.post("conversations/", {"webChat": str(self.web_chat.pk)}).json()
        Conversation.objects.filter(pk=made["id"]).update(query_metadata=conversation)
        Contact.objects.filter(pk=made["contact"]["id"]).update(query_metadata=contact)
        question = {"content": "Bake the bread for forty minutes?", "queryMetadata": message}
        sent = self.key.post("messages/", {"conversation": made["id"], **question})
        self.assertEqual(sent.status_code, 201, sent.content)
        asked = self.asked_for(sent.json()["id"])
        self.assertEqual(
            found_in(asked), {topic.lower().removesuffix(".md") for topic in asked.prompt.topics}
        )
        return found_in(asked)

    def asked_for(self, message: str) -> Asked:
        """What the model is asked in the newest attempt to answer this, which then ends."""
        reply = Reply.objects.get(incoming=message, state=ReplyState.QUEUED)
        claim = records.claim(reply.pk, ProcessLease.objects.create(name=f"test {uuid4()}").pk)
        assert claim
        assert claim.asked
        assert records.end(claim, records.Outcome(ReplyState.COMPLETE, "Yes.", seq=4))
        return claim.asked

    def row(self, base: Any, *files: str, whole: Any = "False") -> dict[str, Any]:
        ids = [str(base.files.get(filename=f"{name}.md").pk) for name in files]
        return {
            "knowledge_base_id": str(base.pk),
            "chatbot_file_ids": ids,
            "faq_ids": [],
            "has_user_selected_all": whole,
        }

    def bases(self, *rows: Any, **more: Any) -> dict[str, Any]:
        return {"knowledge_bases": list(rows), **more}

    def test_without_it_all_documents_of_the_chatbot_may_be_used(self) -> None:
        everything = {"kitchen", "cellar", "attic", "barn"}
        empty = {"operator": "OR", "conditions": []}
        for said in (None, {}, {"source": "x"}, {"knowledge_bases": None}, {"label_relations": empty}):
            self.assertEqual(self.rests_on(said), everything, said)

    def test_it_names_whole_knowledge_bases_and_single_files(self) -> None:
        for rows, found in (
            ([self.row(self.other, whole="True")], {"barn"}),
            ([self.row(self.other, whole=True)], {"barn"}),
            ([self.row(self.base, "cellar", "attic")], {"cellar", "attic"}),
            ([self.row(self.base, "cellar"), self.row(self.other, whole="true")], {"cellar", "barn"}),
            ([self.row(self.base)], set()),
            ([], set()),
        ):
            self.assertEqual(self.rests_on(self.bases(*rows)), found, rows)

    def test_a_thousand_files_may_be_named_in_a_search_for_many_words(self) -> None:
        if connection.vendor == "sqlite":
            most = connection.connection.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, SQLITE_PARAMETERS)
            self.addCleanup(connection.connection.setlimit, sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, most)
        made = self.key.post("conversations/", {"webChat": str(self.web_chat.pk)}).json()
        others = KnowledgeFile.objects.bulk_create(
            KnowledgeFile(knowledge_base=self.base, filename=f"{number}.md") for number in range(1_000)
        )
        for before, found in ((others[1:], {"cellar"}), (others, set())):
            row = self.row(self.base, "cellar")
            row["chatbot_file_ids"] = [str(one.pk) for one in before] + row["chatbot_file_ids"]
            content = f"{MANY_WORDS}. Bake the bread for forty minutes?"
            body = {"conversation": made["id"], "content": content, "queryMetadata": self.bases(row)}
            sent = self.key.post("messages/", body)
            self.assertEqual(sent.status_code, 201, sent.content)
            self.assertEqual(found_in(self.asked_for(sent.json()["id"])), found, len(before))

    def test_it_opens_nothing_that_the_chatbot_does_not_know(self) -> None:
        file = str(self.foreign.files.get().pk)
        for row in (
            self.row(self.foreign, whole="True"),
            self.row(self.foreign, "shed"),
            {**self.row(self.base), "chatbot_file_ids": [file]},
            {**self.row(self.other), "chatbot_file_ids": self.row(self.base, "cellar")["chatbot_file_ids"]},
        ):
            self.assertEqual(self.rests_on(self.bases(row)), set(), row)

    def test_what_makes_no_sense_opens_nothing(self) -> None:
        for knowledge in ("all", {"a": 1}, [None, 7, "x", {}], [{"knowledge_base_id": ["x"]}]):
            self.assertEqual(self.rests_on({"knowledge_bases": knowledge}), set(), knowledge)
        odd = {**self.row(self.base), "chatbot_file_ids": [None, 7, {"x": 1}, "' OR 1=1 --"]}
        self.assertEqual(self.rests_on(self.bases(odd)), set())

    def test_no_document_has_labels_so_that_a_condition_on_them_is_met_by_none(self) -> None:
        labels = {"operator": "OR", "conditions": [{"operator": "AND", "conditions": [{"label_id": "x"}]}]}
        self.assertEqual(self.rests_on({"label_relations": labels}), set())
        whole = self.row(self.base, whole="True")
        self.assertEqual(self.rests_on(self.bases(whole, label_relations=labels)), set())

    def test_the_message_comes_before_the_conversation_and_that_before_the_contact(self) -> None:
        cellar, attic = self.bases(self.row(self.base, "cellar")), self.bases(self.row(self.base, "attic"))
        barn = self.bases(self.row(self.other, whole="True"))
        self.assertEqual(self.rests_on(cellar, conversation=attic, contact=barn), {"cellar"})
        self.assertEqual(self.rests_on(conversation=attic, contact=barn), {"attic"})
        self.assertEqual(self.rests_on({"source": "x", "knowledge_bases": None}, contact=barn), {"barn"})
        self.assertEqual(self.rests_on(contact={"tier": "free"}), set())

    def test_a_stranger_only_narrows_what_the_contact_may_see(self) -> None:
        stranger = Caller()
        made = stranger.post("conversations/", {"webChat": str(self.web_chat.pk)}).json()
        Contact.objects.filter(pk=made["contact"]["id"]).update(
            query_metadata=self.bases(self.row(self.base, "cellar", "attic"))
        )
        asked = self.bases(self.row(self.base, "attic", "kitchen"), self.row(self.other, whole="True"))
        body = {"conversation": made["id"], "content": "Bread?", "queryMetadata": asked}
        kept = stranger.post("messages/", body).json()["queryMetadata"]["knowledge_bases"]
        self.assertEqual(kept, [self.row(self.base, "attic")])

    def test_a_visitors_question_asked_again_may_use_what_the_contact_may_see_now(self) -> None:
        stranger = Caller()
        made = stranger.post("conversations/", {"webChat": str(self.web_chat.pk)}).json()
        cellar, barn = self.row(self.base, "cellar"), self.row(self.other, whole="True")
        contact = Contact.objects.filter(pk=made["contact"]["id"])
        system = Principal("system", self.web_chat.organization_id, self.web_chat.organization_id)
        contact.update(query_metadata=self.bases(cellar, barn))
        body = {"content": "Bake the bread for forty minutes?", "queryMetadata": self.bases(cellar, barn)}
        sent = stranger.post("messages/", {"conversation": made["id"], **body}).json()
        self.assertEqual(found_in(self.asked_for(sent["id"])), {"cellar", "barn"})
        for now, found in (
            (self.bases(cellar), {"cellar"}),
            (self.bases(), set()),
            (self.bases(self.row(self.base, whole="True")), {"cellar"}),
            (None, {"cellar", "barn"}),
        ):
            contact.update(query_metadata=now)
            retry(principal=system, message=UUID(sent["id"]))
            self.assertEqual(found_in(self.asked_for(sent["id"])), found, now)
