"""Conversations and what is in them, to be read. Everything in them was written by strangers or by a model,
so it reaches these pages as escaped text only."""

from __future__ import annotations

from functools import partial

from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.paginator import InfinitePaginator

from chat.admin.scoping import RecordAdmin, RelatedFilter
from chat.admin.showing import NOTHING, Label, kind_of, link_to
from chat.hints import hint_row
from chat.models import Attachment, Conversation, Feedback, Message, Reply, ReplyState, Upload
from chat.replies.engine import stop_upstreams
from chat.selectors import open_replies_of
from chat.selectors.attachments import in_order
from chat.shapes import error_shape
from chat.shapes.attachment import page_attachment
from chat.text.direction import without_turns

#: How many of a conversation's newest messages its page shows.
SHOWN = 200


@admin.register(Conversation)
class ConversationAdmin(RecordAdmin):
    """Can be deleted as a whole, with everything in it: people may ask for that."""

    may_delete = True
    list_display = ("__str__", "organization", "chatbot", "person", "last_message_created_at")
    list_filter = (("chatbot", RelatedFilter), ("inbox", RelatedFilter), "last_message_created_at")
    list_select_related = ("organization", "chatbot", "owner", "contact")
    search_fields = ("title", "owner__username", "owner__email", "contact__name", "contact__email")
    ordering = ("-last_message_created_at",)
    paginator = InfinitePaginator
    fieldsets = (
        (None, {"fields": ("transcript",)}),
        (_("Who"), {"fields": ("organization", "chatbot", "owner", "inbox", "contact", "begun_by")}),
        (_("State"), {"fields": ("title", "auto_reply_enabled", "unread_messages_count", "llm")}),
        (_("Dates"), {"fields": ("created_at", "last_message_created_at", "last_read_at")}),
        (_("Origin"), {"fields": ("query_metadata", "ip_address", "ip_recorded_at")}),
    )
    readonly_fields = ("transcript", "begun_by", "created_at")

    @admin.display(description=_("person"))
    def person(self, conversation: Conversation) -> str:
        return str(conversation.owner or conversation.contact or NOTHING)

    @admin.display(description=_("created by"))
    def begun_by(self, conversation: Conversation) -> str | SafeString:
        return link_to(conversation.created_by)

    @admin.display(description=_("messages"))
    def transcript(self, conversation: Conversation) -> SafeString:
        newest = conversation.messages.select_related("sender_user", "sender_contact", "reply", "feedback")
        newest = newest.prefetch_related(in_order()).order_by("-position", "-created_at")
        messages = list(newest[: SHOWN + 1])
        shown = [(one, [page_attachment(file) for file in one.attachments.all()]) for one in messages[:SHOWN]]
        context = {"messages": shown[::-1], "shown": SHOWN, "more": len(messages) > SHOWN}
        return render_to_string("admin/chat/transcript.html", context)

    def delete_model(self, request: HttpRequest, obj: Conversation) -> None:
        self.delete_queryset(request, Conversation.objects.filter(pk=obj.pk))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Conversation]) -> None:
        """Whoever has one open is told, and replies that are being made for it stop."""
        conversations = list(queryset)
        replies = [reply.pk for conversation in conversations for reply in open_replies_of(conversation)]
        for conversation in conversations:
            hint_row(conversation, "deleted")
        queryset.delete()
        transaction.on_commit(partial(stop_upstreams, replies))


@admin.register(Message)
class MessageAdmin(RecordAdmin):
    organization = "conversation__organization"
    list_display = ("excerpt", "type", "conversation", "created_at", "replaced")
    list_filter = ("type", "superseded")
    list_select_related = ("conversation",)
    search_fields = ("content",)
    ordering = ("-created_at",)
    paginator = InfinitePaginator

    @admin.display(description=_("content"))
    def excerpt(self, message: Message) -> str:
        return Truncator(without_turns(message.content)).chars(80) or NOTHING

    @display(description=_("superseded"), label="warning")  # type: ignore[untyped-decorator]
    def replaced(self, message: Message) -> str:
        """Said of the few that are; a cross at all others would look like a fault."""
        return gettext("superseded") if message.superseded else ""


