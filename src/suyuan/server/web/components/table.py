"""The server table: everything it shows follows from its address, so that a link or the back button brings it back.

In the address: ``f.<column>`` filters, ``sort`` (a column, ``-`` before it: downwards), ``after`` (a cursor),
``cols`` (columns chosen, separated by commas), ``dense``. Pages go by key, so that page 10,000 costs what page 1 costs.

A view reads the state, asks its query, and shows::

    state = read_state(request, COLUMNS)
    page = batteries(request.actor.scope, state.filters, state.after)
    table = Table("batteries", COLUMNS, state, [Row(...) for ... in page.rows], page.following, Count(page.count))
    return show(request, "web/batteries.html", "web_batteries.title", table=table)

and the template says ``{% include "web/parts/table.html" %}``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias

from django.http import HttpRequest, QueryDict

from suyuan.kernel.findings import Value
from suyuan.server.accounts.queries.views import SavedView
from suyuan.server.kit.paging import LARGEST_PAGE

Kind: TypeAlias = Literal["text", "number", "ratio", "code", "day", "moment", "status"]
PREFIX: Final = "f."
USUAL_SIZE: Final = 50
MOST_SELECTED: Final = 1000


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Parameters
    ----------
    name
        Its key in rows and in the address.
    text
        Code of its heading.
    kind
        How its values are written.
    filter
        ``text`` for a box, ``choice`` for a list of `choices`; None if one cannot filter by it.
    choices
        Pairs of a value and the code of its words.
    sorts
        Whether one can sort by it.
    shown
        Whether it is there before anybody chose columns; the first is always there.
    any_text
        Code of what a list of choices says while nothing is chosen.
    """

    name: str
    text: str
    kind: Kind = "text"
    filter: Literal["text", "choice"] | None = None
    choices: tuple[tuple[str, str], ...] = ()
    sorts: bool = False
    shown: bool = True
    any_text: str = "web.filter_any"


@dataclass(frozen=True, slots=True)
class Status:
    """A word for a state: never colour alone.

    `tone` is good, warn, bad, info, locked, off or unknown; `code` that of the word.
    """

    code: str
    tone: str
    data: Mapping[str, Value] = field(default_factory=dict)

    @property
    def icon(self) -> str:
        """The symbol beside it."""
        icons = {"good": "circle-check", "warn": "clock", "bad": "alert-triangle", "locked": "lock", "off": "circle-x"}
        return icons.get(self.tone, "info-circle")


@dataclass(frozen=True, slots=True)
class Linked:
    """A value that leads somewhere."""

    value: Any
    address: str


@dataclass(frozen=True, slots=True)
class Count:
    """How many rows there are; `exact` is false where counting would cost too much."""

    number: int
    exact: bool = True


