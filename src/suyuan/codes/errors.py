"""The error of this room: a text that is not the code it should be."""

from collections.abc import Iterable

from suyuan.kernel import Finding, Severity, SuyuanError


class CodeError(SuyuanError):
    """A text is refused; `findings` has all that was found, `text` is as received."""

    def __init__(self, text: str, findings: Iterable[Finding]) -> None:
        self.text = text
        self.findings = tuple(findings)
        first = next(finding for finding in self.findings if finding.severity is Severity.REFUSE)
        super().__init__(first.code, **first.data)
        self.position = first.position

    @property
    def finding(self) -> Finding:
        """The finding that refuses the text first."""
        return next(finding for finding in self.findings if finding.severity is Severity.REFUSE)


def refuse_first(text: str, findings: Iterable[Finding]) -> None:
    """Raise `CodeError` if any of the findings refuses the text."""
    listed = tuple(findings)
    if any(finding.severity is Severity.REFUSE for finding in listed):
        raise CodeError(text, listed)