@admin.register(Attachment)
class AttachmentAdmin(RecordAdmin):
    list_display = ("filename", "type", "human_size", "organization", "uploaded_by", "created_at")
    list_filter = ("type", ("organization", RelatedFilter))
    list_select_related = ("organization",)
    search_fields = ("filename",)
    fields = (
        "filename",
        "type",
        "human_size",
        "uploader",
        "created_at",
        "conversation",
        "message",
        "organization",
    )
    ordering = ("-created_at",)
    paginator = InfinitePaginator

    @admin.display(description=_("size"), ordering="size")
    def human_size(self, attachment: Attachment) -> str:
        return filesizeformat(attachment.size)

    @admin.display(description=_("uploaded by"))
    def uploaded_by(self, attachment: Attachment) -> str:
        return kind_of(attachment.created_by)

    @admin.display(description=_("uploaded by"))
    def uploader(self, attachment: Attachment) -> str | SafeString:
        return link_to(attachment.created_by)


@admin.register(Upload)
class UploadAdmin(RecordAdmin):
    list_display = ("filename", "size", "organization", "created_by", "created_at", "stored_at")
    list_filter = (("organization", RelatedFilter),)
    list_select_related = ("organization",)
    exclude = ("key",)
    ordering = ("-created_at",)
    paginator = InfinitePaginator


@admin.register(Feedback)
class FeedbackAdmin(RecordAdmin):
    organization = "message__conversation__organization"
    list_display = ("type", "reason", "message", "given_by", "updated_at")
    list_filter = ("type",)
    list_select_related = ("message",)
    search_fields = ("suggestion",)
    ordering = ("-updated_at",)
    paginator = InfinitePaginator

    @admin.display(description=_("suggestion"))
    def reason(self, feedback: Feedback) -> str:
        return Truncator(without_turns(feedback.suggestion)).chars(80) or NOTHING

    @admin.display(description=_("given by"))
    def given_by(self, feedback: Feedback) -> str:
        return kind_of(feedback.created_by)


@admin.register(Reply)
class ReplyAdmin(RecordAdmin):
    organization = "conversation__organization"
    list_display = ("short_id", "state_label", "conversation", "attempt", "model", "error_code", "queued_at")
    list_filter = ("state", "error_code", "provider")
    list_select_related = ("conversation",)
    search_fields = ("id__startswith", "conversation__title", "error_code")
    fieldsets = (
        (
            None,
            {"fields": ("state_label", "reason", "conversation", "incoming", "outgoing", "attempt", "asker")},
        ),
        (_("Answer"), {"fields": ("text", "reasoning", "finish_reason", "provider", "model", "usage")}),
        (_("Fault"), {"fields": ("error_code", "error_detail")}),
        (
            _("Dates"),
            {"fields": ("queued_at", "started_at", "first_token_at", "upstream_closed_at", "ended_at")},
        ),
        (_("Stopping"), {"fields": ("stop_requested_at", "stopper")}),
    )
    ordering = ("-queued_at",)
    paginator = InfinitePaginator

    def get_queryset(self, request: HttpRequest) -> QuerySet[Reply]:
        return super().get_queryset(request).defer("text", "reasoning", "error_detail")

    @admin.display(description=_("reply"), ordering="id")
    def short_id(self, reply: Reply) -> str:
        return str(reply.pk)[:8]

    @display(  # type: ignore[untyped-decorator]
        description=_("state"),
        ordering="state",
        label={
            ReplyState.COMPLETE.value: "success",
            ReplyState.RUNNING.value: "info",
            ReplyState.QUEUED.value: "info",
            ReplyState.INTERRUPTED.value: "warning",
            ReplyState.FAILED.value: "danger",
        },
    )
    def state_label(self, reply: Reply) -> Label:
        return Label(reply.state, reply.get_state_display())

    @admin.display(description=_("asked by"))
    def asker(self, reply: Reply) -> str | SafeString:
        return link_to(reply.asked_by)

    @admin.display(description=_("stop asked by"))
    def stopper(self, reply: Reply) -> str | SafeString:
        return link_to(reply.stop_requested_by)

    @admin.display(description=_("what happened"))
    def reason(self, reply: Reply) -> str:
        error = error_shape(reply.state, reply.error_code)
        return error["message"] if error else NOTHING
