"""Text in columns of display cells: Chinese characters are two wide and may be parted anywhere."""

import unicodedata
from collections.abc import Iterable, Iterator

import click

from suyuan.cli.speech import say

_NEVER_FIRST = ",。;:、?!)》」』】”’,.;:?!)]"


def width(text: str) -> int:
    """How many cells of a terminal `text` takes."""
    return sum(_cells(character) for character in text)


def _cells(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _pieces(text: str) -> Iterator[str]:
    """What must stay together: words with the blank after them, single wide characters with their marks."""
    piece = ""
    for character in text:
        wide = _cells(character) == 2
        joined = character in _NEVER_FIRST or (not wide and bool(piece) and _cells(piece[-1]) == 1)
        after_blank = piece.endswith(" ") and character != " "
        if piece and (after_blank or not joined) and character != " ":
            yield piece
            piece = ""
        piece += character
    if piece:
        yield piece


def fold(text: str, room: int) -> list[str]:
    """The lines of `text` in `room` cells.

    >>> fold("电池编码 has 24 characters", 12)
    ['电池编码 has', '24', 'characters']
    """
    lines, line = [], ""
    for piece in _pieces(" ".join(text.split())):
        if line and width(line) + width(piece.rstrip()) > room:
            lines.append(line.rstrip())
            line = ""
        line += piece
    return [*lines, line.rstrip()] if line else lines


class Page(click.HelpFormatter):
    """A page of help in the language of this run."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """The line that shows how a command is written."""
        super().write_usage(prog, args, prefix if prefix is not None else f"{say('cli.usage')} ")

    def write_text(self, text: str) -> None:
        """Paragraphs, parted by blank lines; a line that begins with a blank stays as it is."""
        indent = " " * self.current_indent
        for number, paragraph in enumerate(text.split("\n\n")):
            if number:
                self.write("\n")
            as_it_is = paragraph.startswith(" ")
            lines = paragraph.split("\n") if as_it_is else fold(paragraph, self.width - self.current_indent)
            self.write("".join(f"{indent}{line}\n" for line in lines))

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """Terms on the left, what they mean on the right."""
        indent, listed = " " * self.current_indent, list(rows)
        first = min(max((width(term) for term, _ in listed), default=0), col_max) + col_spacing
        for term, meaning in listed:
            lines = fold(meaning, max(self.width - self.current_indent - first, 20))
            if width(term) + col_spacing > first:
                self.write(f"{indent}{term}\n")
            else:
                gap = " " * (first - width(term)) if lines else ""
                self.write(f"{indent}{term}{gap}{lines.pop(0) if lines else ''}\n")
            self.write("".join(f"{indent}{' ' * first}{line}\n" for line in lines))
