"""Conversations by the words that stand in them.

Nothing is indexed for this: the messages of the conversations at hand are read, the most recent first, until
a page is full. What that costs, and why it is enough, is in ``docs/decisions/0018-keywords.md``. A search
that finds little reads everything, so there is a limit to how long it may take and to how many run at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext_lazy as _

from chat.db import time_limit
from chat.models import Conversation, Message
from chat.turns import Turns

#: What is read of a query: so many characters, and of these so many words.
CHARACTERS, WORDS = 200, 8
#: The searches of one process.
turns = Turns(2, waiting=6, seconds=5)


def words_of(query: str) -> list[str]:
    """What a query asks for: its words as they are written, each once. Writing without spaces is one word."""
    words = query.replace("\x00", "")[:CHARACTERS].split()
    return list({word.casefold(): word for word in words}.values())[:WORDS]


def mentioning(rows: QuerySet[Conversation], words: list[str], *fields: str) -> QuerySet[Conversation]:
    """Those of the conversations in which each of the words stands somewhere: in one of the fields, or in a
    message that is shown. Upper and lower case do not matter, nor does the order.

    A sub-query for each row, and no ``EXISTS``: PostgreSQL may answer that from one list of all messages, of
    everybody, that have the word. Read the rows inside ``searching``.
    """
    for number, word in enumerate(words):
        messages = Message.objects.filter(conversation=OuterRef("pk"), superseded=False)
        said = Subquery(messages.filter(_contains("content", word)).order_by().values("pk")[:1])
        found = Q(**{f"said_{number}__isnull": False})
        for field in fields:
            found |= _contains(field, word)
        rows = rows.alias(**{f"said_{number}": said}).filter(found)
    return rows


def _contains(field: str, word: str) -> Q:
    """SQLite knows the two cases of ASCII only; of other letters the usual spellings are looked for."""
    spellings = {word}
    if not word.isascii():
        spellings |= {word.lower(), word.upper(), word.capitalize()}
    found = Q()
    for spelling in sorted(spellings):
        found |= Q(**{f"{field}__icontains": spelling})
    return found


@contextmanager
def searching(words: list[str] | str) -> Iterator[None]:
    """Around the reading of what is looked for by words; without any nothing is limited. Raises
    ``StorageBusy``."""
    if not words:
        yield
        return
    sentence = _("This search takes too long. Search in less, such as one inbox, or for other words.")
    with (
        turns.turn(_("Other searches are running. Try again in a moment.")),
        time_limit(settings.SEARCH_SECONDS, sentence),
    ):
        yield
