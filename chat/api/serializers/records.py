"""What the schema says of records: of exchanges, and of calls to a webhook."""

from __future__ import annotations

from rest_framework import serializers

from chat.api.serializers.chatbots import ChatbotSerializer
from chat.api.serializers.fields import Anything, FeedbackSerializer, FreeObject, Milliseconds

EXPORT = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class CitedSerializer(serializers.Serializer[None]):
    id = serializers.CharField()
    text = serializers.CharField()


class RecordSerializer(serializers.Serializer[None]):
    id = serializers.UUIDField(help_text="The answer's, as in `messages/{id}/`.")
    sender_name = serializers.CharField()
    feedback = FeedbackSerializer(allow_null=True)
    input_message = serializers.CharField()
    condense_message = serializers.CharField(allow_null=True)
    output_message = serializers.CharField()
    faithfulness_score = serializers.FloatField(allow_null=True)
    display_faithfulness_score = serializers.IntegerField(allow_null=True)
    answer_relevancy_score = serializers.FloatField(allow_null=True)
    display_answer_relevancy_score = serializers.IntegerField(allow_null=True)
    context_precision_score = serializers.FloatField(allow_null=True)
    display_context_precision_score = serializers.IntegerField(allow_null=True)
    answer_correctness_score = serializers.FloatField(allow_null=True)
    display_answer_correctness_score = serializers.IntegerField(allow_null=True)
    answer_similarity_score = serializers.FloatField(allow_null=True)
    display_answer_similarity_score = serializers.IntegerField(allow_null=True)
    context_recall_score = serializers.FloatField(allow_null=True)
    display_context_recall_score = serializers.IntegerField(allow_null=True)
    reply_time = serializers.CharField(
        allow_null=True, help_text="Seconds from the question to the end of the answer."
    )
    created_at = Milliseconds(help_text="When it was asked.")
    error = serializers.CharField(allow_null=True)
    processing_time = FreeObject(help_text="Seconds: `queued`, `firstToken`, `generation`, `total`.")
    usage = FreeObject(help_text="`inputWords`, `outputWords`, `promptTokens`, `completionTokens`.")
    citation_nodes = CitedSerializer(many=True)
    context = serializers.CharField(  # type: ignore[assignment]  # a name that serializers use for themselves
        allow_null=True, help_text="The texts of all that the answer cites."
    )


class WebhookRecordSerializer(serializers.Serializer[None]):
    """One call to the chatbot's webhook."""

    id = serializers.UUIDField()
    chatbot = ChatbotSerializer()
    url = serializers.URLField()
    request_body = Anything(allow_null=True)
    response = serializers.CharField(help_text="The beginning of what the receiver answered.")
    status_code = serializers.IntegerField(allow_null=True, help_text="Null: no answer came.")
    created_at = Milliseconds()
    error = serializers.CharField(allow_null=True, help_text="Ours: why the call failed.")
    attempt = serializers.IntegerField(help_text="Ours: which attempt to deliver the message it was.")
