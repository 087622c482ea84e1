"""What the schema says of inboxes."""

from __future__ import annotations

from rest_framework import serializers

from chat.api.serializers.fields import Milliseconds
from chat.models import ChannelType


class ChannelSerializer(serializers.Serializer[None]):
    id = serializers.UUIDField(help_text="Of the web chat, for `POST conversations/`.")
    name = serializers.CharField()
    channel_type = serializers.ChoiceField(ChannelType.choices)
    unread_conversations_count = serializers.IntegerField()


class ScheduleSerializer(serializers.Serializer[None]):
    """The hours of a day in which messages are answered by themselves."""

    id = serializers.CharField(allow_null=True)
    weekday = serializers.IntegerField(help_text="0 is Monday.")
    weekday_name = serializers.CharField()
    is_enabled = serializers.BooleanField()
    time_slots = serializers.ListField(
        child=serializers.ListField(child=serializers.CharField()), allow_null=True
    )


class InboxSerializer(serializers.Serializer[None]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    chatbot = serializers.UUIDField(allow_null=True)
    channel_type = serializers.ChoiceField(ChannelType.choices)
    channel_type_label = serializers.CharField()
    channel = ChannelSerializer()
    auto_reply_schedules = ScheduleSerializer(many=True)
    unread_conversations_count = serializers.IntegerField()
    organization = serializers.UUIDField()
    created_at = Milliseconds()
    updated_at = Milliseconds()
