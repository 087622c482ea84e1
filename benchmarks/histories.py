"""Run in the server's environment with a user's name and numbers: make a conversation with so many messages
for each number, and print their ids."""

from __future__ import annotations

import json
import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from chat.models import Conversation, Message, MessageType, Reply, ReplyState, User  # noqa: E402
from tests.people import chatbot_of  # noqa: E402
from tests.simulator.text import expected_text  # noqa: E402

QUESTION_TOKENS, ANSWER_TOKENS, TEXTS = 20, 200, 50


def make_conversation(owner: User, messages: int) -> Conversation:
    chatbot = chatbot_of(owner)
    conversation = Conversation.objects.create(
        organization=chatbot.organization,
        chatbot=chatbot,
        owner=owner,
        created_by=f"member:{owner.pk}",
        title=f"{messages} messages",
        last_position=messages,
    )
    rows = [message(conversation, position) for position in range(1, messages + 1)]
    Message.objects.bulk_create(rows, batch_size=1000)
    replies = [reply(*pair) for pair in zip(rows[::2], rows[1::2], strict=True)]
    Reply.objects.bulk_create(replies, batch_size=1000)
    Conversation.objects.filter(pk=conversation.pk).update(last_message=rows[-1])
    return conversation


def message(conversation: Conversation, position: int) -> Message:
    asks = position % 2 == 1
    return Message(
        conversation=conversation,
        position=position,
        type=MessageType.INCOMING if asks else MessageType.OUTGOING,
        created_by=conversation.created_by if asks else "system:reply",
        sender_user=conversation.owner if asks else None,
        content=expected_text(QUESTION_TOKENS if asks else ANSWER_TOKENS, position % TEXTS),
    )


def reply(incoming: Message, outgoing: Message) -> Reply:
    return Reply(
        conversation=incoming.conversation,
        incoming=incoming,
        outgoing=outgoing,
        state=ReplyState.COMPLETE,
        text=outgoing.content,
        asked_by=incoming.created_by,
    )


def main() -> None:
    owner = User.objects.get(username=sys.argv[1])
    print(json.dumps({number: str(make_conversation(owner, int(number)).pk) for number in sys.argv[2:]}))


if __name__ == "__main__":
    main()
