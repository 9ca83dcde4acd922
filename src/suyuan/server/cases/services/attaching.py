"""Keep a file of a case: where received bytes are kept, under its SHA-256, with a paper for the log."""

from pathlib import Path, PurePath
from typing import Final

import psycopg

from suyuan.server.cases.queries.actors import Actor, Standing, standing
from suyuan.server.cases.queries.attachments import AttachmentRow, attachment
from suyuan.server.cases.queries.cases import case
from suyuan.server.cases.queries.documents import scope_columns
from suyuan.server.cases.queries.procedure import CLOSED, Media, procedure
from suyuan.server.cases.services.texts import check_text
from suyuan.server.cases.services.writing import ATTACHMENT_PAPER, subject
from suyuan.server.kit.clock import SYSTEM_CLOCK, Clock
from suyuan.server.kit.connection import Row
from suyuan.server.kit.problems import Conflict, Forbidden, Refusal, TooLarge
from suyuan.server.log.services.papers import NewPaper, announce_papers
from suyuan.server.submissions.services import store

LARGEST_BYTES: Final = 20 << 20
MOST_OF_CASE: Final = 500
LARGEST_CASE_BYTES: Final = 1 << 30
LONGEST_NAME: Final = 200
_TEXT_CODES: Final = ("utf-8", "gb18030")

_SAME: Final = """
SELECT number FROM cases_attachment
 WHERE case_number = %s AND digest = %s AND name = %s AND actor_company IS NOT DISTINCT FROM %s
"""
_TOTAL: Final = "SELECT count(*), coalesce(sum(size), 0) FROM cases_attachment WHERE case_number = %s"
_KEEP: Final = """
INSERT INTO cases_attachment (case_number, at, actor_kind, actor_id, actor_name, actor_level, actor_division,
                              actor_company, actor_site, name, media_type, size, digest, paper)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING number
"""


def attach(
    run: psycopg.Cursor[Row],
    number: int,
    actor: Actor,
    name: str,
    source: bytes | Path,
    clock: Clock = SYSTEM_CLOCK,
) -> AttachmentRow:
    """Keep a file inside the caller's transaction; the same one again is the one that is there.

    What it is, its first bytes say; its name has to agree.

    Raises
    ------
    Missing
        ``cases.not_found``.
    Forbidden
        ``cases.only_reads``, ``cases.may_not_attach``.
    Conflict
        ``cases.is_closed``.
    Refusal
        ``cases.media_not_taken``, ``cases.attachment_empty``, ``cases.text_wrong``.
    TooLarge
        ``cases.attachment_too_large``, ``cases.case_full``.
    """
    row = case(run, actor.scope, number, locked=True)
    if not actor.may_act:
        raise Forbidden("cases.only_reads", name=actor.name)
    if standing(actor.scope, row.fold.lead, row.fold.shares) is Standing.OBSERVER:
        raise Forbidden("cases.may_not_attach", number=number)
    if row.fold.state == CLOSED:
        raise Conflict("cases.is_closed", number=number)
    body, plain = store.Body.of(source), plain_name(name)
    if body.size > LARGEST_BYTES:
        raise TooLarge("cases.attachment_too_large", limit=LARGEST_BYTES >> 20)
    media = media_of(plain, source if isinstance(source, bytes) else source.read_bytes())
    same = run.execute(_SAME, [number, body.digest, plain, actor.scope.company]).fetchone()
    if same:
        return attachment(run, actor.scope, number, same[0])
    _check_room(run, number, body.size)
    store.keep(body)
    now, digest = clock.now(), bytes.fromhex(body.digest)
    (paper,) = announce_papers(run, [NewPaper(row.fold.lead.seat, subject(number), ATTACHMENT_PAPER, digest, now)])
    by = [actor.kind.value, actor.id, actor.name, *scope_columns(actor.scope)]
    ((which,),) = run.execute(_KEEP, [number, now, *by, plain, media.type, body.size, body.digest, paper]).fetchall()
    return attachment(run, actor.scope, number, which)


def _check_room(run: psycopg.Cursor[Row], number: int, size: int) -> None:
    ((count, total),) = run.execute(_TOTAL, [number]).fetchall()
    if count >= MOST_OF_CASE or total + size > LARGEST_CASE_BYTES:
        raise TooLarge("cases.case_full", most=MOST_OF_CASE, limit=LARGEST_CASE_BYTES >> 20)


def plain_name(name: str) -> str:
    """The last part of a name, without signs that cannot be seen."""
    check_text("name", name, LONGEST_NAME)
    last = PurePath(name.replace("\\", "/")).name
    return "".join(sign for sign in last if sign.isprintable()).strip() or "-"


def media_of(name: str, content: bytes) -> Media:
    """The media type by the ending of the name and the first bytes, which have to agree."""
    ending = name.rpartition(".")[2].lower()
    if not content:
        raise Refusal("cases.attachment_empty", name=name)
    for one in procedure().media:
        if ending in one.endings and _is(one, content):
            return one
    known = sorted(ending for one in procedure().media for ending in one.endings)
    raise Refusal("cases.media_not_taken", name=name, taken=known)


def _is(media: Media, content: bytes) -> bool:
    if media.begins:
        return any(content[media.at :].startswith(first) for first in media.begins)
    return b"\0" not in content and any(_reads(content, code) for code in _TEXT_CODES)


def _reads(content: bytes, code: str) -> bool:
    try:
        content.decode(code)
    except UnicodeDecodeError:
        return False
    return True
