"""What a reply is asked with: the endpoint, the history that still counts, and the passages found."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.db.models import Case, Exists, OuterRef, Q, When

from chat.completions.deadlines import Deadlines
from chat.completions.deltas import Endpoint, Prompt, Source, Turn
from chat.exceptions import ChatbotOff
from chat.knowledge.index import Scope
from chat.knowledge.narrowing import Json, in_force, narrowed, scope_of
from chat.knowledge.search import Found, search_in
from chat.models import (
    Attachment,
    Chatbot,
    Conversation,
    KnowledgeBase,
    KnowledgeFile,
    LanguageModel,
    Message,
    MessageType,
    Provider,
    Reply,
)
from chat.prepared import Prepared
from chat.replies.attachments import attached_to

#: More turns than any context window takes; the provider trims to its token budget.
HISTORY_TURNS = 200
TOPICS = 50

_knowledge_bases: Prepared[UUID] = Prepared(
    lambda chatbot: KnowledgeBase.objects.filter(chatbots=chatbot).values_list("pk", flat=True), chatbot=UUID
)
_metadata: Prepared[tuple[Json | None, Json | None]] = Prepared(
    lambda conversation: Conversation.objects.filter(pk=conversation).values_list(
        "query_metadata", "contact__query_metadata"
    ),
    conversation=UUID,
)
_history: Prepared[tuple[UUID, str, str, bool]] = Prepared(
    lambda conversation, upto: (
        Message.objects.filter(conversation=conversation, superseded=False, position__lte=upto)
        .annotate(has_files=Exists(Attachment.objects.filter(message=OuterRef("pk"))))
        .exclude(content="", has_files=False)
        .order_by("-position")
        .values_list("pk", "type", "content", "has_files")[:HISTORY_TURNS]
    ),
    conversation=UUID,
    upto=int,
)


@dataclass(frozen=True, slots=True)
class Asked:
    endpoint: Endpoint
    prompt: Prompt
    found: list[Found]
    deadlines: Deadlines


def asked(reply: Reply) -> Asked:
    """Read all that the reply needs. Call it in one database hop, outside a transaction. ``ChatbotOff``: its
    chatbot was switched off while it was queued."""
    conversation = reply.conversation
    chatbot = conversation.chatbot
    if not chatbot.is_active:
        raise ChatbotOff
    place = endpoint(conversation.llm or chatbot.language_model)
    turns = history(conversation, upto=reply.incoming.position, takes_images=place.takes_images)
    bases = known_to(chatbot, place)
    narrows = bases or place.provider == Provider.MAIAGENT
    metadata = metadata_for(reply.incoming) if narrows else None
    scope = scope_of(metadata, bases)
    questions = [turn.content for turn in turns if turn.role == "user"]
    earlier = questions[-2] if len(questions) > 1 else ""
    found = search_in(scope, question=questions[-1], earlier=earlier)
    return Asked(
        endpoint=place,
        prompt=Prompt(
            turns=turns,
            instructions=instructions(chatbot, reply.incoming),
            sources=tuple(
                Source(number, one.title, one.heading, one.text, one.score)
                for number, one in enumerate(found, start=1)
            ),
            topics=topics(scope),
            upstream_conversation=upstream_conversation(conversation, place),
            query_metadata=metadata,
        ),
        found=found,
        deadlines=deadlines(),
    )


def instructions(chatbot: Chatbot, question: Message) -> str:
    """The chatbot's own, and then what the program that asks has to say (``chat.openai``)."""
    added = (question.delivery or {}).get("instructions", "")
    return "\n\n".join(filter(None, [chatbot.instructions, added]))


def metadata_for(question: Message) -> Json | None:
    """What is said of the documents that may be used for the answer. A visitor's question that is asked again
    may use what its contact may use now, not what it might when it was written."""
    found = _metadata(conversation=question.conversation_id)
    conversation, contact = found[0] if found else (None, None)
    said = question.query_metadata
    if question.created_by.startswith("visitor:"):
        said = narrowed(contact, said)
    return in_force(message=said, conversation=conversation, contact=contact)


def known_to(chatbot: Chatbot, place: Endpoint) -> list[UUID]:
    """The knowledge bases that are searched for it: a chatbot of MaiAgent has documents of its own."""
    if place.provider == Provider.MAIAGENT:
        return []
    return _knowledge_bases(chatbot=chatbot.pk)


def upstream_conversation(conversation: Conversation, place: Endpoint) -> str:
    """What this endpoint calls the conversation; nothing when another one knew it."""
    same = conversation.upstream_chatbot == place.chatbot_id
    return conversation.upstream_conversation if same else ""


def deadlines() -> Deadlines:
    return Deadlines(
        first=settings.COMPLETIONS_FIRST_SECONDS,
        gap=settings.COMPLETIONS_GAP_SECONDS,
        total=settings.COMPLETIONS_TOTAL_SECONDS,
    )


def history(conversation: Conversation, *, upto: int, takes_images: bool) -> tuple[Turn, ...]:
    """The turns up to a position, oldest first, without superseded, empty and later ones."""
    rows = _history(conversation=conversation.pk, upto=upto)
    with_files = [pk for pk, _, _, has_files in rows if has_files]
    files = attached_to(with_files, takes_images=takes_images) if with_files else {}
    return tuple(
        Turn("user" if kind == MessageType.INCOMING else "assistant", content, files.get(pk, ()))
        for pk, kind, content, _ in reversed(rows)
    )


def topics(scope: Scope) -> tuple[str, ...]:
    """The titles of what may be used, main documents before those in folders."""
    if not scope:
        return ()
    single = Q(pk__in=[id for id, _ in scope.files])
    files = KnowledgeFile.objects.filter(Q(knowledge_base__in=scope.bases) | single)
    main_first = files.order_by(Case(When(filename__contains="/", then=1), default=0), "filename")
    return tuple(str(file) for file in main_first[:TOPICS])


def endpoint(model: LanguageModel | None) -> Endpoint:
    """The entry's endpoint, or without one the environment's."""
    if model is not None:
        return Endpoint(
            model.provider,
            model.url,
            model.api_key,
            model.model,
            model.context_tokens,
            model.chatbot_id,
            model.takes_images and model.provider == Provider.OPENAI,
        )
    return Endpoint(
        settings.COMPLETIONS_PROVIDER,
        settings.COMPLETIONS_URL,
        settings.COMPLETIONS_API_KEY,
        settings.COMPLETIONS_MODEL,
        settings.COMPLETIONS_CONTEXT_TOKENS,
        settings.COMPLETIONS_CHATBOT_ID,
        settings.COMPLETIONS_TAKES_IMAGES and settings.COMPLETIONS_PROVIDER == Provider.OPENAI,
    )
