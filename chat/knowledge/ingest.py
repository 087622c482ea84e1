"""Documents in: a text becomes a knowledge file and its passages.

    begin -> make (long; asks nothing of the database) -> store_some, until it is done

A file belongs to the run that began last: an earlier one that is still at work stores nothing more.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from uuid import UUID, uuid4

from django.db import transaction

from chat.db import transact
from chat.knowledge.index import terms_of
from chat.knowledge.passages import cut, title_of
from chat.models import FileStatus, KnowledgeBase, KnowledgeFile, Passage

#: Part of every digest: raise it when passages or terms are made in another way, and the next sync makes
#: them anew.
EDITION = "1"
TYPES = {".md": "text/markdown", ".txt": "text/plain"}
#: How many passages one transaction takes away or adds: 10,000 at once would hold up SQLite's other writers
#: for two seconds.
AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Run:
    """The right to write the passages of one file."""

    id: UUID
    file: UUID
    knowledge_base: UUID
    filename: str


@dataclass(frozen=True, slots=True)
class Made:
    title: str
    digest: str
    passages: list[Passage]


def sync_folder(*, knowledge_base: KnowledgeBase, folder: Path) -> list[KnowledgeFile]:
    """Make the knowledge base hold just the Markdown and text files of the folder, named by their paths."""
    documents = sorted(path for path in folder.rglob("*") if path.suffix in TYPES and path.is_file())
    with transaction.atomic():
        files = [
            sync_file(
                knowledge_base=knowledge_base,
                filename=document.relative_to(folder).as_posix(),
                title="",
                text=document.read_text(encoding="utf-8", errors="replace"),
            )
            for document in documents
        ]
        knowledge_base.files.exclude(pk__in=[file.pk for file in files]).delete()
    return files


@transaction.atomic
def sync_file(*, knowledge_base: KnowledgeBase, filename: str, title: str, text: str) -> KnowledgeFile:
    """Store a document's text, or replace it under the same name. The same text again changes nothing.

    Without a title the document's own is taken, else its file name.
    """
    file, _ = KnowledgeFile.objects.get_or_create(knowledge_base=knowledge_base, filename=filename)
    text = text.replace("\x00", "")
    if file.status == FileStatus.DONE and file.digest == _digest(_title(title, filename, text), text):
        return file
    size, file_type = len(text.encode()), type_of(filename)
    KnowledgeFile.objects.filter(pk=file.pk).update(size=size, file_type=file_type)
    run = begin(file.pk)
    assert run is not None  # noqa: S101 (the row was made in this transaction, or is locked by it)
    made = make(run, title, text)
    stored: int | None = 0
    while stored is not None:
        stored = store_some(run, made, stored)
    file.refresh_from_db()
    return file


def type_of(filename: str) -> str:
    return TYPES.get(PurePosixPath(filename).suffix, "text/plain")


@transact()
def begin(file: UUID, *, stored: str | None = None) -> Run | None:
    """Begin to index a file, from the start. None: it is gone, or its text is not ``stored`` there now."""
    rows, id = KnowledgeFile.objects.filter(pk=file), uuid4()
    if stored is not None:
        rows = rows.filter(file=stored)
    if not rows.update(status=FileStatus.PROCESSING, indexing=id):
        return None
    return Run(id, *rows.values_list("pk", "knowledge_base", "filename").get())


def make(run: Run, title: str, text: str) -> Made:
    title = _title(title, run.filename, text)
    return Made(title, _digest(title, text), _passages(run, title, text))


@transact()
def store_some(run: Run, made: Made, stored: int) -> int | None:
    """Take away what was found of the file before or, when nothing of it is left, add what comes next.

    Returns how many are stored. None: all are, or the run is over."""
    mine = KnowledgeFile.objects.filter(pk=run.file, indexing=run.id)
    if not mine.update(indexing=run.id):
        return None
    if not stored:
        old = Passage.objects.filter(file=run.file).values("pk")[:AT_ONCE]
        if Passage.objects.filter(pk__in=old).delete()[0] == AT_ONCE:
            return 0
    Passage.objects.bulk_create(made.passages[stored : stored + AT_ONCE])
    stored += AT_ONCE
    if stored < len(made.passages):
        return stored
    mine.update(title=made.title, digest=made.digest, status=FileStatus.DONE, indexing=None)
    return None


def _title(title: str, filename: str, text: str) -> str:
    return (title or title_of(text) or PurePosixPath(filename).stem)[:255]


def _digest(title: str, text: str) -> str:
    return hashlib.sha256("\0".join((EDITION, title, text)).encode()).hexdigest()


def _passages(run: Run, title: str, text: str) -> list[Passage]:
    return [
        Passage(
            file_id=run.file,
            position=position,
            heading=one.heading[:512],
            text=one.text,
            terms=terms_of(run.knowledge_base, title, one.heading, one.text),
            characters_count=len(one.text),
        )
        for position, one in enumerate(cut(text))
    ]
