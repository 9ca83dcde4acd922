"""What every room shares: findings, the message catalogue, validity periods, canonical JSON. No prose, no I/O."""

from suyuan.kernel.canonical import Json, canonical_json, read_canonical_json, read_json
from suyuan.kernel.catalogue import Language, sentence
from suyuan.kernel.findings import Finding, Severity, SuyuanError
from suyuan.kernel.validity import Validity

__all__ = [
    "Finding",
    "Json",
    "Language",
    "Severity",
    "SuyuanError",
    "Validity",
    "canonical_json",
    "read_canonical_json",
    "read_json",
    "sentence",
]
