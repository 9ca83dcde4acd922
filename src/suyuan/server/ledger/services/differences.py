"""What a rebuild finds: how the folds differ from what the events say."""

from collections.abc import Iterable
from dataclasses import dataclass, field

EXAMPLES = 20


@dataclass(slots=True)
class Differences:
    """One fold: rows that it lacks, has too many, or has wrong, and the first of them as (what, where)."""

    fold: str
    missing: int = 0
    extra: int = 0
    different: int = 0
    examples: list[tuple[str, str]] = field(default_factory=list)

    @property
    def found(self) -> int:
        """How many rows differ."""
        return self.missing + self.extra + self.different

    def add(self, found: Iterable[tuple[str, str]]) -> None:
        """Count differences: "missing", "extra" or "different", and where."""
        for what, where in found:
            self.missing += what == "missing"
            self.extra += what == "extra"
            self.different += what == "different"
            if len(self.examples) < EXAMPLES:
                self.examples.append((what, where))


@dataclass(frozen=True, slots=True)
class Report:
    """Every fold after a rebuild, or a check."""

    states: Differences
    blocks: Differences
    spans: Differences
    daily: Differences

    @property
    def folds(self) -> tuple[Differences, ...]:
        """All four."""
        return self.states, self.blocks, self.spans, self.daily

    @property
    def clean(self) -> bool:
        """Whether the folds say what the events say."""
        return not any(fold.found for fold in self.folds)
