"""What an answer cites, with every name that the REST API's clients read."""

from __future__ import annotations

from collections.abc import Iterable

from chat.shapes.values import Shape

#: The one that reads all documents. Clients know its rank by two names, and this provider among three.
PARSER: Shape = {
    "id": "0d4f7f6e-5b1c-4f43-9f0a-6c1f5f0f7a51",
    "name": "Parley",
    "provider": "maiagent",
    "order": 0,
    "priority": 0,
}
#: What an endpoint does not say of documents that are its own.
_FILE: Shape = {
    "status": "done",
    "knowledgeBase": None,
    "labels": [],
    "rawUserDefineMetadata": None,
    "chatbotFileContent": None,
    "document": None,
    "createdAt": None,
}
_PASSAGE: Shape = {"hitsCount": 0, "updatedAt": None, "chatbotFile": None}


def rest_citations(files: Iterable[Shape]) -> list[Shape]:
    return [{**_FILE, **file, "parser": PARSER} for file in files]


def rest_citation_nodes(nodes: Iterable[Shape]) -> list[Shape]:
    return [{**node, "chatbotTextNode": _passage(node.get("chatbotTextNode") or {})} for node in nodes]


def _passage(passage: Shape) -> Shape:
    return {**_PASSAGE, "charactersCount": len(passage.get("text", "")), **passage}
