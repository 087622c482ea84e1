"""What contacts take, and what the schema says of them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.validators import URLValidator
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from chat.api.schema import SNAKE_CASE
from chat.api.serializers.fields import FreeObject, Milliseconds

_UUID = {"type": "string", "format": "uuid"}
#: To how many contacts one request may send.
MOST_CONTACTS = 1000


@extend_schema_field({"oneOf": [{"type": "object", "required": ["id"], "properties": {"id": _UUID}}, _UUID]})
class ReferenceField(serializers.Field[UUID, Any, None, Any]):
    """``{"id": "…"}`` or the id alone."""

    default_error_messages = {"invalid": _("Must be a valid UUID.")}

    def to_internal_value(self, data: Any) -> UUID:
        given = data.get("id") if isinstance(data, dict) else data
        try:
            return UUID(given)
        except (TypeError, ValueError, AttributeError):
            self.fail("invalid")


class ContactInputSerializer(serializers.Serializer[None]):
    name = serializers.CharField(max_length=255)
    email = serializers.EmailField(required=False, allow_null=True, allow_blank=True, max_length=254)
    phone_number = serializers.CharField(required=False, allow_null=True, allow_blank=True, max_length=64)
    avatar = serializers.CharField(
        required=False,
        allow_null=True,
        allow_blank=True,
        max_length=511,
        validators=[URLValidator(schemes=["http", "https"])],
    )
    source_id = serializers.CharField(
        required=False,
        allow_null=True,
        allow_blank=True,
        max_length=255,
        help_text="Your own id of the contact. In an inbox nobody else has it.",
    )
    inboxes = serializers.ListField(child=ReferenceField(), required=False, max_length=100)
    inbox = ReferenceField(required=False, help_text="Older clients send one; `inboxes` counts before it.")
    query_metadata = FreeObject(required=False, allow_null=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Empty texts for null ones, and ``inboxes`` whichever way they came."""
        inbox = attrs.pop("inbox", None)
        if "inboxes" not in attrs and inbox is not None:
            attrs["inboxes"] = [inbox]
        if "inboxes" not in attrs and not self.partial:
            raise serializers.ValidationError({"inboxes": [self.error_messages["required"]]})
        kept = ("inboxes", "query_metadata")
        return {name: value if name in kept else value or "" for name, value in attrs.items()}


class PlaceSerializer(serializers.Serializer[None]):
    id = serializers.UUIDField()
    name = serializers.CharField()


class ContactSerializer(serializers.Serializer[None]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    email = serializers.CharField(allow_null=True, help_text="In small letters.")
    phone_number = serializers.CharField(allow_null=True)
    avatar = serializers.CharField(allow_null=True)
    source_id = serializers.CharField(allow_null=True)
    inboxes = PlaceSerializer(many=True)
    query_metadata = FreeObject(allow_null=True)
    mcp_credentials = serializers.ListField(child=serializers.DictField(), help_text="Always empty.")
    created_at = Milliseconds()
    updated_at = Milliseconds()


class BroadcastInputSerializer(serializers.Serializer[None]):
    message = serializers.CharField(trim_whitespace=False)
    contact_ids = serializers.ListField(
        child=serializers.CharField(max_length=255), required=False, max_length=MOST_CONTACTS
    )
    inbox_id = serializers.UUIDField(required=False, allow_null=True, help_text="All contacts of this inbox.")
    exclude_contact_ids = serializers.ListField(
        child=serializers.CharField(max_length=255), required=False, max_length=MOST_CONTACTS
    )


@extend_schema_serializer(extensions=SNAKE_CASE)
class SentSerializer(serializers.Serializer[None]):
    contact_id = serializers.UUIDField()
    conversation_id = serializers.UUIDField()
    message_id = serializers.UUIDField()
    status = serializers.ChoiceField(["success"])


@extend_schema_serializer(extensions=SNAKE_CASE)
class NotSentSerializer(serializers.Serializer[None]):
    contact_id = serializers.CharField(help_text="As it was sent.")
    error = serializers.CharField()


@extend_schema_serializer(extensions=SNAKE_CASE)
class BroadcastSerializer(serializers.Serializer[None]):
    results = SentSerializer(many=True)
    errors = NotSentSerializer(many=True)  # type: ignore[assignment]  # the format's name for them
    total_contacts = serializers.IntegerField()
    success_count = serializers.IntegerField()
    error_count = serializers.IntegerField()
