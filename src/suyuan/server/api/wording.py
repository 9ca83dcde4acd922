"""Findings of a submission as plain values with their sentences."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import cast

import polars as pl

from suyuan.events.checks.wording import finding_data, finding_sentence
from suyuan.events.vocabulary import vocabulary
from suyuan.kernel import Language, sentence
from suyuan.kernel.findings import Value
from suyuan.server.api.answers import Json
from suyuan.server.kit.clock import CHINA
from suyuan.server.submissions.models import Submission
from suyuan.sheets.findings import unpack

COLUMNS = ("row_number", "field", "code", "severity", "refused", "value", "data", "message")
"""What is said of a finding; `data` is what the sentence `message` was made from."""


@dataclass(frozen=True, slots=True)
class Teller:
    """Says the findings of one submission in one language."""

    kind: str | None
    reference: date
    language: Language

    @classmethod
    def of(cls, submission: Submission, language: Language) -> "Teller":
        """For a submission as it is."""
        return cls(submission.kind, submission.received_at.astimezone(CHINA).date(), language)

    def whole(self, code: str, field: str | None, value: str | None, data: Mapping[str, Value]) -> dict[str, Value]:
        """`data` with what the sentence needs beside it."""
        kind = vocabulary().kinds.get(self.kind or "")
        return dict(data) if kind is None else finding_data(kind, field, code, value, data, self.reference)

    def say(self, code: str, field: str | None, value: str | None, data: Mapping[str, Value]) -> str:
        """The sentence for a finding whose data is whole."""
        kind = vocabulary().kinds.get(self.kind or "")
        if kind is None:
            return sentence(code, {"field": field or "", "value": value or "", **data}, self.language)
        return finding_sentence(kind, field, code, value, data, self.language)

    def groups(self, groups: Iterable[Mapping[str, object]]) -> list[Json]:
        """Findings by cause, each with the sentence of its first example."""
        return [self._group(group) for group in groups]

    def _group(self, group: Mapping[str, object]) -> Json:
        code, field = str(group["code"]), cast("str | None", group["field"])
        examples = [
            self._example(code, field, example) for example in cast("list[dict[str, object]]", group["examples"])
        ]
        return {
            "code": code,
            "field": field,
            "severity": str(group["severity"]),
            "rows": cast(int, group["rows"]),
            "message": cast(str, examples[0]["message"]) if examples else self.say(code, field, None, {}),
            "examples": cast("list[Json]", examples),
        }

    def _example(self, code: str, field: str | None, example: Mapping[str, object]) -> dict[str, Json]:
        value = cast("str | None", example["value"])
        data = self.whole(code, field, value, cast("dict[str, Value]", example["data"] or {}))
        return {
            "row_number": cast("int | None", example["row_number"]),
            "value": value,
            "data": cast(Json, data),
            "message": self.say(code, field, value, data),
        }

    def rows(self, findings: pl.DataFrame) -> Iterator[dict[str, Json]]:
        """Each finding of the table as `COLUMNS`; equal ones are put into words once."""
        said: dict[tuple[str, str | None, str | None, str | None], tuple[dict[str, Value], str]] = {}
        for row in findings.iter_rows(named=True):
            key = (row["code"], row["field"], row["value"], row["data"])
            if key not in said:
                code, field, value, packed = key
                data = self.whole(code, field, value, unpack(packed))
                said[key] = (data, self.say(code, field, value, data))
            data, message = said[key]
            plain = {name: row[name] for name in COLUMNS[:6]}
            yield {**plain, "data": cast(Json, data), "message": message}
