"""How django-unfold shows the admin: our name, mark and colours, and the sidebar's groups."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _


def styles(request: HttpRequest) -> str:
    return static("chat/admin.css")


def mark(request: HttpRequest) -> str:
    return static("chat/icon.svg")


def for_superusers(request: HttpRequest) -> bool:
    return request.user.is_authenticated and request.user.is_superuser


def _item(title: Any, icon: str, model: str, **more: Any) -> dict[str, Any]:
    return {"title": title, "icon": icon, "link": reverse_lazy(f"admin:{model}_changelist"), **more}


def _group(title: Any, *items: dict[str, Any]) -> dict[str, Any]:
    return {"title": title, "separator": True, "items": list(items)}


_SUPERUSERS = {"permission": "config.theme.for_superusers"}

UNFOLD = {
    "SITE_TITLE": "Parley",
    "SITE_HEADER": "Parley",
    "SITE_URL": "/",
    "SITE_ICON": mark,
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": mark}],
    "STYLES": [styles],
    "BORDER_RADIUS": "8px",
    # The greys and the ink blue of static/chat/tokens.css, drawn out to the steps that unfold asks for.
    "COLORS": {
        "base": {
            "50": "#f6f5f2",
            "100": "#edece7",
            "200": "#e4e2dc",
            "300": "#cfcdc5",
            "400": "#a9a79f",
            "500": "#7e7c75",
            "600": "#5f5d57",
            "700": "#45443f",
            "800": "#2a2a27",
            "900": "#1a1a18",
            "950": "#141413",
        },
        "primary": {
            "50": "#f3f6fd",
            "100": "#e9eefa",
            "200": "#cfdbf6",
            "300": "#b0c8fa",
            "400": "#93b3f6",
            "500": "#4a74d0",
            "600": "#2c56b0",
            "700": "#234690",
            "800": "#1f3b78",
            "900": "#1a2f5e",
            "950": "#0e1a33",
        },
    },
    "ACCOUNT": {
        "navigation": [
            {"title": _("Profile"), "link": reverse_lazy("account_profile")},
            {"title": _("Second factor"), "link": reverse_lazy("mfa_index")},
        ],
    },
    "SIDEBAR": {
        "show_search": True,
        "navigation": [
            _group(
                _("Conversations"),
                _item(_("Conversations"), "forum", "chat_conversation"),
                _item(_("Messages"), "chat_bubble", "chat_message"),
                _item(_("Replies"), "reply", "chat_reply"),
                _item(_("Feedback"), "thumbs_up_down", "chat_feedback"),
                _item(_("Attachments"), "attach_file", "chat_attachment"),
            ),
            _group(
                _("Answers"),
                _item(_("Chatbots"), "smart_toy", "chat_chatbot"),
                _item(_("Language models"), "neurology", "chat_languagemodel"),
                _item(_("Knowledge bases"), "library_books", "chat_knowledgebase"),
                _item(_("Knowledge files"), "description", "chat_knowledgefile"),
                _item(_("Passages"), "segment", "chat_passage"),
            ),
            _group(
                _("Ways in"),
                _item(_("Inboxes"), "inbox", "chat_inbox"),
                _item(_("Web chats"), "web", "chat_webchat"),
                _item(_("Visitors"), "person_pin", "chat_visitor"),
                _item(_("Daily usage"), "data_usage", "chat_dailyusage"),
                _item(_("Contacts"), "contacts", "chat_contact"),
                _item(_("API keys"), "key", "chat_apikey"),
                _item(_("Webhook calls"), "webhook", "chat_webhookrecord"),
            ),
            _group(
                _("People"),
                _item(_("Organizations"), "domain", "chat_organization"),
                _item(_("Members"), "group", "chat_membership"),
                _item(_("Invitations"), "mail", "chat_invitation"),
                _item(_("Accounts"), "person", "chat_user"),
            ),
            _group(
                _("Server"),
                {
                    "title": _("Doctor"),
                    "icon": "stethoscope",
                    "link": reverse_lazy("doctor"),
                    **_SUPERUSERS,
                },
                _item(_("Jobs"), "schedule", "chat_job", **_SUPERUSERS),
                _item(_("Processes"), "memory", "chat_processlease", **_SUPERUSERS),
                _item(_("E-mail addresses"), "alternate_email", "account_emailaddress", **_SUPERUSERS),
                _item(_("Single sign-on"), "passkey", "socialaccount_socialaccount", **_SUPERUSERS),
                _item(_("Second factors"), "phonelink_lock", "mfa_authenticator", **_SUPERUSERS),
            ),
        ],
    },
}
