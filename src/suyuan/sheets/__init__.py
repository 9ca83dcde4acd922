"""Bytes to columns and back: xlsx, csv, Parquet, NDJSON and JSON, tolerant of what people really send.

Nothing is repaired silently: what a program did to a code is a finding, what can be mended is a proposal.
"""

from suyuan.sheets.bad_rows import write_bad_rows
from suyuan.sheets.findings import FINDINGS
from suyuan.sheets.limits import Limits, SheetError
from suyuan.sheets.reading import read
from suyuan.sheets.sheet import Sheet, apply_repairs
from suyuan.sheets.sniff import Format
from suyuan.sheets.template import Column, Nest, Template
from suyuan.sheets.writing import harmless, write_table, write_template, write_template_csv

__all__ = [
    "FINDINGS",
    "Column",
    "Format",
    "Limits",
    "Nest",
    "Sheet",
    "SheetError",
    "Template",
    "apply_repairs",
    "harmless",
    "read",
    "write_bad_rows",
    "write_table",
    "write_template",
    "write_template_csv",
]
