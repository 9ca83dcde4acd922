"""One HTTP request out of the house, to an address that somebody else chose: never into our own networks.

The name is resolved once, every address of it is looked at, and the connection goes to the address that was looked
at, so that a name cannot point elsewhere in between. Redirects are not followed; proxies of the environment are not
used.
"""

import http.client
import ipaddress
import socket
import ssl
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, TypeAlias
from urllib.parse import urlsplit

from suyuan.server.kit.problems import Refusal

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

TIMEOUT_S: Final = 10.0
WHOLE_S: float = 30.0
"""For one answer, and for all of them together."""

_PORTS: Final = {"https": 443, "http": 80}
_TRANSLATED: Final = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("64:ff9b:1::/48"))


class AddressRefused(Refusal):
    """Nothing is sent to such an address."""


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a request goes: the parts of its URL and the address that was looked at."""

    scheme: str
    host: str
    port: int
    path: str
    address: str


def networks(texts: Sequence[str]) -> tuple[Network, ...]:
    """Networks written as ``10.0.0.0/8``."""
    return tuple(ipaddress.ip_network(text.strip()) for text in texts)


def check_url(url: str) -> tuple[str, str, int, str]:
    """Scheme, host, port and path of a URL that a request may go to, as far as its text tells.

    Raises
    ------
    AddressRefused
        ``kit.outward_url`` for anything but http and https with a host and without user and password.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise AddressRefused("kit.outward_url", url=url[:200]) from None
    printable = url.isascii() and url.isprintable() and " " not in url
    if parts.scheme not in _PORTS or not parts.hostname or parts.username or parts.password or not printable:
        raise AddressRefused("kit.outward_url", url=url[:200])
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return parts.scheme, parts.hostname, port or _PORTS[parts.scheme], path


def destination(url: str, allowed: Sequence[Network]) -> Destination:
    """Resolve where a URL leads, and refuse it if any of its addresses is not public.

    Plain http goes only to addresses in the `allowed` networks, which need not be public.

    Raises
    ------
    AddressRefused
        ``kit.outward_url``, ``kit.outward_unknown_host``, ``kit.outward_not_public``, ``kit.outward_not_encrypted``.
    """
    scheme, host, port, path = check_url(url)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise AddressRefused("kit.outward_unknown_host", host=host) from None
    addresses = [str(one[4][0]) for one in found]
    for text in addresses:
        address = _plain(ipaddress.ip_address(text.partition("%")[0]))
        ours = any(address in network for network in allowed if network.version == address.version)
        if not ours and not _is_public(address):
            raise AddressRefused("kit.outward_not_public", host=host, address=str(address))
        if not ours and scheme != "https":
            raise AddressRefused("kit.outward_not_encrypted", host=host)
    return Destination(scheme, host, port, path, addresses[0])


def _plain(address: Address) -> Address:
    """The IPv4 address that an IPv6 address stands for, where it stands for one."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped or address.sixtofour:
            return address.ipv4_mapped or address.sixtofour or address
        if address.teredo:
            return address.teredo[1]
        if any(address in network for network in _TRANSLATED):
            return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def _is_public(address: Address) -> bool:
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def post(to: Destination, body: bytes, headers: Mapping[str, str]) -> int:
    """Send `body`; the status that comes back. What else comes back is not read.

    Raises `OSError` or `http.client.HTTPException` where nothing comes back.
    """
    connection = _Pinned(to)
    watch = threading.Timer(WHOLE_S, connection.cut)
    watch.daemon = True
    watch.start()
    try:
        connection.request("POST", to.path, body, dict(headers))
        return connection.getresponse().status
    finally:
        watch.cancel()
        connection.close()


class _Pinned(http.client.HTTPConnection):
    """A connection to the address that was looked at, under the name that was asked for."""

    def __init__(self, to: Destination) -> None:
        super().__init__(to.host, to.port, timeout=TIMEOUT_S)
        self.default_port = _PORTS[to.scheme]
        self._to = to

    def cut(self) -> None:
        """End it from another thread: who answers a byte at a time does not keep us for ever."""
        if self.sock is not None:
            with suppress(OSError):
                self.sock.shutdown(socket.SHUT_RDWR)

    def connect(self) -> None:
        """Connect, with TLS where the URL says so."""
        plain = socket.create_connection((self._to.address, self._to.port), TIMEOUT_S)
        if self._to.scheme == "https":
            tls = ssl.create_default_context()
            sealed = tls.wrap_socket(plain, server_hostname=self._to.host, do_handshake_on_connect=False)
            self.sock = sealed  # from here on `cut` ends it, also in the middle of the handshake
            sealed.do_handshake()
        else:
            self.sock = plain
