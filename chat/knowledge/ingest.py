"""Documents in: a text becomes a knowledge file and its passages."""

from __future__ import annotations

import hashlib
from pathlib import Path, PurePosixPath

from django.db import transaction

from chat.knowledge.index import terms_of
from chat.knowledge.passages import cut, title_of
from chat.models import FileStatus, KnowledgeBase, KnowledgeFile, Passage

#: Part of every digest: raise it when passages or terms are made in another way, and the next sync makes
#: them anew.
EDITION = "1"
TYPES = {".md": "text/markdown", ".txt": "text/plain"}


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
    text = text.replace("\x00", "")
    title = (title or title_of(text) or PurePosixPath(filename).stem)[:255]
    digest = hashlib.sha256("\0".join((EDITION, title, text)).encode()).hexdigest()
    file, _ = KnowledgeFile.objects.get_or_create(knowledge_base=knowledge_base, filename=filename)
    if file.digest == digest and file.status == FileStatus.DONE:
        return file
    file.passages.all().delete()
    Passage.objects.bulk_create(_passages(file, title, text))
    file.title, file.digest, file.status = title, digest, FileStatus.DONE
    file.file_type = TYPES.get(PurePosixPath(filename).suffix, "text/plain")
    file.size = len(text.encode())
    file.save()
    return file


def _passages(file: KnowledgeFile, title: str, text: str) -> list[Passage]:
    return [
        Passage(
            file=file,
            position=position,
            heading=one.heading[:512],
            text=one.text,
            terms=terms_of(file.knowledge_base_id, title, one.heading, one.text),
            characters_count=len(one.text),
        )
        for position, one in enumerate(cut(text))
    ]
