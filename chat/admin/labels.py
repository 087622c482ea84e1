"""What fields are called on the admin's pages, where the model itself does not say it.

A relation has no name of its own in the models, so Django would show the attribute's, in English only.
"""

from __future__ import annotations

from django.apps import apps
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

LABELS = {
    "organization": _("organization"),
    "user": _("account"),
    "invited_by": _("invited by"),
    "language_model": _("language model"),
    "llm": _("language model of its own"),
    "knowledge_bases": _("knowledge bases"),
    "knowledge_base": _("knowledge base"),
    "file": _("document"),
    "inbox": _("inbox"),
    "inboxes": _("inboxes"),
    "chatbot": _("chatbot"),
    "contact": _("contact"),
    "owner": _("member"),
    "conversation": _("conversation"),
    "message": _("message"),
    "incoming": _("question"),
    "outgoing": _("answer"),
    "sender_user": _("written by member"),
    "sender_contact": _("written by contact"),
    "source_id": _("id at its source"),
    "dedupe_key": _("only once for"),
    "position": _("position"),
    "web_chat": _("web chat"),
    "visitor": _("visitor"),
}


def name_fields() -> None:
    """``verbose_name`` is what pages show. Migrations look at what the model was given: they stay."""
    for model in apps.get_app_config("chat").get_models():
        for field in (*model._meta.fields, *model._meta.many_to_many):
            if field.name in LABELS and not isinstance(field.verbose_name, Promise):
                field.verbose_name = LABELS[field.name]
