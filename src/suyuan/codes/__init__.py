"""Codes of batteries, vehicles, companies and divisions: parse, explain, compose, check.

Here is what works on one code at a time. `suyuan.codes.columns` has the same checks for whole
columns; it needs Polars, which this package does not import, so that a command line starts fast.
"""

from suyuan.codes.battery import BatteryCode, Explanation, Position, compose, explain, parse
from suyuan.codes.divisions import Division, Register, Tier, check_division, division, national, parse_division
from suyuan.codes.duns import check_duns, parse_duns
from suyuan.codes.errors import CodeError
from suyuan.codes.keys import batch_code, compose_code, split_batch, split_code
from suyuan.codes.uscc import Uscc, check_company, check_uscc, parse_uscc
from suyuan.codes.vendors import read_vendors
from suyuan.codes.vin import Vin, check_vin, parse_vin
from suyuan.codes.wording import ExplanationJson, explanation_json

__all__ = [
    "BatteryCode",
    "CodeError",
    "Division",
    "Explanation",
    "ExplanationJson",
    "Position",
    "Register",
    "Tier",
    "Uscc",
    "Vin",
    "batch_code",
    "check_company",
    "check_division",
    "check_duns",
    "check_uscc",
    "check_vin",
    "compose",
    "compose_code",
    "division",
    "explain",
    "explanation_json",
    "national",
    "parse",
    "parse_division",
    "parse_duns",
    "parse_uscc",
    "parse_vin",
    "read_vendors",
    "split_batch",
    "split_code",
]
