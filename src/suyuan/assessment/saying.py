"""Findings made in one line: what was lost or contradicts, and what is only worth knowing."""

from suyuan.kernel import Finding, Severity
from suyuan.kernel.findings import Value


def found(code: str, **data: Value) -> Finding:
    """Something was lost, repaired or contradicts; the result is not whole."""
    return Finding(code, data, severity=Severity.FINDING)


def noted(code: str, **data: Value) -> Finding:
    """Something worth knowing; nothing is lost."""
    return Finding(code, data, severity=Severity.WARNING)
