"""What chatbots take, and what the schema says of them."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from chat.api.casing import camel
from chat.api.serializers.fields import Anything, Milliseconds
from chat.models.addresses import ReceiverValidator

REPLY_MODES = ("normal", "template", "hybrid", "text_to_sql", "workflow", "agent")
COLUMNS = ("name", "instructions", "webhook_url")


class WebhookUrlField(serializers.CharField):
    """Only what can be posted to. Whether it may be, ``services.webhooks`` says."""

    default_validators = (ReceiverValidator(schemes=["http", "https"]),)


class OptionsSerializer(serializers.Serializer[None]):
    """What is kept as it was sent, and not used."""

    rag = serializers.UUIDField(required=False)
    embedding_model = serializers.UUIDField(required=False, allow_null=True)
    reranker_model = serializers.UUIDField(required=False, allow_null=True)
    built_in_workflow = serializers.UUIDField(required=False, allow_null=True)
    reply_mode = serializers.ChoiceField(REPLY_MODES, required=False)
    agent_mode = serializers.ChoiceField(("normal", "canvas"), required=False)
    template = serializers.CharField(required=False, allow_null=True, allow_blank=True, max_length=10_000)
    unanswerable_template = serializers.CharField(
        required=False, allow_null=True, allow_blank=True, max_length=10_000
    )
    enable_chinese_conversion = serializers.BooleanField(required=False)
    output_mode = serializers.ChoiceField(("text", "json_schema"), required=False)
    output_format = Anything(required=False, allow_null=True)
    raw_output_format = Anything(required=False, allow_null=True)
    database_type = serializers.ChoiceField(("postgresql", "mysql"), required=False, allow_null=True)
    include_tables = serializers.ListField(
        child=serializers.CharField(max_length=255), required=False, max_length=1000
    )
    number_of_retrieved_chunks = serializers.IntegerField(required=False, min_value=1, max_value=1000)
    enable_rerank = serializers.BooleanField(required=False)


class ChatbotInputSerializer(OptionsSerializer):
    name = serializers.CharField(max_length=255)
    large_language_model = serializers.UUIDField(
        required=False, allow_null=True, help_text="Null: the server's own."
    )
    model = serializers.UUIDField(
        required=False, allow_null=True, help_text="Another name of `largeLanguageModel`."
    )
    instructions = serializers.CharField(
        required=False, allow_blank=True, max_length=100_000, trim_whitespace=False
    )
    webhook_url = WebhookUrlField(required=False, allow_null=True, allow_blank=True, max_length=511)

    def to_internal_value(self, data: Any) -> Any:
        """``fields`` for the columns, ``options`` for the rest under the names of the API."""
        given = super().to_internal_value(data)
        fields = {name: given[name] for name in COLUMNS if name in given}
        if "webhook_url" in fields:
            fields["webhook_url"] = fields["webhook_url"] or None
        for name in ("model", "large_language_model"):
            if name in given:
                fields["language_model"] = given[name]
        kept = {name: given[name] for name in map(str, OptionsSerializer().fields) if name in given}
        return {"fields": fields, "options": {camel(name): _plain(value) for name, value in kept.items()}}


def _plain(value: Any) -> Any:
    return value if isinstance(value, str | int | float | dict | list | None) else str(value)


class NamedSerializer(serializers.Serializer[None]):
    id = serializers.UUIDField()
    name = serializers.CharField()


class ModelSerializer(NamedSerializer):
    is_default = serializers.BooleanField()


class RagSerializer(ModelSerializer):
    is_embedding_model_selectable = serializers.BooleanField()
    is_reranker_model_selectable = serializers.BooleanField()
    is_output_format_available = serializers.BooleanField()


class ChatbotListItemSerializer(NamedSerializer):
    large_language_model = ModelSerializer()
    rag = RagSerializer()
    embedding_model = ModelSerializer(allow_null=True)
    reranker_model = ModelSerializer(allow_null=True)
    enable_chinese_conversion = serializers.BooleanField()
    updated_at = Milliseconds()


class ChatbotSerializer(serializers.Serializer[None]):
    """Without a key: `id`, `name` and `avatar` only."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    avatar = serializers.URLField(allow_null=True)
    organization = serializers.UUIDField(required=False)
    workflow = serializers.UUIDField(required=False, allow_null=True)
    large_language_model = serializers.UUIDField(required=False)
    rag = serializers.UUIDField(required=False)
    embedding_model = serializers.UUIDField(required=False, allow_null=True)
    reranker_model = serializers.UUIDField(required=False, allow_null=True)
    instructions = serializers.CharField(required=False)
    webhook_url = serializers.CharField(required=False, allow_null=True)
    api_web_chat_id = serializers.UUIDField(
        required=False, help_text="The web chat for `POST conversations/`."
    )
    built_in_workflow = serializers.UUIDField(required=False, allow_null=True)
    reply_mode = serializers.ChoiceField(REPLY_MODES, required=False)
    agent_mode = serializers.ChoiceField(("normal", "canvas"), required=False)
    template = serializers.CharField(required=False, allow_null=True)
    unanswerable_template = serializers.CharField(required=False, allow_null=True)
    total_words_count = serializers.IntegerField(required=False)
    enable_chinese_conversion = serializers.BooleanField(required=False)
    output_mode = serializers.ChoiceField(("text", "json_schema"), required=False)
    output_format = Anything(required=False, allow_null=True)
    raw_output_format = Anything(required=False, allow_null=True)
    database_url = serializers.CharField(required=False, allow_null=True)
    database_type = serializers.CharField(required=False, allow_null=True)
    include_tables = serializers.ListField(child=serializers.CharField(), required=False)
    number_of_retrieved_chunks = serializers.IntegerField(required=False)
    enable_rerank = serializers.BooleanField(required=False)
    groups = NamedSerializer(many=True, required=False)
    knowledge_bases = NamedSerializer(many=True, required=False)
    toolkits = NamedSerializer(many=True, required=False)
    tools = NamedSerializer(many=True, required=False)
    created_at = Milliseconds(required=False)
    updated_at = Milliseconds(required=False)
