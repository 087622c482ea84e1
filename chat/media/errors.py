"""What is wrong with a file."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from chat.exceptions import BadRequest


class FileRefused(BadRequest):
    """A file that is not taken; the message says why and what is."""

    default = _("This file cannot be taken.")
