"""The client: one object, its methods named as the acts they do."""

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, TypedDict, Unpack
from urllib.parse import quote

from suyuan.client.cases import Cases
from suyuan.client.connection import Connection, Json, Request, Ways
from suyuan.client.errors import Rejected, Unexpected
from suyuan.client.files import Kept, Sending, Source
from suyuan.client.laboratory import Laboratory
from suyuan.client.outlets import Outlets
from suyuan.client.submissions import Submission, Submissions, Wishes, pages
from suyuan.kernel import Language

SERVER_VARIABLES: Final = ("SUYUAN_SERVER", "SUYUAN_URL")
"""Where the environment names the server; the second is an older name."""


class Recalled(TypedDict, total=False):
    """What is recalled: one of a design prefix, a lot (with its first and last serial), a batch of material, codes.

    A batch is its code, or the text that its company gave it with that `material_company`, which may be left out
    where no other company has a batch of that text.
    """

    prefix: str | None
    lot: str | None
    serials: tuple[int, int] | None
    material: str | None
    material_company: str | None
    codes: Sequence[str] | None
    at: date | None


class Battery:
    """One code: a battery, a vehicle (by its VIN) or a batch of material."""

    def __init__(self, connection: Connection, code: str) -> None:
        self.code = code
        self._connection = connection
        self._path = f"/batteries/{quote(code, safe='')}"

    def show(self, at: date | None = None) -> Mapping[str, Any]:
        """Its stage, holder and place, now or at the end of a day."""
        return self._ask("", {"at": at.isoformat() if at else None})

    def life(self) -> Mapping[str, Any]:
        """Every record about it, in the order in which things happened."""
        return self._ask("/life", {})

    def tree(self, at: date | None = None, *, expand: bool = False) -> Mapping[str, Any]:
        """What it is made of and what it is inside of; `expand` lists the cells."""
        return self._ask("/tree", {"at": at.isoformat() if at else None, "expand": expand})

    def _ask(self, what: str, parameters: Mapping[str, str | bool | None]) -> Mapping[str, Any]:
        return _mapping(self._connection.json(Request("GET", self._path + what, parameters)))


