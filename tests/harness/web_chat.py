"""Run in the server's environment: for each JSON object in a line of its input make a web chat of alice's
organization with a chatbot of its own, and print its id, that of a ``contact`` if one is asked for, and what
its site signs for each of the ``persons``."""

from __future__ import annotations

import json
import os
import sys
from datetime import timedelta
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

import jwt  # noqa: E402
from django.utils import timezone  # noqa: E402

from chat.models import Chatbot, Contact, Inbox, WebChat  # noqa: E402
from chat.services.identity import new_secret  # noqa: E402
from tests import people  # noqa: E402

NAME = "Fernhill Cycles"


def make(fields: dict[str, Any]) -> dict[str, Any]:
    organization = people.organization_of(people.alice())
    chatbot = Chatbot.objects.create(
        organization=organization,
        name="Fern",
        greeting=fields.pop("greeting", ""),
        starters=fields.pop("starters", []),
    )
    persons, contact = fields.pop("persons", {}), fields.pop("contact", None)
    web_chat = WebChat.objects.create(
        organization=organization,
        inbox=Inbox.objects.create(organization=organization, name=NAME),
        chatbot=chatbot,
        **{"name": NAME, "allowed_origins": ["*"], **fields},
    )
    signed: dict[str, str] = {}
    if persons:
        secret = new_secret(web_chat.pk)
        ends = timezone.now() + timedelta(minutes=50)
        claims = {"aud": str(web_chat.pk), "exp": ends}
        for sub, more in persons.items():
            if "seconds" in more:  # from now on, when the page may be asked for
                more["exp"] = timezone.now() + timedelta(seconds=more.pop("seconds"))
            signed[sub] = jwt.encode({**claims, "sub": sub, **more}, secret, "HS256")
    made = {"id": str(web_chat.pk), "signed": signed}
    if contact is not None:
        made["contact"] = str(Contact.objects.create(organization=organization, **contact).pk)
    return made


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(make(json.loads(line))), flush=True)
