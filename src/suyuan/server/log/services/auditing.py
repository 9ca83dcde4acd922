"""Compare the ledger with the log: every leaf is made again from the database, every difference is named.

First the log's files against its root, and the entries of the database against the files; then, in the
order of the submissions, the records of the ledger against the leaves; papers last. Memory is bounded by the largest
submission (48 bytes a record) and by what differs.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import psycopg

from suyuan.kernel import Finding
from suyuan.server.kit.connection import Row
from suyuan.server.log.queries.place import Place
from suyuan.server.log.queries.shards import shards
from suyuan.server.log.services.audit_files import compare_entries, open_logged
from suyuan.server.log.services.audit_papers import PaperComparison
from suyuan.server.log.services.audit_records import Comparison, Submissions
from suyuan.server.witness.keys import KeyFolder


@dataclass(slots=True)
class Audit:
    """One audit: iterate over `findings`, then read the counts.

    Parameters
    ----------
    run
        A cursor in a transaction of REPEATABLE READ that has not read yet, so that one moment is seen: the
        checkpoints are read before it, for the log may grow meanwhile.
    """

    run: psycopg.Cursor[Row]
    place: Place
    keys: KeyFolder
    submissions: Submissions
    entries: int = 0
    submissions_seen: int = 0
    records: int = 0
    papers: int = 0
    origins: list[str] = field(default_factory=list)

    def findings(self) -> Iterator[Finding]:
        """Everything that does not agree."""
        published = self.place.published()
        logged: dict[int, bytes] = {}
        rows = shards(self.run)
        for shard in rows:
            found, wrong = open_logged(self.run, shard, self.place, self.keys.verifiers(shard.origin), published)
            self.origins.append(shard.origin)
            self.entries += found.size
            yield from wrong
            for finding, submission, leaf in compare_entries(self.run, found):
                yield finding
                if submission is not None:
                    logged[submission] = leaf
        for origin in sorted(published.keys() - {shard.origin for shard in rows}):
            yield Finding("log.shard_unknown", {"origin": origin})
        comparison = Comparison(self.run, {shard.number: shard for shard in rows}, logged, self.submissions)
        for records, differences in comparison.compare():
            self.submissions_seen += 1
            self.records += records
            yield from differences
        papers = PaperComparison(self.run, {shard.number: shard for shard in rows})
        yield from papers.findings()
        self.papers = papers.seen
