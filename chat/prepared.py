"""Queries that are compiled once.

Django builds the SQL of a query each time it is asked. For those that every message asks, that took ten to
fifty times as long as the database took to answer.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar
from uuid import UUID, uuid4

from django.db import connections
from django.db.models import QuerySet
from django.db.models.sql import UpdateQuery

T = TypeVar("T")
#: A ``dict`` or ``list`` is JSON.
Value = UUID | int | str | datetime | dict[str, Any] | list[Any] | None

#: Stands in a query for what is asked later, and is found again in the parameters of its SQL.
_SENTINELS: dict[type, Callable[[int], Value]] = {
    UUID: lambda _: uuid4(),
    int: lambda number: 1_987_654_000 + number,
    str: lambda _: f"parameter {uuid4()}",
    datetime: lambda number: datetime(1901, 1, 1, 0, 0, number, tzinfo=UTC),
    dict: lambda _: {"parameter": str(uuid4())},
}


class Prepared(Generic[T]):
    """``Prepared(lambda id: Message.objects.filter(pk=id), id=UUID)`` is called with ``id=…`` and returns
    the rows as a list.

    The function is called once. What it returns may depend on its parameters only through comparisons with
    them; prefetched relations are not fetched.
    """

    def __init__(self, queryset: Callable[..., QuerySet[Any, T]], **parameters: type) -> None:
        self._queryset = queryset
        self._parameters = parameters
        self._compiled: _Rows[T] | None = None

    def __call__(self, **values: Value) -> list[T]:
        compiled = self._compiled
        if compiled is None:  # in two threads at once, both get the same
            sentinels = sentinels_for(self._parameters)
            compiled = self._compiled = _Rows(self._queryset(**sentinels), sentinels)
        return compiled.ask(values)


class PreparedUpdate:
    """``PreparedUpdate(lambda id: Message.objects.filter(pk=id), lambda text: {"content": text}, id=UUID,
    text=str)`` is called with ``id=…, text=…`` and returns the number of rows.

    Both functions take all the parameters (those that they do not need as ``**_``).
    """

    def __init__(
        self,
        queryset: Callable[..., QuerySet[Any]],
        values: Callable[..., dict[str, Any]],
        **parameters: type,
    ) -> None:
        self._queryset, self._values = queryset, values
        self._parameters = parameters
        self._compiled: _Statement | None = None

    def __call__(self, **values: Value) -> int:
        compiled = self._compiled
        if compiled is None:
            compiled = self._compiled = self._compile()
        with compiled.connection.cursor() as cursor:
            cursor.execute(compiled.sql, compiled.parameters(values))
            return int(cursor.rowcount)

    def _compile(self) -> _Statement:
        sentinels = sentinels_for(self._parameters)
        queryset = self._queryset(**sentinels)
        query: Any = queryset.query.chain(UpdateQuery)
        query.add_update_values(self._values(**sentinels))
        return _Statement(query.get_compiler(using=queryset.db), sentinels)


def sentinels_for(parameters: dict[str, type]) -> dict[str, Value]:
    return {name: _SENTINELS[kind](number) for number, (name, kind) in enumerate(parameters.items())}


class _Statement:
    """The SQL of a query, and where in it the parameters stand."""

    def __init__(self, compiler: Any, sentinels: dict[str, Value]) -> None:
        self.using = compiler.using
        self.sql, parameters = compiler.as_sql()
        names = {_mark(self._plain(value)): name for name, value in sentinels.items()}
        self._slots = [(names.get(_mark(one)), one) for one in parameters]
        if missing := set(sentinels) - {name for name, _ in self._slots}:
            raise ValueError(f"parameters that the query does not have: {', '.join(sorted(missing))}")

    @property
    def connection(self) -> Any:
        """This thread's."""
        return connections[self.using]

    def parameters(self, values: dict[str, Value]) -> tuple[Any, ...]:
        return tuple(self._plain(values[name]) if name else fixed for name, fixed in self._slots)

    def _plain(self, value: Value) -> Any:
        """As the database's driver takes it."""
        match value:
            case UUID():
                return value if self.connection.features.has_native_uuid_field else value.hex
            case datetime():
                return self.connection.ops.adapt_datetimefield_value(value)
            case dict() | list():
                return self.connection.ops.adapt_json_value(value, None)
            case _:
                return value


def _mark(parameter: Any) -> str:
    """What tells a parameter from another; for psycopg, numbers and JSON are wrapped."""
    return str(int(parameter)) if isinstance(parameter, int) else repr(getattr(parameter, "obj", parameter))


class _Rows(Generic[T]):
    """A query that Django compiles no more: it takes the statement for what it has just built."""

    def __init__(self, queryset: QuerySet[Any, T], sentinels: dict[str, Value]) -> None:
        self._queryset: Any = queryset
        self._compiler: Any = queryset.query.get_compiler(using=queryset.db)
        self._statement = _Statement(self._compiler, sentinels)

    def ask(self, values: dict[str, Value]) -> list[T]:
        statement, parameters = self._statement.sql, self._statement.parameters(values)
        compiler = _twin(self._compiler)
        compiler.connection = self._statement.connection
        compiler.as_sql = lambda **_: (statement, parameters)
        query = _twin(self._queryset._query)
        query.get_compiler = lambda *_, **__: compiler
        queryset = _twin(self._queryset)
        queryset._query = query
        return list(queryset._iterable_class(queryset))


def _twin(original: Any) -> Any:
    """Another object with the same attributes: ``copy`` would ask the database what a queryset holds."""
    twin = object.__new__(type(original))
    twin.__dict__.update(original.__dict__)
    return twin
