"""Who may hold a connection: so many in all, and so many from one address.

Whoever comes when all is taken gets the place of a connection that only waits, the
one that has waited longest. So silent connections, however many, lock nobody out.
"""

import ipaddress
from typing import Protocol

MOST = 1_000  # connections at the same time
SPARE = 128  # descriptors that are left for the chats, the workers and the files
LEAST = 16


class Line(Protocol):
    """A connection, as far as the gate knows it."""

    def force_close(self) -> None:
        """Hang up."""
        ...


class Gate:
    """Counts connections.

    Args:
        most: How many there may be.
        each: How many of them may come from one address; half of all by default,
            since behind a proxy everybody has the address of the proxy.
    """

    def __init__(self, most: int = MOST, each: int | None = None) -> None:
        self._most = most
        self._each = each or max(1, most // 2)
        self._lines: dict[Line, str] = {}
        self._count: dict[str, int] = {}
        self._waiting: dict[Line, None] = {}  # a set that keeps its order

    def __len__(self) -> int:
        return len(self._lines)

    def enter(self, line: Line, address: str) -> bool:
        """Take a connection in, perhaps in place of another; False to refuse it."""
        home = neighbourhood(address)
        if self._count.get(home, 0) >= self._each:
            full, makes_room = True, self._longest_waiting(home)
        else:
            full, makes_room = len(self._lines) >= self._most, self._longest_waiting()
        if full:
            if makes_room is None:
                return False
            self.leave(makes_room)
            makes_room.force_close()
        self._lines[line] = home
        self._count[home] = self._count.get(home, 0) + 1
        self._waiting[line] = None
        return True

    def leave(self, line: Line) -> None:
        """A connection has ended; twice is no error."""
        self._waiting.pop(line, None)
        if (home := self._lines.pop(line, None)) is not None:
            self._count[home] -= 1
            if not self._count[home]:
                del self._count[home]

    def busy(self, line: Line) -> None:
        """A request has come whole: its connection is not given away."""
        self._waiting.pop(line, None)

    def idle(self, line: Line) -> None:
        """A request is answered: its connection waits for another."""
        if line in self._lines:
            self._waiting[line] = None

    def _longest_waiting(self, home: str | None = None) -> Line | None:
        found = self._waiting if home is None else self._of(home)
        return next(iter(found), None)

    def _of(self, home: str) -> list[Line]:
        return [line for line in self._waiting if self._lines[line] == home]


def neighbourhood(address: str) -> str:
    """What counts as one address: of IPv6, everything that one customer is given."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is None:
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(getattr(parsed, "ipv4_mapped", None) or parsed)
