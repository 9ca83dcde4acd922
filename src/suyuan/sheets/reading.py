"""One door for all forms: bytes in, a `Sheet` out."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from suyuan.sheets.limits import DEFAULT_LIMITS, Limits, SheetError
from suyuan.sheets.sheet import Sheet
from suyuan.sheets.sniff import Format, sniff
from suyuan.sheets.template import Template


def read(
    data: bytes | bytearray | memoryview,
    templates: Sequence[Template],
    name: str | None = None,
    mapping: Mapping[str, str] | None = None,
    template: str | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Sheet:
    """Read what was received.

    Parameters
    ----------
    data
        The file as received. Its form is found from its bytes.
    templates
        The templates it may follow.
    name
        Name of the file; only a hint which kind is meant, and kept for messages.
    mapping
        Heading in the file → canonical name, as decided by the user and remembered by the caller;
        an empty name sets a column aside.
    template
        Kind that the user chose; without it the kind is recognised.
    limits
        What is read at most.

    Returns
    -------
    Sheet
        Columns of text with findings and proposed repairs.

    Raises
    ------
    SheetError
        Nothing can be read: the code says why.
    """
    received = bytes(data)
    limits.check_size(received)
    offered = [each for each in templates if template is None or each.kind == template]
    if not offered:
        raise SheetError("sheets.no_such_template", kind=template or "")
    form = sniff(received)
    try:
        sheet = _read(received, form, offered, name, mapping, limits)
    except RecursionError as error:
        raise SheetError("sheets.too_deep", line=0) from error
    return sheet if sheet.template else replace(sheet, repairs=sheet.repairs.clear())


def _read(
    data: bytes,
    form: Format,
    templates: Sequence[Template],
    name: str | None,
    mapping: Mapping[str, str] | None,
    limits: Limits,
) -> Sheet:
    # the readers are imported when their form arrives: a csv needs no spreadsheet engine
    if form is Format.XLSX:
        from suyuan.sheets.workbook import read_workbook_bytes  # noqa: PLC0415

        return read_workbook_bytes(data, templates, name, mapping, limits)
    if form is Format.PARQUET:
        from suyuan.sheets.columnar import read_parquet  # noqa: PLC0415

        return read_parquet(data, templates, name, mapping, limits)
    if form is Format.CSV:
        from suyuan.sheets.delimited import read_delimited  # noqa: PLC0415

        return read_delimited(data, templates, name, mapping, limits)
    from suyuan.sheets.records import read_records  # noqa: PLC0415

    return read_records(data, form, templates, name, mapping, limits)
