"""The JSON shapes of what is stored (camelCase, times as strings of milliseconds). Those that begin with
``rest_`` are the REST API's; socket frames and the page's own views add what a page needs to know."""

from chat.shapes.attachment import attachment_shape, page_attachment
from chat.shapes.conversation import conversation_row, rest_conversation
from chat.shapes.inboxes import inbox_shape
from chat.shapes.message import (
    feedback_shape,
    message_shape,
    new_message_shape,
    numbers_alone,
    rest_message,
    sender,
)
from chat.shapes.reply import error_sentence, error_shape, reply_shape, seconds_until
from chat.shapes.values import Shape, milliseconds

__all__ = [
    "Shape",
    "attachment_shape",
    "conversation_row",
    "error_sentence",
    "error_shape",
    "feedback_shape",
    "inbox_shape",
    "message_shape",
    "milliseconds",
    "new_message_shape",
    "numbers_alone",
    "page_attachment",
    "reply_shape",
    "rest_conversation",
    "rest_message",
    "seconds_until",
    "sender",
]
