"""What is sent to store a message or to rate it, and what the schema says of one."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from chat.api.serializers.citations import CitationNodeSerializer, CitationSerializer
from chat.api.serializers.fields import (
    EndingSerializer,
    FeedbackSerializer,
    FreeObject,
    LongInteger,
    Milliseconds,
)
from chat.models import AttachmentType, FeedbackType, MessageType

#: As many as one message may have.
ATTACHMENTS = 20

_NEW = {
    "type": "object",
    "required": ["file", "filename"],
    "properties": {
        "id": {"type": "string", "format": "uuid", "description": "If it has one, only this is looked at."},
        "file": {"type": "string", "description": "The key or the address of a file that was uploaded."},
        "filename": {"type": "string"},
        "type": {"type": "string"},
    },
}


@extend_schema_field({"oneOf": [{"type": "string", "format": "uuid"}, _NEW]})
class AttachmentReference(serializers.Field[Any, Any, Any, Any]):
    """The id of an attachment, as itself or in an object; or an uploaded file's key and name."""

    default_error_messages = {
        "id": _("An attachment is given by its id, or by file and filename."),
    }

    def to_internal_value(self, data: Any) -> UUID | dict[str, str]:
        """The id, or ``file``, ``filename`` and ``type`` of one that is to be made."""
        given = data if isinstance(data, dict) else {"id": data}
        if given.get("id"):
            return self._id(given["id"])
        file, filename, kind = (given.get(name) for name in ("file", "filename", "type"))
        if not (isinstance(file, str) and isinstance(filename, str) and file.strip() and filename.strip()):
            self.fail("id")
        return {"file": file, "filename": filename, "type": kind if isinstance(kind, str) else ""}

    def _id(self, given: Any) -> UUID:
        try:
            return UUID(given)
        except (ValueError, AttributeError, TypeError):
            self.fail("id")


class CanvasInput(serializers.Serializer[None]):
    name = serializers.CharField(max_length=255)
    canvas_type = serializers.CharField(max_length=64)
    title = serializers.CharField(max_length=255)
    content = serializers.CharField(trim_whitespace=False)


class MessageInput(serializers.Serializer[None]):
    """One of ``content``, ``attachments``, ``contentPayload`` and ``canvas`` has to say something."""

    conversation = serializers.UUIDField()
    content = serializers.CharField(
        required=False, allow_blank=True, allow_null=True, default="", trim_whitespace=False
    )
    type = serializers.ChoiceField(
        MessageType.choices, required=False, default=MessageType.INCOMING, help_text="`outgoing` needs a key."
    )
    content_payload = FreeObject(required=False, allow_null=True, default=None)
    attachments = serializers.ListField(
        child=AttachmentReference(), required=False, allow_null=True, default=list, max_length=ATTACHMENTS
    )
    canvas = CanvasInput(required=False, allow_null=True, default=None)
    metadata = FreeObject(required=False, allow_null=True, default=None)
    query_metadata = FreeObject(required=False, allow_null=True, default=None)


class FeedbackInput(serializers.Serializer[None]):
    type = serializers.ChoiceField(
        FeedbackType.choices, allow_blank=True, allow_null=True, help_text="Empty or null takes it back."
    )
    suggestion = serializers.CharField(required=False, allow_blank=True, default="", max_length=4000)

    def to_internal_value(self, data: Any) -> Any:
        """Clients know feedback as an object and as a word; either may stand under its own name."""
        inner = data.get("feedback", data) if isinstance(data, dict) else data
        return super().to_internal_value({"type": inner} if isinstance(inner, str | None) else inner)


class SenderSerializer(serializers.Serializer[None]):
    id = LongInteger()
    name = serializers.CharField()
    avatar = serializers.CharField(help_text="Its address; empty: none.")
    email = serializers.CharField(allow_null=True)
    phone_number = serializers.CharField(allow_null=True)


class MessageAttachmentSerializer(serializers.Serializer[None]):
    id = serializers.UUIDField()
    type = serializers.ChoiceField(AttachmentType.choices)
    filename = serializers.CharField()
    file = serializers.URLField()


class CanvasSerializer(CanvasInput):
    id = serializers.UUIDField()
    created_at = Milliseconds()


class MessageSerializer(EndingSerializer):
    id = serializers.UUIDField()
    conversation = serializers.UUIDField()
    sender = SenderSerializer()
    type = serializers.ChoiceField(MessageType.choices)
    content = serializers.CharField()
    content_payload = FreeObject(allow_null=True)
    feedback = FeedbackSerializer(allow_null=True)
    created_at = Milliseconds()
    attachments = MessageAttachmentSerializer(many=True)
    citations = CitationSerializer(many=True, help_text="The files that the answer cites.")
    citation_nodes = CitationNodeSerializer(many=True, help_text="The passages that it cites.")
    canvas = CanvasSerializer(allow_null=True)
    query_metadata = FreeObject(allow_null=True)
