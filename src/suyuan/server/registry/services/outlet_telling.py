"""What was found in a table of outlets, with sentences, the same for every face."""

from suyuan.kernel import Language, sentence
from suyuan.server.registry.services.outlet_filing import FiledOutlets
from suyuan.sheets import findings

MOST_TOLD = 1000
"""Findings that an answer has at most; the counts are always of all rows."""


def filed_json(done: FiledOutlets, language: Language) -> dict[str, object]:
    """Counts, and the findings by row as a spreadsheet program counts it."""
    return {
        "rows": done.rows,
        "entered": done.entered,
        "changed": done.changed,
        "findings": [_finding(done, row, language) for row in done.findings.head(MOST_TOLD).iter_rows(named=True)],
    }


def _finding(done: FiledOutlets, row: dict[str, object], language: Language) -> dict[str, object]:
    place, packed = row["row"], row["data"]
    told = findings.unpack(packed if isinstance(packed, str) else None)
    data = {"value": str(row["value"] or ""), "field": str(row["field"] or ""), **told}
    return {
        "row": int(done.numbers[place]) if isinstance(place, int) and place < len(done.numbers) else None,
        "field": row["field"],
        "code": row["code"],
        "severity": row["severity"],
        "value": row["value"],
        "message": sentence(str(row["code"]), data, language),
    }
