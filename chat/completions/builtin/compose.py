"""An answer made of the sources' own sentences, steps and code, each followed by the number of its source.

    the sources' units -> the ones that speak of the question -> spans in the sources' order -> Markdown

Nothing is answered from anywhere else: without sources it says so, and names what it could answer about.
"""

from __future__ import annotations

from collections.abc import Sequence

from chat.completions.builtin.asked import Asked
from chat.completions.builtin.render import rendered
from chat.completions.builtin.select import selected
from chat.completions.builtin.units import Unit, units
from chat.completions.builtin.wording import CHINESE, ENGLISH, Wording
from chat.completions.deltas import Prompt
from chat.text.questions import is_greeting, is_thanks, topic
from chat.text.words import is_cjk


def composed(prompt: Prompt) -> str:
    """The whole answer, in Markdown and in the language of the question."""
    wording = CHINESE if is_cjk(prompt.question) else ENGLISH
    if is_greeting(prompt.question):
        return _said(wording, wording.greeting, wording.knows(prompt.topics))
    if is_thanks(prompt.question):
        return wording.thanks
    found = units(prompt.sources)
    asked = Asked(prompt, found)
    chosen = selected(asked, found)
    if not chosen:
        return _nothing_found(prompt, wording)
    return "\n\n".join(filter(None, [_caveat(asked, found, wording), rendered(chosen)]))


def _caveat(asked: Asked, found: Sequence[Unit], wording: Wording) -> str:
    """A name that no source knows: what follows may be about something else."""
    known = frozenset().union(*(unit.terms | unit.section_terms for unit in found))
    missing = [wording.quote(name) for name in asked.unmentioned(known)]
    return wording.not_mentioned.format(wording.listed(missing)) if missing else ""


def _nothing_found(prompt: Prompt, wording: Wording) -> str:
    about = topic(prompt.question)
    told = wording.nothing_about.format(wording.quote(about)) if about else wording.nothing
    return _said(wording, told, wording.knows(prompt.topics))


def _said(wording: Wording, *said: str) -> str:
    return ("" if wording is CHINESE else " ").join(filter(None, said))
