"""Receipts of submissions and papers, and proofs of single records, made from the database and the published tree."""

import psycopg

from suyuan.server.kit.connection import Row
from suyuan.server.kit.problems import Conflict, Missing
from suyuan.server.ledger.queries.documents import document
from suyuan.server.log.queries.inner_tiles import InnerTiles
from suyuan.server.log.queries.place import Place, size_of
from suyuan.server.log.queries.shards import Placed, placed, placed_paper
from suyuan.tlog import Receipt, RecordProof, TileReader, TlogProof, parse_leaf
from suyuan.tlog.receipts import prove_record


def receipt(run: psycopg.Cursor[Row], place: Place, submission: int) -> Receipt:
    """The receipt of a submission, with its secret: only for who submitted it.

    Raises
    ------
    Conflict
        ``log.not_yet`` as long as it waits for its place in the published tree.
    """
    made = _receipt(place, placed(run, submission))
    if made is None:
        raise Conflict("log.not_yet", number=submission)
    return made


def paper_receipt(run: psycopg.Cursor[Row], place: Place, paper: int) -> Receipt:
    """The receipt of a paper, with its secret: for who may read the paper.

    Raises
    ------
    Conflict
        ``log.paper_not_yet`` as long as it waits for its place in the published tree.
    """
    made = _receipt(place, placed_paper(run, paper))
    if made is None:
        raise Conflict("log.paper_not_yet", number=paper)
    return made


def _receipt(place: Place, found: Placed | None) -> Receipt | None:
    content = place.files(found.shard.origin).checkpoint() if found else None
    size = size_of(content)
    if found is None or content is None or found.index >= size:
        return None
    proof = _proof(place, found, content, size)
    return Receipt(parse_leaf(found.leaf), proof, found.secret, place.address(found.shard.origin))


def submission_of(run: psycopg.Cursor[Row], record: str) -> int:
    """The submission that a record came in; raises `Missing` (``log.record_not_found``)."""
    row = run.execute("SELECT submission FROM ledger_event WHERE id = %s::uuid LIMIT 1", [record]).fetchone()
    if row is None:
        raise Missing("log.record_not_found", record=record)
    return int(row[0])


def record_proof(run: psycopg.Cursor[Row], place: Place, record: str) -> RecordProof:
    """The proof that one record, named by its id, was part of a submission in the log.

    Raises
    ------
    Missing
        ``log.record_not_found``.
    Conflict
        ``log.not_yet``.
    """
    found = document(run, record)
    if found is None:
        raise Missing("log.record_not_found", record=record)
    held = receipt(run, place, found.submission)
    inner = InnerTiles(run, found.submission, held.leaf.records)
    number = inner.number_of(found.id)
    if number is None:
        raise Missing("log.record_not_found", record=record)
    return prove_record(held, inner.tree, number, found.bytes)


def _proof(place: Place, found: Placed, checkpoint: bytes, size: int) -> TlogProof:
    reader = TileReader(place.files(found.shard.origin).read, size)
    return TlogProof(found.index, reader.inclusion(found.index), checkpoint)
