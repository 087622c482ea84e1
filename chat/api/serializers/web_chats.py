"""What the schema says of web chats."""

from __future__ import annotations

from rest_framework import serializers

from chat.models import AccessType


class WebChatListItemSerializer(serializers.Serializer[None]):
    id = serializers.UUIDField()
    avatar = serializers.CharField(allow_null=True)
    name = serializers.CharField()


class ThemeSerializer(serializers.Serializer[None]):
    primary_color = serializers.CharField()
    navbar_text_color = serializers.CharField()
    conversation_background_color = serializers.CharField()
    chatbot_message_text_color = serializers.CharField()
    user_message_text_color = serializers.CharField()
    chatbot_message_background_color = serializers.CharField()
    user_message_background_color = serializers.CharField()
    chatbot_message_background_shadow_enabled = serializers.BooleanField()
    user_message_background_shadow_enabled = serializers.BooleanField()
    dialog_color = serializers.CharField()


class WebChatSerializer(WebChatListItemSerializer):
    access_type = serializers.ChoiceField(AccessType.choices)
    logo = serializers.CharField(allow_null=True)
    cover = serializers.CharField(allow_null=True)
    description = serializers.CharField()
    back_url = serializers.CharField()
    is_active = serializers.BooleanField()
    enable_anonymous = serializers.BooleanField()
    enable_speech = serializers.BooleanField()
    display_greeting = serializers.CharField(allow_null=True)
    display_conversation_starters = serializers.ListField(child=serializers.CharField())
    theme = ThemeSerializer()
    dark_theme = ThemeSerializer()
    default_theme_mode = serializers.CharField()
    enable_file_upload = serializers.BooleanField()
    enable_display_citations = serializers.BooleanField()
    enable_display_tool_results = serializers.BooleanField()
    enable_download_citations = serializers.BooleanField()
    enable_share_conversation = serializers.BooleanField()
    enable_location = serializers.BooleanField()
    enable_show_powered_by = serializers.BooleanField()
    enable_theme_mode_toggle = serializers.BooleanField()
    custom_domain = serializers.CharField(allow_null=True)
    inbox = serializers.UUIDField()
