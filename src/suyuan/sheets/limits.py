"""How much a file may hold, and the refusal of a file that cannot be read at all."""

from dataclasses import dataclass

from suyuan.kernel import SuyuanError

MEBIBYTE = 1 << 20


class SheetError(SuyuanError):
    """The file cannot be read; code and data say why and what to do."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What is read at most; the defaults fit two million rows on one laptop.

    Parameters
    ----------
    max_bytes
        Size of the file as received (bytes).
    max_rows
        Data rows of any file.
    max_sheet_rows
        Data rows of a worksheet; the format itself ends at 1,048,576 rows with the heading.
    max_columns
        Columns of a table.
    max_cells
        Rows times columns of the rectangle that a worksheet uses.
    max_text
        Characters in one cell.
    max_unpacked
        Size of everything inside a workbook after unpacking (bytes).
    max_ratio
        Unpacked size over packed size, looked at beyond `free_unpacked` bytes.
    max_entries
        Parts of a workbook.
    max_json
        Size of one JSON document (bytes); NDJSON and Parquet have no such limit.
    """

    max_bytes: int = 512 * MEBIBYTE
    max_rows: int = 2_000_000
    max_sheet_rows: int = 1_048_575
    max_columns: int = 300
    max_cells: int = 25_000_000
    max_text: int = 4_000
    max_unpacked: int = 1536 * MEBIBYTE
    max_ratio: int = 200
    free_unpacked: int = 32 * MEBIBYTE
    max_entries: int = 2_000
    max_json: int = 64 * MEBIBYTE

    def check_size(self, data: bytes) -> None:
        """Refuse a file without content and one that is too large."""
        if not data:
            raise SheetError("sheets.empty_file")
        if len(data) > self.max_bytes:
            raise SheetError("sheets.file_too_large", found=len(data) // MEBIBYTE, limit=self.max_bytes // MEBIBYTE)

    def check_rows(self, found: int, limit: int | None = None) -> None:
        """Refuse a table with too many rows."""
        allowed = min(self.max_rows, limit or self.max_rows)
        if found > allowed:
            raise SheetError("sheets.too_many_rows", found=found, limit=allowed)

    def check_columns(self, found: int) -> None:
        """Refuse a table with too many columns."""
        if found > self.max_columns:
            raise SheetError("sheets.too_many_columns", found=found, limit=self.max_columns)


DEFAULT_LIMITS = Limits()
