"""The evidence queries of findings, by name: which records speak for a finding, under which key similar ones merge.

Each gives ``key``, ``company`` (whom it concerns), ``party`` (the other company or null), ``site``, ``division``
(for what concerns a place and no company), ``figures`` (jsonb or null), ``lot``, ``serial`` and ``record``, which
is null where a finding has figures and no record. What they are asked with stands in ``findings.toml``.
"""

from suyuan.server.supervision.queries.evidence.asking import EVIDENCE, About, about, asked, narrowed

__all__ = ["EVIDENCE", "About", "about", "asked", "narrowed"]
