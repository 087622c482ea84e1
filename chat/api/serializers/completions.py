"""What a program asks a chatbot, and what it is answered."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from rest_framework import serializers

from chat.api.serializers.citations import CitationNodeSerializer, CitationSerializer
from chat.api.serializers.fields import FreeObject
from chat.api.serializers.messages import ATTACHMENTS, AttachmentReference


class MaybeUUID(serializers.UUIDField):
    """An empty text is no id, as null is."""

    def to_internal_value(self, data: Any) -> UUID | None:  # type: ignore[override]
        return None if data == "" else super().to_internal_value(data)


class QuestionSerializer(serializers.Serializer[None]):
    content = serializers.CharField(allow_blank=True, trim_whitespace=False)
    content_payload = FreeObject(required=False, allow_null=True)
    query_metadata = FreeObject(required=False, allow_null=True)
    metadata = FreeObject(required=False, allow_null=True)
    attachments = serializers.ListField(
        child=AttachmentReference(), required=False, allow_null=True, max_length=ATTACHMENTS
    )
    sender = MaybeUUID(required=False, allow_null=True, help_text="The contact who asks.")


class CompletionRequestSerializer(serializers.Serializer[None]):
    conversation = MaybeUUID(
        required=False, allow_null=True, help_text="Goes on with it. Without one a new conversation begins."
    )
    message = QuestionSerializer()
    is_streaming = serializers.BooleanField(required=False, default=False, allow_null=True)
    on_disconnect = serializers.ChoiceField(
        ["continue", "stop"],
        required=False,
        default="continue",
        help_text="Ours: `stop` ends the reply when the client leaves; with an Idempotency-Key not before "
        "nobody has read it for 30 seconds.",
    )


class CompletionSerializer(serializers.Serializer[None]):
    conversation_id = serializers.UUIDField(help_text="Also as `conversation_id`.")
    message_id = serializers.UUIDField(help_text="Ours: the id of the answer, for `GET messages/{id}/`.")
    content = serializers.CharField()
    done = serializers.BooleanField()
    citations = CitationSerializer(many=True)
    citation_nodes = CitationNodeSerializer(many=True)
    stopped = serializers.BooleanField(
        required=False,
        help_text="Ours, and true: somebody stopped the reply; `content` is what came until then.",
    )
