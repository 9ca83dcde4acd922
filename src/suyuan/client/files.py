"""Files that are sent and files that come back."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from typing import Final, TypeAlias

import httpx

Source: TypeAlias = Path | str | bytes | Sequence[Mapping[str, object]]

_PORTION: Final = 1 << 18
_OCTETS: Final = "application/octet-stream"
_FORMS: Final = {
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".csv": "text/csv",
    ".parquet": "application/vnd.apache.parquet",
    ".ndjson": "application/x-ndjson",
    ".jsonl": "application/x-ndjson",
    ".json": "application/json",
}


@dataclass(frozen=True, slots=True)
class Sending:
    """What is sent: `open` gives its bytes from the start, as often as it is called."""

    name: str
    form: str
    size: int
    digest: str
    open: Callable[[], Iterator[bytes]]

    @classmethod
    def of(cls, source: Source, kind: str | None, name: str | None) -> "Sending":
        """For a file, its bytes, or records."""
        if isinstance(source, Path | str):
            return cls._of_file(Path(source), name)
        if isinstance(source, bytes):
            return cls._of_bytes(source, name or "", _FORMS.get(Path(name or "").suffix.lower(), _OCTETS))
        records = [dict(record) for record in source]
        document = {"records": records} if kind is None else {"kind": kind, "records": records}
        body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
        return cls._of_bytes(body, name or "", _FORMS[".json"])

    @classmethod
    def _of_file(cls, path: Path, name: str | None) -> "Sending":
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()

        def portions() -> Iterator[bytes]:
            with path.open("rb") as stream:
                while portion := stream.read(_PORTION):
                    yield portion

        form = _FORMS.get(path.suffix.lower(), _OCTETS)
        return cls(name or path.name, form, path.stat().st_size, digest, portions)

    @classmethod
    def _of_bytes(cls, body: bytes, name: str, form: str) -> "Sending":
        return cls(name, form, len(body), hashlib.sha256(body).hexdigest(), lambda: iter((body,)))


@dataclass(frozen=True, slots=True)
class Kept:
    """A file that came back."""

    name: str
    content: bytes

    @classmethod
    def of(cls, response: httpx.Response, otherwise: str) -> "Kept":
        """From an answer, whose header names it."""
        message = Message()
        message["Content-Disposition"] = response.headers.get("content-disposition", "attachment")
        named = message.get_filename()
        return cls(Path(named).name if named else otherwise, response.content)

    def save(self, where: Path) -> Path:
        """Write it to `where`: a file, or a folder that keeps its name. Returns the file."""
        target = where / self.name if where.is_dir() else where
        target.write_bytes(self.content)
        return target
