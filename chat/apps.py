import gc

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ChatConfig(AppConfig):
    name = "chat"
    verbose_name = _("Chat")

    def ready(self) -> None:
        from chat.services import files

        files.watch()
        # After manage.py: what is loaded by now stays to the end.
        gc.collect()
        gc.freeze()
        gc.enable()
