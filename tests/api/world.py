"""What alice's organization has that programs and visitors talk to."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from chat.models import Inbox, Message, Reply, ReplyState, User, WebChat
from tests import people
from tests.api.asking import Caller


def web_chat(of: User | None = None, **more: Any) -> WebChat:
    """A web chat with its own inbox."""
    owner = of or people.alice()
    organization, chatbot = people.organization_of(owner), people.chatbot_of(owner)
    inbox = Inbox.objects.create(organization=organization, name="Shop")
    return WebChat.objects.create(
        organization=organization, inbox=inbox, chatbot=chatbot, name="Shop", **more
    )


def begin(caller: Caller, place: WebChat | None = None) -> dict[str, Any]:
    """A new conversation, as the API answers."""
    answer = caller.post("conversations/", {"webChat": str((place or web_chat()).pk)})
    assert answer.status_code == 201, answer.content
    found: dict[str, Any] = answer.json()
    return found


def say(caller: Caller, conversation: str, content: str = "Hello", **more: Any) -> dict[str, Any]:
    answer = caller.post("messages/", {"conversation": conversation, "content": content, **more})
    assert answer.status_code == 201, answer.content
    found: dict[str, Any] = answer.json()
    return found


def finish(
    message: str | UUID,
    content: str = "An answer.",
    *,
    state: ReplyState = ReplyState.COMPLETE,
    error_code: str = "",
) -> Message:
    """What the engine does at the end of the reply to a message."""
    reply = Reply.objects.select_related("outgoing", "conversation").get(
        incoming=message, outgoing__superseded=False
    )
    Reply.objects.filter(pk=reply.pk).update(state=state, text=content, error_code=error_code)
    Message.objects.filter(pk=reply.outgoing_id).update(content=content)
    reply.conversation.last_message = reply.outgoing
    reply.conversation.save(update_fields=["last_message"])
    return reply.outgoing