@dataclass(frozen=True, slots=True)
class Action:
    """A button that does something with the rows that were chosen: code of its words, address it posts to."""

    text: str
    address: str
    icon: str = "check"


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its key, where it leads, and its values by column (plain, `Status` or `Linked`).

    `actions` are what can be done with this row alone, at its end.
    """

    key: str
    values: Mapping[str, Any]
    address: str = ""
    actions: Sequence[Action] = ()


@dataclass(frozen=True, slots=True)
class State:
    """What the address says."""

    filters: Mapping[str, str]
    sort: str | None
    after: str | None
    size: int
    columns: tuple[str, ...]
    dense: bool
    query: str

    @property
    def descending(self) -> bool:
        """Whether it is sorted downwards."""
        return (self.sort or "").startswith("-")

    @property
    def sorted_by(self) -> str | None:
        """The column that it is sorted by."""
        return self.sort.removeprefix("-") if self.sort else None


def read_state(request: HttpRequest, columns: Sequence[Column], size: int = USUAL_SIZE) -> State:
    """What the address says; what it cannot mean (an unknown column, a strange size) counts as not said."""
    asked = request.GET
    filters = {}
    for column in columns:
        typed = asked.get(f"{PREFIX}{column.name}", "").strip()[:200]
        if typed and column.filter and (column.filter == "text" or typed in dict(column.choices)):
            filters[column.name] = typed
    sort = asked.get("sort", "")
    sortable = {column.name for column in columns if column.sorts}
    chosen = [name for name in asked.get("cols", "").split(",") if name in {column.name for column in columns}]
    shown = tuple(
        column.name
        for place, column in enumerate(columns)
        if place == 0 or (column.name in chosen if chosen else column.shown)
    )
    wanted = asked.get("size", "")
    rows = int(wanted) if wanted.isascii() and wanted.isdigit() and len(wanted) < 5 else size
    return State(
        filters,
        sort if sort.removeprefix("-") in sortable else None,
        asked.get("after") or None,
        min(max(rows, 1), LARGEST_PAGE),
        shown,
        asked.get("dense") == "1",
        asked.urlencode(),
    )


@dataclass(frozen=True, slots=True)
class Cell:
    """A value in its column, for the template."""

    column: Column
    value: Any
    address: str
    first: bool


@dataclass(frozen=True, slots=True)
class Table:
    """A table as it is shown.

    Parameters
    ----------
    listing
        Its name: saved views and exports go by it.
    actions
        What can be done with chosen rows; without any there is nothing to choose.
    export
        Address that takes ``format`` (csv, xlsx) and ``query`` as a form and starts the export; None for none.
    views
        Saved views, beside `saves` (whether new ones can be saved).
    empty
        Code of what an empty table says.
    whole
        Whether all rows that were found, on every page, can be chosen together; a form then sends ``all``.
    """

    listing: str
    columns: Sequence[Column]
    state: State
    rows: Sequence[Row]
    following: str | None = None
    count: Count | None = None
    actions: Sequence[Action] = ()
    export: str | None = None
    views: Sequence[SavedView] = ()
    saves: bool = False
    empty: str = "web.table_empty"
    whole: bool = False

    @property
    def shown(self) -> list[Column]:
        """The columns that are shown."""
        return [column for column in self.columns if column.name in self.state.columns]

    @property
    def heads(self) -> list[dict[str, Any]]:
        """The columns with the address that sorts by each, and what is typed into its filter."""
        return [
            {
                "column": column,
                "typed": self.state.filters.get(column.name, ""),
                "sort": self._sorting(column) if column.sorts else "",
                "direction": self._direction(column),
                "field": f"{PREFIX}{column.name}",
            }
            for column in self.shown
        ]

    @property
    def lines(self) -> list[tuple[Row, list[Cell]]]:
        """The rows, value by value."""
        return [
            (
                row,
                [
                    Cell(column, *_unlinked(row.values.get(column.name), row.address if not place else ""), not place)
                    for place, column in enumerate(self.shown)
                ],
            )
            for row in self.rows
        ]

    @property
    def row_actions(self) -> bool:
        """Whether something can be done with a row alone."""
        return any(row.actions for row in self.rows)

    @property
    def filtered(self) -> bool:
        """Whether a filter is set."""
        return bool(self.state.filters)

    @property
    def filters_at_all(self) -> bool:
        """Whether there is anything to filter by."""
        return any(column.filter for column in self.shown)

    @property
    def next_url(self) -> str:
        """The page behind this one."""
        return self.address(after=self.following)

    @property
    def first_url(self) -> str:
        """The first page."""
        return self.address(after=None)

    @property
    def density_url(self) -> str:
        """The same, closer or wider."""
        return self.address(dense=None if self.state.dense else "1")

    @property
    def clear_url(self) -> str:
        """The same without filters."""
        return self.address(after=None, **{f"{PREFIX}{column.name}": None for column in self.columns})

    @property
    def kept_fields(self) -> list[tuple[str, str]]:
        """What a form of filters must carry along."""
        asked = QueryDict(self.state.query)
        return [(name, asked[name]) for name in ("sort", "cols", "dense", "size", "lang") if name in asked]

    def address(self, **changes: str | None) -> str:
        """This table's address with parameters changed, or left out if None."""
        query = QueryDict(self.state.query, mutable=True)
        for name, value in changes.items():
            if value is None:
                query.pop(name, None)
            else:
                query[name] = value
        return f"?{query.urlencode()}"

    def _direction(self, column: Column) -> str:
        if self.state.sorted_by != column.name:
            return "none"
        return "descending" if self.state.descending else "ascending"

    def _sorting(self, column: Column) -> str:
        down = self._direction(column) == "ascending"
        return self.address(sort=f"-{column.name}" if down else column.name, after=None)


def selected(request: HttpRequest) -> list[str]:
    """The keys of the rows that were chosen, in a form that the batch bar sent; without doubles, in order.

    The button at the end of a row means that row, whatever else was chosen.
    """
    alone = request.POST.get("only")
    return [alone] if alone else list(dict.fromkeys(request.POST.getlist("row")))[:MOST_SELECTED]


def _unlinked(value: Any, address: str) -> tuple[Any, str]:
    return (value.value, value.address) if isinstance(value, Linked) else (value, address)
