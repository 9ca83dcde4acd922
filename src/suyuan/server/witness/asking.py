"""Asking a witness for its cosignature: the client side of C2SP tlog-witness v1.0.0."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import httpx

from suyuan.server.witness.errors import Unreachable
from suyuan.server.witness.web import http_client, receive
from suyuan.tlog.checkpoints import parse_checkpoint
from suyuan.tlog.encoding import read_number
from suyuan.tlog.errors import TlogError
from suyuan.tlog.notes import Note, Signature, parse_signatures
from suyuan.tlog.proofs import Proof
from suyuan.tlog.witness import SIZE, AddCheckpoint

LARGEST_ANSWER_BYTES = 256 * 1024
_ATTEMPTS = 3
_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Answer:
    """What a witness answered.

    Parameters
    ----------
    signatures
        Its signature lines, not verified: `suyuan.tlog.add_cosignatures` takes over those of known keys.
    size
        With status 409, the size of the checkpoint that it cosigned last; None where it named none, because
        it has another root for the size that was sent.
    said
        The beginning of another refusal's text.
    """

    status: int
    signatures: tuple[Signature, ...] = ()
    size: int | None = None
    said: str = ""

    @property
    def is_cosigned(self) -> bool:
        """Whether there are cosignatures."""
        return self.status == 200


def ask(
    witness_url: str, note: Note, old_size: int, proof: Sequence[bytes], http: httpx.Client | None = None
) -> Answer:
    """Send a checkpoint with the consistency proof from `old_size`, and give the answer.

    Parameters
    ----------
    witness_url
        The witness's submission prefix.
    http
        A client to use again and again; one of its own otherwise.

    Raises
    ------
    Unreachable
        No answer, one of the server's own failures (5xx), or one that the specification does not know.
    """
    if http is None:
        with http_client(witness_url) as own:
            return ask(witness_url, note, old_size, proof, own)
    body = bytes(AddCheckpoint(old_size, tuple(proof), note, parse_checkpoint(note.text)))
    url = f"{witness_url.rstrip('/')}/add-checkpoint"
    headers = {"Content-Type": "text/plain; charset=utf-8"}
    request = http.build_request("POST", url, content=body, headers=headers)
    response, content = receive(http, request, LARGEST_ANSWER_BYTES)
    if response.status_code >= 500 or 300 <= response.status_code < 400:
        raise Unreachable("witness.answer_status", url=url, status=response.status_code)
    try:
        return _read(response, content)
    except TlogError:
        raise Unreachable("witness.answer_form", url=url, status=response.status_code) from None


def obtain(
    witness_url: str, note: Note, prove: Callable[[int], Proof], old_size: int, http: httpx.Client | None = None
) -> Answer:
    """Ask, and where the witness's record is of another size, ask again with the proof from there.

    Parameters
    ----------
    prove
        The consistency proof from an older size to the note's; empty from 0.
    old_size
        What the witness cosigned last, as far as is known; 0 otherwise.
    """
    newest = parse_checkpoint(note.text).size
    answer = Answer(409, size=old_size)
    for _ in range(_ATTEMPTS):
        if answer.status != 409 or answer.size is None or answer.size > newest:
            break
        size = answer.size
        answer = ask(witness_url, note, size, prove(size) if 0 < size < newest else (), http)
    return answer


def _read(response: httpx.Response, content: bytes) -> Answer:
    """The answer, by its status."""
    if response.status_code == 200:
        return Answer(200, parse_signatures(content))
    if response.status_code == 409 and response.headers.get("content-type", "").partition(";")[0].strip() == SIZE:
        text = content.decode("ascii", "replace")
        if not text.endswith("\n"):
            raise TlogError("tlog.number", text=text[:_SHOWN])
        return Answer(409, size=read_number(text[:-1]))
    if response.status_code < 400:
        raise TlogError("tlog.note_form")
    said = "".join(sign if sign.isprintable() else " " for sign in content[:_SHOWN].decode("utf-8", "replace"))
    return Answer(response.status_code, said=said.strip())
