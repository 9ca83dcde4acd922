"""Receipts and proofs as files, for whoever may have them."""

from suyuan.kernel import Language
from suyuan.server.kit.connection import cursor
from suyuan.server.kit.problems import Missing
from suyuan.server.kit.scope import Scope
from suyuan.server.log.queries.place import here
from suyuan.server.log.queries.receipt_pdf import receipt_pdf
from suyuan.server.log.queries.receipts import receipt, record_proof, submission_of
from suyuan.server.submissions import queries


def receipt_file(scope: Scope, number: int, form: str, language: Language) -> bytes:
    """The receipt of a submission as json or pdf; its secret is only for the company that sent it.

    Raises
    ------
    Missing
        ``submissions.not_found``, ``log.not_logged``.
    Conflict
        ``log.not_yet``.
    """
    submission = queries.get(scope, number)
    if not submission.admitted or submission.dry:
        raise Missing("log.not_logged", number=number)
    with cursor() as run:
        held = receipt(run, here(), number)
    if form == "pdf":
        return receipt_pdf(held, here().policy, language)
    is_own = scope.company == submission.company and scope.site in (None, submission.site)
    return bytes(held if is_own else held.without_secret)


def record_file(scope: Scope, record: str) -> bytes:
    """The proof that one record stands in the log, for who may see its submission.

    Raises
    ------
    Missing
        ``log.record_not_found``, whether there is none or none that the asker may know of.
    Conflict
        ``log.not_yet``.
    """
    with cursor() as run:
        try:
            queries.get(scope, submission_of(run, record))
        except Missing:
            raise Missing("log.record_not_found", record=record) from None
        return bytes(record_proof(run, here(), record))
