"""A chatbot's records as an Excel workbook, written row by row.

Every cell is a string. What people and models wrote is never a formula, a number or a link, and characters
that a workbook cannot hold are replaced, so that no content keeps it from being opened.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC
from typing import IO
from uuid import UUID

from django.utils.translation import gettext as _

from chat.principals import Principal
from chat.selectors.records import Exported, Wanted, exported_records, records_of
from chat.shapes.records import context, reply_time

#: The titles are the format's, in every language, with how wide the columns are, in characters.
COLUMNS = {
    "ID": 38,
    "User input": 50,
    "Refined input": 20,
    "Kind": 10,
    "References": 50,
    "Output": 80,
    "Faithfulness": 12,
    "Answer relevancy": 12,
    "Answer correctness": 12,
    "Answer similarity": 12,
    "Context precision": 12,
    "Context recall": 12,
    "Reply time": 12,
    "Created time": 22,
}
#: What one cell holds, in units of UTF-16; and the rows of a sheet, without the titles and a last word.
CELL = 32_767
ROWS = 1_048_576 - 2
#: Records that are read at once.
BATCH = 500

#: Neither XML nor a reader of it has these: control characters, halves of pairs, and what is no character. A
#: carriage return becomes a new line when XML is read, so it is one from the beginning.
_NO_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_RETURN = re.compile("\r\n?")


def write_records(principal: Principal, chatbot: UUID, wanted: Wanted, file: IO[bytes]) -> None:
    """Write the workbook into the file. Memory does not grow with it, and between two batches no connection's
    cursor is held open."""
    import xlsxwriter  # 2 MB, which a server that writes none need not hold

    workbook = xlsxwriter.Workbook(file, {"constant_memory": True})
    sheet = workbook.add_worksheet("Records")
    sheet.freeze_panes(1, 0)
    for column, (title, width) in enumerate(COLUMNS.items()):
        sheet.set_column(column, column, width)
        sheet.write_string(0, column, title)
    ids = Ids(records_of(principal, chatbot, wanted)[: ROWS + 1].values_list("pk", flat=True))
    row = 0
    for batch in ids.batches(BATCH):
        for record in exported_records(batch):
            row += 1
            for column, text in enumerate(cells(record)):
                if text:
                    sheet.write_string(row, column, cell(text))
    if len(ids) > ROWS:
        more = _("There are more records than a sheet has rows. Export a shorter time.")
        sheet.write_string(row + 1, 0, more)
    workbook.close()


class Ids:
    """Many ids, each in its 16 bytes."""

    def __init__(self, ids: Iterable[UUID]) -> None:
        self._bytes = bytearray()
        for id in ids:
            self._bytes += id.bytes

    def __len__(self) -> int:
        return len(self._bytes) // 16

    def batches(self, size: int) -> Iterator[list[UUID]]:
        for first in range(0, len(self._bytes), size * 16):
            part = bytes(self._bytes[first : first + size * 16])
            yield [UUID(bytes=part[at : at + 16]) for at in range(0, len(part), 16)]


def cells(record: Exported) -> tuple[str, ...]:
    """In the order of the columns. The refined question and the scores are not known yet."""
    return (
        str(record.answer),
        record.input,
        "",
        "Follow" if record.follows else "New",
        context(record.citation_nodes),
        record.output,
        *("",) * 6,
        reply_time(record.queued_at, record.ended_at) or "",
        record.asked_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    )


def cell(text: str) -> str:
    """What a cell can hold of it; one that was cut says so."""
    text = _NO_TEXT.sub("\ufffd", _RETURN.sub("\n", text))
    if len(text) * 2 <= CELL:
        return text
    units = text.encode("utf-16-le")
    if len(units) <= CELL * 2:
        return text
    note = _("… (cut here: a cell holds no more)")
    room = CELL - len(note.encode("utf-16-le")) // 2
    return units[: room * 2].decode("utf-16-le", "ignore") + note
