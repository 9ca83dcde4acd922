"""The address that a request comes from."""

from typing import Final

from django.conf import settings
from django.http import HttpRequest

_LONGEST: Final = 64  # characters; an address of IPv6 with its zone has fewer


def sender_of(request: HttpRequest) -> str:
    """The sender's address: behind a proxy that ends TLS, the one that this proxy saw."""
    if settings.SECURE_PROXY_SSL_HEADER:
        forwarded = str(request.META.get("HTTP_X_FORWARDED_FOR", "")).rpartition(",")[2].strip()
        if forwarded:
            return forwarded[:_LONGEST]
    return str(request.META.get("REMOTE_ADDR", ""))[:_LONGEST]
