"""An organization with one row of every kind in it, so that a test can ask who sees them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

from django.contrib.admin import ModelAdmin, site
from django.core.files.base import ContentFile
from django.db.models import Model
from django.utils import timezone

from chat.models import (
    Attachment,
    Chatbot,
    Contact,
    ContactInbox,
    Conversation,
    DailyUsage,
    Feedback,
    FeedbackType,
    IdentitySecret,
    Inbox,
    KnowledgeBase,
    KnowledgeFile,
    LanguageModel,
    Message,
    MessageType,
    Organization,
    Passage,
    Reply,
    ReplyState,
    Role,
    Upload,
    User,
    Visitor,
    WebChat,
    WebhookRecord,
)
from chat.services.invitations import invite
from chat.services.keys import create_api_key
from chat.services.visitor_tokens import keep


def furnish(organization: Organization, owner: User, text: str = "Hello") -> dict[type[Model], Model]:
    """Make one row of each kind that belongs to an organization; ``text`` is what strangers wrote."""
    chatbot = organization.chatbots.earliest("created_at")
    chatbot.language_model = LanguageModel.objects.create(
        organization=organization,
        name=f"{organization} model",
        url="https://m.example/v1",
        api_key="sk-secret",
    )
    chatbot.save()
    inbox = Inbox.objects.create(organization=organization, name=f"{organization} inbox")
    web_chat = WebChat.objects.create(organization=organization, inbox=inbox, chatbot=chatbot, name="Site")
    contact = Contact.objects.create(organization=organization, name=text)
    place = ContactInbox.objects.create(contact=contact, inbox=inbox, source_id=text[:20])
    visitor = Visitor.objects.create(web_chat=web_chat, contact=contact, site="https://shop.example")
    rows = [
        organization,
        owner,
        owner.memberships.get(organization=organization),
        invite(organization=organization, email="dora@x.example", role=Role.MEMBER, by=owner, base_url="")[0],
        create_api_key(organization=organization, name="Key", user=owner)[0],
        chatbot,
        chatbot.language_model,
        inbox,
        web_chat,
        contact,
        place,
        visitor,
        keep(visitor, web_chat.generation)[0],
        DailyUsage.objects.create(web_chat=web_chat, day=timezone.now().date(), messages=1),
        IdentitySecret.objects.create(web_chat=web_chat, prefix="pis_1234", secret="pis_secret"),
        Upload.objects.create(
            organization=organization, created_by="x", key=uuid4().hex, filename=text, size=1
        ),
        WebhookRecord.objects.create(chatbot=chatbot, url="https://x.example/", response=text, error=text),
        *knowledge(organization, text),
        *conversation(organization, chatbot, owner, contact, text),
    ]
    return {type(row): row for row in rows}


def knowledge(organization: Organization, text: str) -> list[Model]:
    base = KnowledgeBase.objects.create(organization=organization, name=f"{organization} rules")
    file = KnowledgeFile.objects.create(knowledge_base=base, filename="rules.md", title=text)
    return [base, file, Passage.objects.create(file=file, position=1, text=text, heading=text, terms="")]


def conversation(
    organization: Organization, chatbot: Chatbot, owner: User, contact: Contact, text: str
) -> list[Model]:
    talk = Conversation.objects.create(
        organization=organization, chatbot=chatbot, owner=owner, contact=contact, title=text, created_by="x"
    )
    made: dict[str, Any] = {"conversation": talk, "created_by": "x", "content": text}
    question = Message.objects.create(**made, position=1, type=MessageType.INCOMING, sender_contact=contact)
    cited = [{"number": 1, "chatbotTextNode": {"title": text, "filename": "rules.md"}}]
    answer = Message.objects.create(**made, position=2, type=MessageType.OUTGOING, citation_nodes=cited)
    reply = Reply.objects.create(
        conversation=talk,
        incoming=question,
        outgoing=answer,
        state=ReplyState.COMPLETE,
        text=text,
        error_detail=text,
        asked_by="x",
        ended_at=timezone.now(),
    )
    feedback = Feedback.objects.create(
        message=answer, type=FeedbackType.DISLIKE, suggestion=text, created_by="x"
    )
    attachment = Attachment.objects.create(
        organization=organization, conversation=talk, message=question, filename=text, created_by="x"
    )
    attachment.file.save("note.txt", ContentFile(b"x"))
    return [talk, answer, reply, feedback, attachment]


def admins() -> Iterator[tuple[str, type[Model], ModelAdmin[Any]]]:
    """The address, model and admin of everything that is registered."""
    for model, model_admin in site._registry.items():
        yield f"/admin/{model._meta.app_label}/{model._meta.model_name}/", model, model_admin
