"""Which addresses a stranger's link may lead to: the public internet, nothing else.

The check sits where a socket is opened. There the address is the one that will be
used, however it was written and whatever a name server says next time, so there is
no way around it: not by a redirect, not by a name that changes its mind.
"""

import socket
from ipaddress import IPv4Network, IPv6Network, ip_address

from aiohttp import AddrInfoType

PORTS = (80, 443)

# IANA's special-purpose registries (2026-11), and what clouds put beside them. Not
# `ipaddress.is_global`: it changes with Python and knows no 168.63.129.16.
NOT_PUBLIC_V4 = tuple(
    map(
        IPv4Network,
        (
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",  # carriers' own; Alibaba's metadata
            "127.0.0.0/8",
            "168.63.129.16/32",  # Azure's own
            "169.254.0.0/16",  # link-local; most clouds' metadata
            "172.16.0.0/12",
            "192.0.0.0/24",  # Oracle's metadata is among them
            "192.0.2.0/24",
            "192.88.99.0/24",
            "192.168.0.0/16",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/4",
            "240.0.0.0/4",
        ),
    )
)
PUBLIC_V6 = IPv6Network("2000::/3")  # elsewhere: loopback, private, mapped, NAT64
NOT_PUBLIC_V6 = tuple(
    map(
        IPv6Network,
        (
            "2001::/23",  # Teredo and other tunnels
            "2001:db8::/32",
            "2002::/16",  # 6to4
            "3fff::/20",
        ),
    )
)


class OutOfReachError(OSError):
    """Somebody tried to send us to an address that is not public."""


class Reach:
    """Opens sockets to public addresses only; a socket factory for aiohttp.

    Args:
        private: Whether it goes everywhere all the same: to a server that the owner
            runs in a private network.

    Attributes:
        refused: Whether anything had to be refused.
    """

    def __init__(self, *, private: bool = False) -> None:
        self.refused = False
        self._private = private

    def __call__(self, found: AddrInfoType) -> socket.socket:
        """Open a socket for an address, if that is public.

        Raises:
            OutOfReachError: It is not.
        """
        family, kind, protocol, _, (address, port, *_) = found
        fine = port in PORTS and is_public(str(address))
        if not (fine or self._private):
            self.refused = True
            raise OutOfReachError(address)
        return socket.socket(family, kind, protocol)


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the public internet."""
    ip = ip_address(address)
    if ip.version == 4:
        return not any(ip in network for network in NOT_PUBLIC_V4)
    return ip in PUBLIC_V6 and not any(ip in network for network in NOT_PUBLIC_V6)
