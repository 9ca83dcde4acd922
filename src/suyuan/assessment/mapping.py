"""Mapping files: what the columns of anybody's csv mean, as a small TOML table."""

import tomllib

from suyuan.assessment.errors import AssessmentError
from suyuan.assessment.readers.headings import by_column


def read_mapping(text: str) -> dict[str, str]:
    """Heading in the file → column of ours, with the unit behind a slash where the heading has none.

    The file has one table ``[columns]``; a column that is not ours is refused with those that are.

    >>> read_mapping('[columns]\\nSpannung = "voltage_volt/mV"')
    {'Spannung': 'voltage_volt/mV'}
    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise AssessmentError("assessment.not_toml", said=str(error)[:120]) from error
    columns = table.get("columns")
    if not isinstance(columns, dict) or not columns:
        raise AssessmentError("assessment.bad_mapping", key="columns", known=sorted(by_column()))
    for heading, meaning in columns.items():
        if not isinstance(meaning, str) or meaning.partition("/")[0].strip() not in by_column():
            raise AssessmentError("assessment.bad_mapping", key=str(heading)[:80], known=sorted(by_column()))
    return {str(heading): str(meaning) for heading, meaning in columns.items()}
