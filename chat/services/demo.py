"""The demo organization: what a new installation has to look at, and what scripts and tests log in to.

Its ids, random passwords and key are kept in ``DATA_DIR/demo.json``, which only its owner can read; in the
database the secrets are digests.
"""

from __future__ import annotations

import ipaddress
import json
import os
import secrets
import tempfile
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Model, QuerySet

from chat.exceptions import Conflict
from chat.knowledge.ingest import sync_folder
from chat.models import ApiKey, Chatbot, Contact, Inbox, KnowledgeBase, Organization, Role, User, WebChat
from chat.services.keys import create_api_key, digest_of, revoke_api_keys
from chat.services.memberships import join

ADMIN, MEMBER = "demo-admin", "demo"
SITE, KEY = "Demo site", "Demo key"
CHATBOT = {
    "name": "Parley guide",
    "greeting": "Ask me how Parley is used, installed and embedded.",
    "starters": [
        {"title": "Embed it", "text": "How do I embed the chat on my site?"},
        {"title": "Connect a model", "text": "How do I connect a model of my own?"},
        {"title": "Reload", "text": "What happens when I reload the page?"},
        {"title": "中文說明", "text": "忘記密碼怎麼辦？"},
    ],
}
#: Pages of one's own machine, whatever their port, may try the embedded chat.
LOCAL_SITES = ["http://localhost:*", "http://127.0.0.1:*", "http://*.localhost:*"]
#: Without the letters and digits that are taken for each other.
_READABLE = "abcdefghjkmnpqrstuvwxyz23456789"

Row = TypeVar("Row", bound=Model)
Known = dict[str, str]


def answers_others() -> bool:
    """Whether this server is set up to answer under a name that is not this machine's own."""
    public = urlsplit(settings.PUBLIC_URL).hostname if settings.PUBLIC_URL else None
    return not all(map(_is_loopback, [*settings.ALLOWED_HOSTS, *([public] if public else [])]))


def _is_loopback(host: str) -> bool:
    name = host.strip("[].").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def make_demo() -> tuple[Known, bool]:
    """Make the demo organization, or bring what its chatbot knows up to date; nothing else is made anew.

    Returns its ids, names and secrets, and whether the secrets had to be replaced: then the earlier ones
    were not to be had any more.
    """
    with transaction.atomic():
        known = _read(_file())
        admin, admin_is_new = User.objects.get_or_create(username=ADMIN)
        organization = _organization(admin, admin_is_new)
        member = _member(organization)
        ids = _rows(organization, known)
        kept = _fits(known, organization, admin, member)
        opened = known if kept else _new_secrets(organization, admin, member)
    names = {"adminUsername": ADMIN, "username": MEMBER}
    told = {**ids, **names, **{name: opened[name] for name in ("apiKey", "adminPassword", "password")}}
    if told != known:
        _write(_file(), told)
    return told, not kept and not admin_is_new


def _organization(admin: User, is_new: bool) -> Organization:
    """An account that exists and belongs to nothing is not the demo's, and not to be taken over."""
    membership = admin.memberships.select_related("organization").order_by("created_at").first()
    if membership is None and not is_new:
        raise Conflict(_taken(ADMIN))
    organization = membership.organization if membership else Organization.objects.create(name="Demo")
    join(user=admin, organization=organization, role=Role.ADMIN)
    return organization


def _member(organization: Organization) -> User:
    member, made = User.objects.get_or_create(username=MEMBER)
    if not made and not organization.memberships.filter(user=member).exists():
        raise Conflict(_taken(MEMBER))
    join(user=member, organization=organization)
    return member


def _taken(username: str) -> str:
    return f"There is an account named {username} that is not the demo's. Rename or delete it first."


def _rows(organization: Organization, known: Known) -> Known:
    """The ids of what belongs to the demo: of what is there, and else of what is made now."""

    def row(rows: QuerySet[Row], key: str, **values: Any) -> Row:
        return _by_id(rows, known.get(key)) or _first_or_new(rows, organization=organization, **values)

    knowledge = row(
        KnowledgeBase.objects.filter(organization=organization), "", name="Parley's documentation"
    )
    sync_folder(knowledge_base=knowledge, folder=settings.BASE_DIR / "docs")
    chatbot = row(Chatbot.objects.filter(organization=organization), "chatbotId", **CHATBOT)
    if not chatbot.knowledge_bases.exists():
        chatbot.knowledge_bases.add(knowledge)
    inbox = row(Inbox.objects.filter(organization=organization), "inboxId", name=SITE)
    web_chat = row(
        WebChat.objects.filter(inbox=inbox),
        "webChatId",
        name=SITE,
        inbox=inbox,
        chatbot=chatbot,
        allowed_origins=LOCAL_SITES,
    )
    contact = row(Contact.objects.filter(inboxes=inbox), "contactId", name="Demo visitor")
    contact.inboxes.add(inbox)
    return {
        "organizationId": str(organization.pk),
        "chatbotId": str(chatbot.pk),
        "inboxId": str(inbox.pk),
        "webChatId": str(web_chat.pk),
        "contactId": str(contact.pk),
    }


def _by_id(rows: QuerySet[Row], id: str | None) -> Row | None:
    try:
        return rows.filter(pk=id).first() if id else None
    except ValidationError:
        return None


def _first_or_new(rows: QuerySet[Row], *, name: str, **values: Any) -> Row:
    return rows.filter(name=name).first() or rows.model._default_manager.create(name=name, **values)


# Secrets


def _fits(known: Known, organization: Organization, admin: User, member: User) -> bool:
    """Whether the secrets of the file still open what they are for."""
    digest = digest_of(known.get("apiKey", ""))
    return (
        ApiKey.objects.filter(organization=organization, digest=digest, revoked_at=None).exists()
        and admin.check_password(known.get("adminPassword", ""))
        and member.check_password(known.get("password", ""))
    )


def _new_secrets(organization: Organization, admin: User, member: User) -> Known:
    revoke_api_keys(ApiKey.objects.filter(organization=organization, name=KEY))
    _, key = create_api_key(organization=organization, name=KEY, user=admin)
    made = {"apiKey": key, "adminPassword": _password(), "password": _password()}
    for user, password in ((admin, made["adminPassword"]), (member, made["password"])):
        user.set_password(password)
        user.save(update_fields=["password"])
    return made


def _password() -> str:
    return "-".join("".join(secrets.choice(_READABLE) for _ in range(4)) for _ in range(4))


def _file() -> Path:
    return Path(settings.DATA_DIR) / "demo.json"


def _read(file: Path) -> Known:
    try:
        found = json.loads(file.read_text())
    except (OSError, ValueError):
        return {}
    return (
        {name: value for name, value in found.items() if isinstance(value, str)}
        if isinstance(found, dict)
        else {}
    )


def _write(file: Path, told: Known) -> None:
    """For its owner alone, and whole or not at all: a temporary file is 0600, and is then renamed."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=file.parent, delete=False) as new:
        json.dump(told, new, indent=1)
        new.flush()
        os.fsync(new.fileno())
    Path(new.name).replace(file)
