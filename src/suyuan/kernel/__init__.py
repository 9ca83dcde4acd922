"""What every room shares: findings, the message catalogue and validity periods. No prose, no I/O."""

from suyuan.kernel.catalogue import Language, sentence
from suyuan.kernel.findings import Finding, Severity, SuyuanError
from suyuan.kernel.validity import Validity

__all__ = ["Finding", "Language", "Severity", "SuyuanError", "Validity", "sentence"]
