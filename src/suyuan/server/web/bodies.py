"""Forms of the public: too much is refused before a byte of it is read."""

from django.http import HttpRequest

from suyuan.server.kit.problems import TooLarge


def check_length(request: HttpRequest, most: int) -> None:
    """Look at what a request says of its length; `most` in bytes.

    Raises
    ------
    TooLarge
        ``web.body_too_large``, also where no length is told. The form must not be touched after it.
    """
    length = request.META.get("CONTENT_LENGTH") or ""
    if not (length.isascii() and length.isdigit()) or int(length) > most:
        raise TooLarge("web.body_too_large", limit=f"{most >> 20} MiB")
