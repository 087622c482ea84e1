"""Documents of knowledge bases: stored while somebody waits, indexed in the background."""

from __future__ import annotations

import asyncio
from uuid import UUID, uuid4

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db.models import QuerySet

from chat.db import in_database, transact
from chat.jobs.queue import enqueue
from chat.knowledge import ingest
from chat.models import FileStatus, KnowledgeBase, KnowledgeFile
from chat.services.files import forget


def add_document(*, knowledge_base: KnowledgeBase, filename: str, title: str, text: str) -> KnowledgeFile:
    """Store a document, or another one under the same name; what was found of that is found until this one is
    indexed. Without a title the document's own is taken, else its file name."""
    content = text.replace("\x00", "").encode()
    stored = default_storage.save(f"knowledge/{uuid4().hex}", ContentFile(content))
    with transact():
        file, _ = KnowledgeFile.objects.get_or_create(knowledge_base=knowledge_base, filename=filename)
        forget(file.file.name)
        file.file.name, file.title, file.status = stored, title or file.title, FileStatus.INITIAL
        file.indexing = None
        file.size, file.file_type = len(content), ingest.type_of(filename)
        file.save()
        _index_later(file, title)
    return file


def index_again(files: QuerySet[KnowledgeFile]) -> int:
    """Returns how many that are: of some there is no stored text, because they are followed from a folder."""
    with transact():
        kept = list(files.exclude(file=""))
        for file in kept:
            KnowledgeFile.objects.filter(pk=file.pk).update(status=FileStatus.INITIAL)
            _index_later(file, file.title)
    return len(kept)


def _index_later(file: KnowledgeFile, title: str) -> None:
    stored = file.file.name
    enqueue(
        "documents",
        {"file": str(file.pk), "stored": stored, "title": title},
        dedupe_key=f"{file.pk} {stored}",
    )


async def index(*, file: str, stored: str, title: str) -> None:
    """Of two documents that were added under one name, the later counts, whichever is read first."""
    run = await in_database(ingest.begin, UUID(file), stored=stored)
    if run is None:
        return
    made = await asyncio.to_thread(_read_and_make, run, stored, title)
    done: int | None = 0
    while done is not None:
        done = await in_database(ingest.store_some, run, made, done)


def _read_and_make(run: ingest.Run, stored: str, title: str) -> ingest.Made:
    with default_storage.open(stored) as content:
        return ingest.make(run, title, content.read().decode())


def mark_failed(*, file: str, stored: str, title: str) -> None:
    """It was tried often enough. Whoever looks after the document sees it, and can ask for it again."""
    KnowledgeFile.objects.filter(pk=file, file=stored).update(status=FileStatus.FAILED, indexing=None)
