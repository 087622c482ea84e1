"""What is sent and answered of attachments and uploads."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from chat.models import AttachmentType

#: Longer than any name or signed address.
LONG = 2000


@extend_schema_field({"type": "string", "example": AttachmentType.IMAGE.value})
class LooseType(serializers.Field[str, Any, str, Any]):
    """Any word, which counts where it fits the file; what is no word counts as none."""

    def to_internal_value(self, data: Any) -> str:
        return data if isinstance(data, str) else ""


class AttachmentInput(serializers.Serializer[None]):
    file = serializers.CharField(
        max_length=LONG, help_text="The key of the form, or the address of a file that was uploaded here."
    )
    filename = serializers.CharField(max_length=LONG)
    type = LooseType(required=False, allow_null=True, default="")
    conversation = serializers.UUIDField(required=False, allow_null=True, default=None, write_only=True)


class AttachmentChange(serializers.Serializer[None]):
    file = serializers.CharField(max_length=LONG, required=False)
    filename = serializers.CharField(max_length=LONG, required=False)
    type = LooseType(required=False, allow_null=True)


class FileForm(serializers.Serializer[None]):
    """One file, as the part ``file`` of a multipart form."""

    file = serializers.FileField()
    type = LooseType(required=False, allow_null=True, default="")
    conversation = serializers.UUIDField(required=False, allow_null=True, default=None)


class AttachmentSerializer(serializers.Serializer[None]):
    id = serializers.UUIDField()
    type = serializers.ChoiceField(AttachmentType.choices)
    filename = serializers.CharField()
    file = serializers.URLField(help_text="Opens the file without a key until it expires.")


class UploadInput(serializers.Serializer[None]):
    filename = serializers.CharField(max_length=LONG)
    model_name = serializers.ChoiceField(["attachment"], help_text="What it will be registered as.")
    field_name = serializers.ChoiceField(["file"])  # type: ignore[assignment]  # a Field has one
    file_size = serializers.IntegerField(min_value=1, max_value=2**53, help_text="In bytes.")


class UploadSerializer(serializers.Serializer[None]):
    url = serializers.URLField()
    fields = serializers.DictField(  # type: ignore[assignment]  # the format has a field of this name
        child=serializers.CharField(), help_text="To be sent as they are, before the part `file`."
    )
