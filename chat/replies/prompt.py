"""What a reply is asked with: the endpoint, the history that still counts, and the passages found."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.db.models import Case, When

from chat.completions.deltas import Endpoint, Prompt, Source, Turn
from chat.knowledge.search import Found, search
from chat.models import Chatbot, Conversation, KnowledgeFile, LanguageModel, Message, MessageType, Reply

#: More turns than any context window takes; the provider trims to its token budget.
HISTORY_TURNS = 200
TOPICS = 50


@dataclass(frozen=True, slots=True)
class Asked:
    endpoint: Endpoint
    prompt: Prompt
    found: list[Found]


def asked(reply: Reply) -> Asked:
    """Read all that the reply needs. Call it in one database hop, outside a transaction."""
    conversation = reply.conversation
    chatbot = conversation.chatbot
    turns = history(conversation, upto=reply.incoming.position)
    bases = list(chatbot.knowledge_bases.values_list("pk", flat=True))
    questions = [turn.content for turn in turns if turn.role == "user"]
    earlier = questions[-2] if len(questions) > 1 else ""
    found = search(knowledge_bases=bases, question=questions[-1], earlier=earlier) if bases else []
    return Asked(
        endpoint=endpoint(conversation.llm or chatbot.language_model),
        prompt=Prompt(
            turns=turns,
            instructions=chatbot.instructions,
            sources=tuple(
                Source(number, one.title, one.heading, one.text, one.score)
                for number, one in enumerate(found, start=1)
            ),
            topics=topics(chatbot, bases),
        ),
        found=found,
    )


def history(conversation: Conversation, *, upto: int) -> tuple[Turn, ...]:
    """The turns up to a position, oldest first, without superseded, empty and later ones."""
    rows = (
        Message.objects.filter(conversation=conversation, superseded=False, position__lte=upto)
        .exclude(content="")
        .order_by("-position")
        .values_list("type", "content")[:HISTORY_TURNS]
    )
    return tuple(
        Turn("user" if kind == MessageType.INCOMING else "assistant", content)
        for kind, content in reversed(rows)
    )


def topics(chatbot: Chatbot, bases: list[UUID]) -> tuple[str, ...]:
    """The titles of what is known, main documents before those in folders."""
    files = KnowledgeFile.objects.filter(knowledge_base__in=bases)
    main_first = files.order_by(Case(When(filename__contains="/", then=1), default=0), "filename")
    return tuple(str(file) for file in main_first[:TOPICS])


def endpoint(model: LanguageModel | None) -> Endpoint:
    """The entry's endpoint, or without one the environment's."""
    if model is not None:
        return Endpoint(model.provider, model.url, model.api_key, model.model, model.context_tokens)
    return Endpoint(
        settings.COMPLETIONS_PROVIDER,
        settings.COMPLETIONS_URL,
        settings.COMPLETIONS_API_KEY,
        settings.COMPLETIONS_MODEL,
        settings.COMPLETIONS_CONTEXT_TOKENS,
    )
