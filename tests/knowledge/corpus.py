"""Knowledge bases for the tests: small ones of their own, and the product's documentation."""

from __future__ import annotations

from pathlib import Path

from chat.completions.builtin.compose import composed
from chat.completions.deltas import Prompt, Source, Turn
from chat.knowledge.citations import cited_numbers
from chat.knowledge.ingest import sync_file, sync_folder
from chat.knowledge.search import Found, search
from chat.models import KnowledgeBase, Organization

DOCS = Path(__file__).resolve().parent.parent.parent / "docs"


def knowledge_base(organization: Organization, **texts: str) -> KnowledgeBase:
    """A knowledge base with one Markdown file for each keyword."""
    base = KnowledgeBase.objects.create(organization=organization, name=f"{organization} library")
    for name, text in texts.items():
        sync_file(knowledge_base=base, filename=f"{name}.md", title="", text=text)
    return base


def documentation(organization: Organization) -> KnowledgeBase:
    base = KnowledgeBase.objects.create(organization=organization, name="Documentation")
    sync_folder(knowledge_base=base, folder=DOCS)
    return base


def ask(base: KnowledgeBase, *questions: str) -> tuple[str, list[str]]:
    """The built-in provider's answer to the last question, and the names of the files that it cites."""
    earlier = questions[-2] if len(questions) > 1 else ""
    found = search(knowledge_bases=[base.pk], question=questions[-1], earlier=earlier)
    text = composed(prompt_of(questions, found))
    return text, [found[number - 1].passage.file.filename for number in cited_numbers(text)]


def prompt_of(questions: tuple[str, ...], found: list[Found]) -> Prompt:
    return Prompt(
        turns=tuple(Turn("user", question) for question in questions),
        sources=tuple(
            Source(number, one.title, one.heading, one.text, one.score)
            for number, one in enumerate(found, start=1)
        ),
        topics=("Embed the chat on your site", "Operate", "常見問題"),
    )
