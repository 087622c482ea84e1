"""What is sent to begin or change a conversation, and what the schema says of one."""

from __future__ import annotations

from rest_framework import serializers

from chat.api.serializers.fields import EndingSerializer, FeedbackSerializer, FreeObject, Milliseconds
from chat.models import ChannelType, MessageType


class ConversationInput(serializers.Serializer[None]):
    web_chat = serializers.UUIDField(help_text="Of an inbox's `channel`, or a chatbot's `apiWebChatId`.")
    contact = serializers.UUIDField(
        required=False,
        allow_null=True,
        default=None,
        help_text="Whose conversation it is; else a new contact's. Only with a key.",
    )


class AutoReplyInput(serializers.Serializer[None]):
    auto_reply_enabled = serializers.BooleanField(
        required=False, help_text="Without it the switch is turned to its other side."
    )


class GroupMentionInput(serializers.Serializer[None]):
    enable_group_mention = serializers.BooleanField(
        required=False, help_text="Without it the switch is turned to its other side."
    )


class ContactRowSerializer(serializers.Serializer[None]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    avatar = serializers.CharField(help_text="Its address; empty: none.")
    source_id = serializers.CharField()
    created_at = Milliseconds()


class InboxRowSerializer(serializers.Serializer[None]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    channel_type = serializers.ChoiceField(ChannelType.choices)
    unread_conversations_count = serializers.IntegerField()
    sign_auth = FreeObject(allow_null=True)


class LightMessageSerializer(EndingSerializer):
    id = serializers.UUIDField()
    type = serializers.ChoiceField(MessageType.choices)
    content = serializers.CharField()
    content_payload = FreeObject(allow_null=True)
    feedback = FeedbackSerializer(allow_null=True)
    created_at = Milliseconds()
    query_metadata = FreeObject(allow_null=True)


class ConversationSerializer(serializers.Serializer[None]):
    id = serializers.UUIDField()
    contact = ContactRowSerializer()
    inbox = InboxRowSerializer(allow_null=True)
    title = serializers.CharField(help_text="From the first message; empty before it.")
    last_message = LightMessageSerializer(allow_null=True)
    last_message_created_at = Milliseconds()
    unread_messages_count = serializers.IntegerField(
        help_text="Outgoing messages since the person last wrote or read."
    )
    auto_reply_enabled = serializers.BooleanField()
    is_auto_reply_now = serializers.BooleanField(help_text="The switch, within the hours of the inbox.")
    last_read_at = Milliseconds(allow_null=True)
    created_at = Milliseconds()
    is_group_chat = serializers.BooleanField()
    enable_group_mention = serializers.BooleanField()
    enable_loading_animation = serializers.BooleanField()
    query_metadata = FreeObject(allow_null=True)
    tool_mask = FreeObject(allow_null=True)
    llm = serializers.UUIDField(allow_null=True)
    ip_address = serializers.CharField(allow_null=True)
    ip_recorded_at = Milliseconds(allow_null=True)
