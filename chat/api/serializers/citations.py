"""What the schema says of files and passages that an answer cites. Null: the endpoint did not say it."""

from __future__ import annotations

from rest_framework import serializers

from chat.api.serializers.chatbots import NamedSerializer
from chat.api.serializers.fields import FreeObject, Milliseconds


class ParserSerializer(serializers.Serializer[None]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    provider = serializers.CharField()
    order = serializers.IntegerField()
    priority = serializers.IntegerField()


class CitationSerializer(serializers.Serializer[None]):
    id = serializers.CharField()
    filename = serializers.CharField()
    title = serializers.CharField(help_text="Ours.")
    file = serializers.URLField(
        allow_null=True, help_text="Null for documents of this server, which are not handed out."
    )
    file_type = serializers.CharField()
    size = serializers.IntegerField()
    status = serializers.CharField()
    knowledge_base = NamedSerializer(allow_null=True)
    parser = ParserSerializer()
    labels = NamedSerializer(many=True)
    raw_user_define_metadata = FreeObject(allow_null=True)
    chatbot_file_content = serializers.UUIDField(allow_null=True)
    document = serializers.CharField(allow_null=True)
    created_at = Milliseconds(allow_null=True)


class PassageSerializer(serializers.Serializer[None]):
    id = serializers.CharField()
    characters_count = serializers.IntegerField()
    hits_count = serializers.IntegerField()
    text = serializers.CharField()
    updated_at = Milliseconds(allow_null=True)
    filename = serializers.CharField()
    title = serializers.CharField(help_text="Ours.")
    heading = serializers.CharField(help_text="Ours.")
    chatbot_file = serializers.UUIDField(allow_null=True)
    page_number = serializers.IntegerField(allow_null=True)


class CitationNodeSerializer(serializers.Serializer[None]):
    number = serializers.IntegerField(help_text="Ours: the text refers to it as `[number]`.")
    score = serializers.FloatField()
    display_score = serializers.IntegerField()
    chatbot_text_node = PassageSerializer()
