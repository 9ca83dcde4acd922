"""Photos of an act, kept where submissions keep their bytes."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import psycopg

from suyuan.server.kit.connection import Row
from suyuan.server.kit.problems import Refusal, TooLarge
from suyuan.server.submissions.services import store

LARGEST_BYTES: Final = 12 << 20
MOST_PHOTOS: Final = 6
FORMS: Final = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png", b"RIFF": "image/webp"}

_INSERT: Final = """
INSERT INTO handover_photo (act, place, digest, form)
SELECT %s, place, digest, form FROM unnest(%s::text[], %s::text[]) WITH ORDINALITY AS o (digest, form, place)
"""


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo as it came; `form` is its media type."""

    form: str
    content: bytes = field(repr=False)

    @property
    def digest(self) -> str:
        """Its SHA-256."""
        return hashlib.sha256(self.content).hexdigest()


def photo_of(content: bytes) -> Photo:
    """A photo by its first bytes.

    Raises
    ------
    TooLarge
        ``handovers.photo_too_large``.
    Refusal
        ``handovers.photo_form`` for what is no JPEG, PNG or WebP picture.
    """
    if len(content) > LARGEST_BYTES:
        raise TooLarge("handovers.photo_too_large", most=LARGEST_BYTES >> 20)
    form = next((form for begin, form in FORMS.items() if content.startswith(begin)), None)
    if form is None or (form == "image/webp" and content[8:12] != b"WEBP"):
        raise Refusal("handovers.photo_form")
    return Photo(form, content)


def keep_photos(run: psycopg.Cursor[Row], act: int, photos: Sequence[Photo]) -> None:
    """Keep the photos of an act, in the transaction that records it."""
    for photo in photos:
        store.keep(store.Body(photo.digest, len(photo.content), photo.content, None))
    if photos:
        run.execute(_INSERT, [act, [photo.digest for photo in photos], [photo.form for photo in photos]])
