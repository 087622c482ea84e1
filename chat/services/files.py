"""Stored files go when the row goes to which they belong, however it goes."""

from __future__ import annotations

import asyncio
from typing import Any

from django.core.files.storage import default_storage
from django.db.models.signals import post_delete

from chat.db import in_database
from chat.jobs.queue import enqueue
from chat.media import names, store
from chat.models import Attachment, KnowledgeFile, Upload

#: Every model with a stored file.
OWNERS = (Attachment, KnowledgeFile)


def watch() -> None:
    """Rows also go with conversations, accounts and organizations: what counts is that they are deleted."""
    for model in OWNERS:
        post_delete.connect(_row_deleted, sender=model, dispatch_uid="chat.files")
    post_delete.connect(_upload_deleted, sender=Upload, dispatch_uid="chat.files")


def _row_deleted(instance: Attachment | KnowledgeFile, **_: Any) -> None:
    forget(instance.file.name)


def _upload_deleted(instance: Upload, **_: Any) -> None:
    """It was registered, or never will be: what belongs to an attachment by now stays."""
    name = names.name_in(instance.key, ())
    for one in dict.fromkeys((name, store.settled_name(name))):
        forget(one)


def forget(name: str | None) -> None:
    """Delete a stored file after the transaction in which nothing belongs to it any more."""
    if name:
        enqueue("files", {"name": name})


async def delete_stored(*, name: str) -> None:
    if not await in_database(_belongs, name):
        await asyncio.to_thread(default_storage.delete, name)


def _belongs(name: str) -> bool:
    """Whether the name was given to another file, after this job had done its work once."""
    return any(model._default_manager.filter(file=name).exists() for model in OWNERS)
