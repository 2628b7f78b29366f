"""The client's address: the peer's own, or the one that a trusted proxy forwards."""

import ipaddress
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

_CACHED_ADDRESSES = 4096


def parse_address(text: str) -> IPAddress | None:
    """An IP address as proxies write it, with or without a port; `None` if invalid. IPv4-mapped IPv6 becomes IPv4."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


class Networks:
    """A list of addresses and networks, such as `AI_ENGINE_TRUSTED_PROXIES`."""

    def __init__(self, networks: Iterable[str]) -> None:
        self._networks = [ipaddress.ip_network(network, strict=False) for network in networks]
        # Parsing an address costs 2 µs, and most requests come from a few peers.
        self.contains: Callable[[str], bool] = lru_cache(_CACHED_ADDRESSES)(self._look_up)
        """Whether the address is in one of them; `False` for text that is not an address."""

    def _look_up(self, text: str) -> bool:
        address = parse_address(text)
        return address is not None and any(address in network for network in self._networks)


LOOPBACK = Networks(("127.0.0.0/8", "::1/128"))


class ClientAddresses:
    """Determines the client address of a request."""

    def __init__(self, trusted_proxies: Iterable[str]) -> None:
        self.trust(trusted_proxies)

    def trust(self, proxies: Iterable[str]) -> None:
        """Replaces the list of trusted proxies."""
        self._trusted = Networks(proxies)

    def effective(self, peer: str | None, forwarded_for: Sequence[bytes]) -> str | None:
        """The client's address as text, or `None` if it cannot be determined.

        It is the peer's own address, unless the peer is a trusted proxy: then the rightmost address in `X-Forwarded-For` that is
        not a trusted proxy, since the client controls everything to the left of it. If all are trusted, the leftmost.
        `None`: no peer address (a Unix socket), or a trusted proxy forwarded an invalid address.
        """
        if not peer or not forwarded_for or not self._trusted.contains(peer):
            return peer or None
        client = peer
        for hop in reversed(b",".join(forwarded_for).decode("latin-1").split(",")):
            address = parse_address(hop)
            if address is None:
                return None
            client = str(address)
            if not self._trusted.contains(client):
                break
        return client
