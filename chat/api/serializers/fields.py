"""Kinds of values that the schema describes in one way everywhere."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from chat.models import ENDED, FeedbackType


@extend_schema_field({"type": "string", "pattern": r"^\d{13}$", "example": "1748314926000"})
class Milliseconds(serializers.CharField):
    """A moment: milliseconds since 1970, as a string."""


@extend_schema_field({"type": "object", "additionalProperties": True})
class FreeObject(serializers.JSONField):
    """An object whose names and values are the sender's own (``chat.api.casing.FREE_FORM``)."""

    default_error_messages = {"object": _("Expected a dictionary of items.")}

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, dict):
            self.fail("object")
        return data


@extend_schema_field({})
class Anything(serializers.JSONField):
    """Any JSON, kept as it was sent."""


@extend_schema_field({"type": "integer", "example": 324816370485542537671391323877394598747})
class LongInteger(serializers.IntegerField):
    """The 128 bits of an id as one number: longer than the integers of most languages."""


class FeedbackSerializer(serializers.Serializer[None]):
    id = serializers.UUIDField()
    type = serializers.ChoiceField(FeedbackType.choices)
    suggestion = serializers.CharField()
    updated_at = Milliseconds()


class ErrorSerializer(serializers.Serializer[None]):
    code = serializers.CharField()
    message = serializers.CharField()
    retryable = serializers.BooleanField(help_text="Whether the same question may be asked again with hope.")


ENDINGS = [state.value for state in ENDED]


class EndingSerializer(serializers.Serializer[None]):
    """How the reply ended that a message is."""

    status = serializers.ChoiceField(
        ENDINGS,
        help_text="Ours. Unless it is `complete`, `content` is what came until the reply ended.",
    )
    error = ErrorSerializer(allow_null=True, help_text="Ours: why it is `interrupted` or `failed`.")