class Client:
    """Speaks to one server with one key.

    Parameters
    ----------
    base_url
        Where the server is, for example ``http://127.0.0.1:8000``.
    key
        The API key, ``sy_…``; without it only what is public can be asked.
    language
        In which the server words its sentences.
    ways
        How the connection works, see `suyuan.client.connection.Ways`.

    Raises
    ------
    ClientError
        Every method raises one of its kinds: `NotFound`, `Rejected`, `Forbidden`, `Conflict`,
        `Unavailable` or `Unexpected`.
    """

    def __init__(
        self, base_url: str, key: str | None = None, language: Language = Language.EN, **ways: Unpack[Ways]
    ) -> None:
        self._connection = Connection(base_url, key, language, **ways)
        self.submissions = Submissions(self._connection, self._connection.patience.pause)
        self.cases = Cases(self._connection)
        self.outlets = Outlets(self._connection)
        self.laboratory = Laboratory(self._connection, self._connection.patience.pause)

    @classmethod
    def from_env(cls, language: Language | None = None) -> "Client":
        """The client for ``SUYUAN_SERVER`` and ``SUYUAN_KEY``, in the language of the process.

        Raises
        ------
        Rejected
            ``client.no_url`` if the environment names no server.
        """
        url = next((os.environ[name] for name in SERVER_VARIABLES if os.environ.get(name)), None)
        if url is None:
            raise Rejected("client.no_url")
        return cls(url, os.environ.get("SUYUAN_KEY"), language or Language.from_environment())

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def submit(self, source: Source, *, wait: bool | float = False, **wishes: Unpack[Wishes]) -> Submission:
        """Report records.

        The idempotency key is the hash of what is sent, so that a request that was repeated, by us
        or by somebody else, does nothing twice.

        Parameters
        ----------
        source
            A file (its path), the bytes of one, or records.
        wait
            For a large one: whether, or how many seconds, to wait until it is finished.
        kind
            The kind of record; the server recognises it in its own templates.
        mode
            ``good_rows`` (the usual) takes what is good, ``all_or_nothing`` nothing unless all is good.
        dry_run
            Check only.
        repair
            Apply the repairs that the server proposes.
        mapping
            Heading of the file → name of the field; the server remembers it for the next file of the kind.
        name
            Under which it is kept; that of the file by itself.
        idempotency_key
            A key of your own.
        """
        return self.submissions.submit(source, wait=wait, **wishes)

    def battery(self, code: str) -> Battery:
        """A battery, vehicle or batch of material; asks nothing yet."""
        return Battery(self._connection, code)

    def recall(self, **recalled: Unpack[Recalled]) -> Iterator[Mapping[str, Any]]:
        """What contains a design `prefix`, a `lot` (or some `serials` of it), a `material` batch or some `codes`."""
        request = Request("GET", "/recall", {**_parameters(recalled), "format": "ndjson"})
        with self._connection.stream(request) as response:
            for line in response.iter_lines():
                if line:
                    yield _mapping(json.loads(line))

    def recall_csv(self, target: Path, **recalled: Unpack[Recalled]) -> Path:
        """The same as csv, written to the file `target` while it comes in."""
        request = Request("GET", "/recall", {**_parameters(recalled), "format": "csv"})
        with self._connection.stream(request) as response, target.open("wb") as file:
            file.writelines(response.iter_bytes())
        return target

    def templates(self) -> Sequence[Mapping[str, Any]]:
        """The kinds that can be reported, each with its columns."""
        return list(_mapping(self._connection.json(Request("GET", "/templates")))["items"])

    def template(self, kind: str, form: str = "xlsx") -> Kept:
        """The empty sheet of one kind, as xlsx or csv."""
        request = Request("GET", f"/templates/{quote(kind, safe='')}", {"format": form})
        return Kept.of(self._connection.send(request), f"{kind}.{form}")

    def vocabulary(self) -> Mapping[str, Any]:
        """Every kind of record, stage and role."""
        return _mapping(self._connection.json(Request("GET", "/vocabulary")))

    def explain(self, code: str, reference: date | None = None) -> Mapping[str, Any]:
        """What each position of a battery code says."""
        return _mapping(self._post("/codes/explain", {"code": code, **_day("reference", reference)}))

    def validate(self, codes: Iterable[str], reference: date | None = None) -> Sequence[Mapping[str, Any]]:
        """One verdict a code, in their order; at most 10000 at once."""
        body: dict[str, Json] = {"codes": list(codes), **_day("reference", reference)}
        return list(_mapping(self._post("/codes/validate", body))["items"])

    def record_proof(self, record: str) -> Kept:
        """The proof that one record, named by its id, stands in the log."""
        return Kept.of(
            self._connection.send(Request("GET", f"/records/{record}/proof")), f"suyuan-record-{record}.json"
        )

    def me(self) -> Mapping[str, Any]:
        """The key: what it permits and sees, and its company."""
        return _mapping(self._connection.json(Request("GET", "/companies/me")))

    def sites(self, on: date | None = None) -> Iterator[Mapping[str, Any]]:
        """The sites in the scope of the key."""
        yield from pages(self._connection, "/sites", {"on": on.isoformat() if on else None, "limit": 1000})

    def filings(self, prefixes: Sequence[str], on: date | None = None) -> Sequence[Mapping[str, Any]]:
        """Coding rules filed for these prefixes."""
        request = Request("GET", "/filings", {"prefix": list(prefixes), "on": on.isoformat() if on else None})
        return list(_mapping(self._connection.json(request))["items"])

    def file_code(self, filing: Mapping[str, Json]) -> Mapping[str, Any]:
        """File a coding rule of the key's company."""
        return _mapping(_mapping(self._post("/filings", dict(filing)))["items"][0])

    def duties(
        self, *, company: str | None = None, duty: str | None = None, state: str | None = None, limit: int = 100
    ) -> Iterator[Mapping[str, Any]]:
        """Duties in the scope of the key, by company and day; asked for `limit` at a time."""
        yield from pages(
            self._connection, "/duties", {"company": company, "duty": duty, "state": state, "limit": limit}
        )

    def findings(
        self,
        *,
        finding: str | None = None,
        severity: str | None = None,
        company: str | None = None,
        gone: bool = False,
        limit: int = 100,
    ) -> Iterator[Mapping[str, Any]]:
        """What detectors found in the scope of the key, by number; asked for `limit` at a time."""
        wanted = {"finding": finding, "severity": severity, "company": company, "gone": gone or None, "limit": limit}
        yield from pages(self._connection, "/findings", wanted)

    def finding(self, number: int) -> Mapping[str, Any]:
        """One finding with its legal basis, its records and what people said of it."""
        return _mapping(self._connection.json(Request("GET", f"/findings/{number}")))

    def detectors(self) -> Sequence[Mapping[str, Any]]:
        """The detectors, and how often people called each right or wrong."""
        return list(_mapping(self._connection.json(Request("GET", "/detectors")))["items"])

    def allocate(self, order: Mapping[str, Json]) -> Mapping[str, Any]:
        """Have codes given out: `prefix`, `produced_on`, `count`, and perhaps `suffix`, `request`."""
        body = dict(order)
        asked = Request("POST", "/code-batches", json=body, repeatable=body.get("request") is not None)
        return _mapping(self._connection.json(asked))

    def labels(self, order: Mapping[str, Json]) -> Kept:
        """Labels of a `batch` or a `code` in a `design`, as PDF or ZPL."""
        return Kept.of(self._connection.send(Request("POST", "/labels", json=dict(order))), "suyuan-labels.pdf")

    def answers(self, what: str, **asked: str | int | None) -> Mapping[str, Any]:
        """Totals of an area: `what` is overview, flows, ranking, trend, unaccounted, batteries, duties or explain/…;
        asked with division, company, period and so on."""
        return _mapping(self._connection.json(Request("GET", f"/answers/{what}", asked)))

    def reports(self) -> Iterator[Mapping[str, Any]]:
        """The reports that were made, the newest first."""
        yield from pages(self._connection, "/reports", {"limit": 1000})

    def make_report(self, template: str, **wanted: str | None) -> Mapping[str, Any]:
        """Make a report (``monthly``, ``quarterly``, ``yearly``) of a `period`, for a `division` or `company`."""
        given: dict[str, Json] = {name: value for name, value in wanted.items() if value is not None}
        return _mapping(self._post("/reports", {"template": template, **given}))

    def report(self, identity: str, form: str = "json") -> Kept:
        """A report as it was made, as json, xlsx or pdf."""
        request = Request("GET", f"/reports/{quote(identity, safe='')}", {"format": form})
        return Kept.of(self._connection.send(request), f"{identity}.{form}")

    def standing_duties(
        self, company: str | None = None, duty: str | None = None, *, ended: bool = False
    ) -> Iterator[Mapping[str, Any]]:
        """Standing duties that are not met, in the scope of the key; `ended`: those met again."""
        wanted = {"company": company, "duty": duty, "ended": ended or None, "limit": 1000}
        yield from pages(self._connection, "/duties/standing", wanted)

    def qualifications(
        self, company: str | None = None, kind: str | None = None, on: date | None = None, *, withdrawn: bool = False
    ) -> Iterator[Mapping[str, Any]]:
        """Lists, permits, pilots and penalties of companies in the scope of the key."""
        wanted = {"company": company, "kind": kind, "withdrawn": withdrawn or None, "limit": 1000}
        yield from pages(self._connection, "/qualifications", {**wanted, "on": on.isoformat() if on else None})

    def qualification(self, number: int) -> Mapping[str, Any]:
        """One of them."""
        return _mapping(self._connection.json(Request("GET", f"/qualifications/{number}")))

    def import_qualifications(self, path: Path) -> Mapping[str, Any]:
        """Enter those of a table; what became of its rows."""
        sent = Sending.of(path, None, path.name)
        headers = {"Content-Type": sent.form}
        request = Request("POST", "/qualifications", {"name": sent.name}, headers, sent.open, repeatable=True)
        return _mapping(self._connection.json(request))

    def withdraw_qualification(self, number: int, reason: str) -> Mapping[str, Any]:
        """Take one back that was entered by mistake."""
        return _mapping(self._post(f"/qualifications/{number}/withdrawal", {"reason": reason}))

    def ready(self) -> bool:
        """Whether the server can serve; raises `Unavailable` if not."""
        return _mapping(self._connection.json(Request("GET", "/ready"))).get("status") == "ready"

    def _post(self, path: str, body: dict[str, Json]) -> Json:
        return self._connection.json(Request("POST", path, json=body, repeatable=path.startswith("/codes/")))


def _day(name: str, day: date | None) -> dict[str, Json]:
    return {name: day.isoformat()} if day else {}


def _parameters(recalled: Recalled) -> dict[str, str | int | Sequence[str] | None]:
    first, last = recalled.get("serials") or (None, None)
    codes, at = recalled.get("codes"), recalled.get("at")
    return {
        "prefix": recalled.get("prefix"),
        "lot": recalled.get("lot"),
        "first": first,
        "last": last,
        "material": recalled.get("material"),
        "material_company": recalled.get("material_company"),
        "code": list(codes) if codes else None,
        "at": at.isoformat() if at else None,
    }


def _mapping(value: Json) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise Unexpected("client.strange_answer", url="", answer=type(value).__name__)
    return value
