"""The papers of the database against the leaves of the log; their bytes are compared by the room that keeps them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import psycopg

from suyuan.kernel import Finding
from suyuan.server.kit.connection import Row
from suyuan.server.log.queries.papers import EnteredPaper, entered_papers, unlogged_papers
from suyuan.server.log.queries.shards import ShardRow
from suyuan.server.log.services.inner import paper_leaf
from suyuan.tlog import TlogError, parse_leaf

PAGE = 2000


@dataclass(slots=True)
class PaperComparison:
    """Compares papers and leaves; `seen` counts them."""

    run: psycopg.Cursor[Row]
    shards: Mapping[int, ShardRow]
    seen: int = 0

    def findings(self) -> Iterator[Finding]:
        """What a leaf made today would say otherwise, and papers that the log ought to have."""
        after = 0
        while page := entered_papers(self.run, after, PAGE):
            for entered in page:
                fields = self._fields(entered)
                if fields:
                    yield Finding("log.paper_differs", {"paper": entered.paper.number, "fields": fields})
            self.seen += len(page)
            after = page[-1].paper.number
        for number in unlogged_papers(self.run):
            yield Finding("log.paper_unlogged", {"paper": number})

    def _fields(self, entered: EnteredPaper) -> list[str]:
        """The members of the leaf that differ; the regime stays the one of its day."""
        try:
            before = parse_leaf(entered.leaf)
            made = paper_leaf(entered.paper, self.shards[entered.shard].secret, lambda _: before.regime).document()
        except TlogError as error:
            return [str(error.data.get("field", "leaf"))]
        return [name for name, value in before.document().items() if made[name] != value]
