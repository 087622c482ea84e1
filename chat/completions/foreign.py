"""Citations that an endpoint sends of its own documents, cut down to what we know and can show."""

from __future__ import annotations

from typing import Any

from chat.completions.text import clean

Shape = dict[str, Any]

MAX_CITED = 50
MAX_PASSAGE = 8000
MAX_NAME = 255


def nodes(raw: object) -> list[Shape]:
    """The passages that have a text, numbered from 1 in the order sent."""
    found = [_passage(one) for one in raw[:MAX_CITED]] if isinstance(raw, list) else []
    return [{"number": number, **node} for number, node in enumerate(filter(None, found), start=1)]


def citations(raw: object) -> list[Shape]:
    """The files, without what we do not know; an address is kept if a browser may open it."""
    files = [one for one in raw[:MAX_CITED] if isinstance(one, dict)] if isinstance(raw, list) else []
    return [_file(one) for one in files]


def _passage(raw: object) -> Shape | None:
    node = _of(raw, "chatbotTextNode", "chatbot_text_node")
    if not isinstance(raw, dict) or not isinstance(node, dict) or not _text(node, "text", MAX_PASSAGE):
        return None
    score = raw.get("score")
    score = float(score) if isinstance(score, int | float) and abs(score) < 1e6 else 0.0
    page = _of(node, "pageNumber", "page_number")
    return {
        "score": score,
        "displayScore": round(score * 100),
        "chatbotTextNode": {
            "id": _text(node, "id"),
            "text": _text(node, "text", MAX_PASSAGE),
            "filename": _text(node, "filename"),
            "title": _text(node, "filename"),
            "heading": "",
            "pageNumber": page if isinstance(page, int) and 0 <= page < 10**6 else None,
        },
    }


def _file(raw: Shape) -> Shape:
    address = _text(raw, "file", 2000)
    size = raw.get("size")
    return {
        "id": _text(raw, "id"),
        "filename": _text(raw, "filename"),
        "title": _text(raw, "filename"),
        "file": address if address.startswith(("https://", "http://")) else None,
        "fileType": _text(raw, "fileType") or _text(raw, "file_type"),
        "size": size if isinstance(size, int) and 0 <= size < 2**53 else 0,
    }


def _of(raw: object, *names: str) -> object:
    return next((raw[name] for name in names if name in raw), None) if isinstance(raw, dict) else None


def _text(raw: Shape, name: str, limit: int = MAX_NAME) -> str:
    value = raw.get(name)
    return clean(value)[:limit] if isinstance(value, str) else ""
