"""``manage.py demo_site``: a shop on another origin that embeds a chat."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from chat.management.shop import VARIANTS, Shop
from chat.models import WebChat
from chat.models.inbox import AccessType


class Command(BaseCommand):
    help = "Serve a shop on another origin, on this machine only, whose pages embed a web chat."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8001, help="8001; 0 takes a free one")
        parser.add_argument("--web-chat", type=UUID, help="its id; otherwise the oldest active one")
        parser.add_argument("--chat", default=settings.PUBLIC_ORIGINS[0], help="the address of this server")

    def handle(self, *args: Any, port: int, web_chat: UUID | None, chat: str, **options: Any) -> None:
        found = self.web_chat(web_chat)
        try:
            shop = Shop(port, chat.rstrip("/"), str(found.pk))
        except OSError as error:
            raise CommandError(
                f"Port {port} cannot be used: {error.strerror}. Take another: --port"
            ) from None
        with shop:
            for path in VARIANTS:
                self.stdout.write(f"{shop.origin}{path}")
            self.stdout.write(
                f"These pages show “{found.name}” if {shop.origin} is one of its allowed origins. "
                "Ctrl + C ends them."
            )
            self.stdout.flush()
            try:
                shop.serve_forever()
            except KeyboardInterrupt:
                self.stdout.write("Ended.")

    def web_chat(self, id: UUID | None) -> WebChat:
        wanted = {"pk": id} if id else {"is_active": True, "access_type": AccessType.WEB}
        found = WebChat.objects.filter(**wanted).order_by("created_at").first()
        if found is None:
            raise CommandError("There is no such web chat. `manage.py demo` makes one.")
        return found
