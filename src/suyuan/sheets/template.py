"""What a sheet of one kind looks like: its columns, in both languages, and how it nests.

The room knows nothing of events; whoever calls it hands in the templates it may meet.
"""

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from suyuan.kernel import Language

NUMBER_TYPES = frozenset({"number", "integer"})
"""Column types whose cells are numbers."""

DATE_TYPES = frozenset({"date", "datetime"})
"""Column types whose cells are days or moments."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a template.

    Parameters
    ----------
    name
        Canonical name, under which the column comes out of reading.
    zh, en
        The heading in both languages.
    type
        A word; `NUMBER_TYPES` and `DATE_TYPES` are treated as such, every other type is text.
    choices
        Allowed values → (Chinese, English) label. Values and labels are accepted on reading.
    aliases
        Other headings that are understood, for example the names that older clients use.
    example
        Text of the example row.
    note
        (Chinese, English) remark for the sheet of notes.
    unit
        Unit of a number, shown in the notes.
    private
        It holds personal data, or may: findings do not quote its text.
    """

    name: str
    zh: str
    en: str
    type: str = "text"
    required: bool = False
    choices: Mapping[str, tuple[str, str]] = field(default_factory=lambda: MappingProxyType({}))
    aliases: tuple[str, ...] = ()
    example: str = ""
    note: tuple[str, str] = ("", "")
    unit: str | None = None
    private: bool = False

    @property
    def is_number(self) -> bool:
        """Whether its cells are numbers."""
        return self.type in NUMBER_TYPES

    @property
    def is_date(self) -> bool:
        """Whether its cells are days or moments."""
        return self.type in DATE_TYPES

    @property
    def is_text(self) -> bool:
        """Whether its cells are text that must survive letter by letter, codes above all."""
        return not (self.is_number or self.is_date)

    @property
    def needs_letters(self) -> bool:
        """Whether a number in its cells is a fault; a choice may well be a number."""
        return self.is_text and not self.choices

    def heading(self, language: Language) -> str:
        """The heading in `language`."""
        return self.zh if language is Language.ZH else self.en

    @property
    def both(self) -> str:
        """The heading in both languages, as templates show it."""
        return f"{self.zh}\n{self.en}"

    def names(self) -> Iterator[str]:
        """Every heading by which the column is recognised, the canonical name first."""
        yield from (self.name, self.zh, self.en, self.both, *self.aliases)


@dataclass(frozen=True, slots=True)
class Nest:
    """One list inside a nested record (JSON, NDJSON, Parquet).

    Parameters
    ----------
    key
        Name of the list in its parent.
    columns
        Columns that its items may carry. An item may be an object, or the bare text of the first column.
    nests
        Lists inside an item.
    aliases
        Other names of the list, for example those that older clients use.

    Examples
    --------
    >>> Nest("modules", ("module_code",), (Nest("cells", ("cell_code", "cell_model")),)).nests[0].key
    'cells'
    """

    key: str
    columns: tuple[str, ...]
    nests: tuple["Nest", ...] = ()
    aliases: tuple[str, ...] = ()

    def is_called(self, key: str) -> bool:
        """Whether a list named `key` is this one."""
        return fold_heading(key) in {fold_heading(name) for name in (self.key, *self.aliases)}


@dataclass(frozen=True, slots=True)
class Template:
    """The sheet of one kind.

    Parameters
    ----------
    kind
        Identifier, for example ``pack_produced``.
    version
        Version of the vocabulary it was made from; written into the sheet.
    record
        Columns that rows of one record share; a record may span rows.
    nesting
        Lists of the nested form; without them a nested record is one flat object.
    """

    kind: str
    version: str
    zh: str
    en: str
    columns: tuple[Column, ...]
    record: tuple[str, ...] = ()
    nesting: tuple[Nest, ...] = ()

    def column(self, name: str) -> Column:
        """The column called `name`; KeyError if there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    @property
    def names(self) -> tuple[str, ...]:
        """Canonical names of the columns, in order."""
        return tuple(column.name for column in self.columns)

    @property
    def private(self) -> tuple[str, ...]:
        """Canonical names of the columns whose text no finding may quote."""
        return tuple(column.name for column in self.columns if column.private)

    def label(self, language: Language) -> str:
        """The kind in `language`."""
        return self.zh if language is Language.ZH else self.en


def fold_heading(text: str) -> str:
    """`text` without differences of case, width, spaces and punctuation, for comparing headings.

    A star that marks a required column goes, too; brackets stay, they carry units.

    >>> fold_heading(" 电池包 编码＊ ") == fold_heading("电池包编码")
    True
    >>> fold_heading("Pack_Code") == fold_heading("pack code")
    True
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(c for c in folded if c.isalnum() or c in "()[]%℃°/.")
