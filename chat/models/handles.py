"""The names that a contact has in other networks, found by an index."""

from __future__ import annotations

from typing import Any

from django.db.models import F, Func, Index, Q, TextField
from django.db.models.lookups import IsNull

NETWORKS = ("facebook", "instagram", "intercom", "line", "messenger", "telegram", "whatsapp")


class Handle(Func):
    """The name in one of the networks, or null. The network is part of the SQL: an index is not recognised
    by a parameter."""

    arity = 1
    output_field = TextField()

    def __init__(self, *expressions: Any, network: str, **extra: Any) -> None:
        if network not in NETWORKS:
            raise ValueError(network)
        super().__init__(*expressions, network=network, **extra)

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        template = "JSON_EXTRACT(%(expressions)s, '$.%(network)s')"
        return self.as_sql(compiler, connection, template=template, **context)

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        template = "(%(expressions)s ->> '%(network)s')"
        return self.as_sql(compiler, connection, template=template, **context)


def handle_indexes() -> list[Index]:
    """One for each network, with those alone who have a name there."""
    return [
        Index(
            F("organization"),
            Handle("handles", network=network),
            name=f"contact_{network}",
            condition=Q(IsNull(Handle("handles", network=network), False)),
        )
        for network in NETWORKS
    ]
