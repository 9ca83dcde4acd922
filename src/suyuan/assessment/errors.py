"""Why a tester's file cannot be read or judged, and how much of a file is taken."""

from dataclasses import dataclass

from suyuan.kernel import SuyuanError

MEBIBYTE = 1 << 20


class AssessmentError(SuyuanError):
    """A file, protocol or instrument that cannot be used; code and data say why and where."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What is read at most; the defaults keep a hostile file below about 4 GiB of memory.

    Parameters
    ----------
    max_bytes
        Size of the file as received (bytes).
    max_rows
        Rows of measurements.
    max_columns
        Columns of a table.
    max_unpacked
        Size of everything inside a packed file (bytes).
    max_ratio
        Unpacked over packed size, looked at beyond `free_unpacked` bytes.
    max_entries
        Files inside a packed file.
    max_line
        Length of one line of text (bytes).
    """

    max_bytes: int = 512 * MEBIBYTE
    max_rows: int = 10_000_000
    max_columns: int = 500
    max_unpacked: int = 1024 * MEBIBYTE
    max_ratio: int = 400
    free_unpacked: int = 64 * MEBIBYTE
    max_entries: int = 2_000
    max_line: int = 4 * MEBIBYTE

    def check_size(self, data: bytes) -> None:
        """Refuse a file without content and one that is too large."""
        if not data:
            raise AssessmentError("assessment.empty_file")
        if len(data) > self.max_bytes:
            found, limit = len(data) // MEBIBYTE, self.max_bytes // MEBIBYTE
            raise AssessmentError("assessment.file_too_large", found=found, limit=limit)

    def check_rows(self, found: int) -> None:
        """Refuse a table with too many rows."""
        if found > self.max_rows:
            raise AssessmentError("assessment.too_many_rows", found=found, limit=self.max_rows)


DEFAULT_LIMITS = Limits()
