"""Why a server cannot be reached: name, connection, TLS and HTTP, one after another.

Clients fold all of this into one error. Here each step is taken by itself, so that
the owner is told which one fails, and what to change.
"""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

SECONDS = 5.0  # for each step; a healthy server needs a tenth of that
TLS_NEEDED = (b"to HTTPS port", b"HTTPS server", b"This port requires TLS")
OFFLINE = "is this machine online?"


@dataclass(frozen=True, slots=True)
class Target:
    """Where to knock.

    Attributes:
        tls: Whether it is to speak TLS.
        setting: The setting that it comes from; empty where it is the usual address.
    """

    host: str
    port: int
    tls: bool
    setting: str = ""

    @property
    def shown(self) -> str:
        """Host and port, without a name or a password that the address may have."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


async def why_unreachable(
    url: str, *, setting: str = "", proxied: bool = False, seconds: float = SECONDS
) -> str | None:
    """Say which step to a server fails, and what to do about it.

    Args:
        url: Address of HTTP or of a WebSocket.
        setting: The setting that it was read from, if the owner set it.
        proxied: Whether its client obeys `HTTPS_PROXY` and `HTTP_PROXY`.
        seconds: Longest time for each step.

    Returns:
        A sentence, or None when somebody answers there as the address says.
    """
    try:
        target = _target(url, setting)
    except ValueError:
        return f"{setting or url} is not an address: copy it again"
    if proxied and (proxy := _proxy(url)):
        name, address = proxy
        try:
            problem = await _why(replace(_target(address, name), tls=False), seconds)
        except ValueError:
            return f"{name} is not the address of a proxy: change it or take it out"
        return f"the proxy in {name}: {problem}" if problem else None
    return await _why(target, seconds)


async def _why(target: Target, seconds: float) -> str | None:
    try:
        async with asyncio.timeout(seconds):
            await asyncio.get_running_loop().getaddrinfo(
                target.host, target.port, type=socket.SOCK_STREAM
            )
    except (socket.gaierror, UnicodeError) as error:
        return _no_name(target, error)
    except TimeoutError:
        return f"the name server does not answer: {OFFLINE}"
    try:
        async with _connected(target, seconds):
            pass
    except OSError as error:
        return _no_connection(target, error)
    return await _no_words(target, seconds)


def _no_name(target: Target, error: Exception) -> str:
    if isinstance(error, socket.gaierror) and error.errno == socket.EAI_AGAIN:
        return f"the name {target.host} cannot be looked up (DNS): {OFFLINE}"
    remedy = f"correct {target.setting}" if target.setting else OFFLINE
    return f"no host is called {target.host} (DNS): {remedy}"


def _no_connection(target: Target, error: OSError) -> str:
    setting = target.setting
    correct = f", or correct {setting}" if setting else ""
    if isinstance(error, ConnectionRefusedError):
        advice = f"start it{correct}" if setting else "is a firewall in between?"
        return f"nothing listens at {target.shown} (connection refused): {advice}"
    if isinstance(error, TimeoutError):
        return (
            f"{target.shown} does not answer (timeout): is it up, and does a firewall"
            f" let this machine through{correct}?"
        )
    return f"there is no way to {target.shown} ({error.strerror or error}): {OFFLINE}"


async def _no_words(target: Target, seconds: float) -> str | None:
    """Why the one who listens does not speak HTTP with us."""
    begin = f"correct {target.setting}: begin it with" if target.setting else "use"
    try:
        said = await _greeting(target, seconds)
    except ssl.SSLCertVerificationError as error:
        return _distrusted(target, error)
    except TimeoutError:
        return f"{target.shown} takes connections and says nothing: restart that server"
    except (OSError, EOFError):
        said = TLS_NEEDED[0]
        if not await _speaks(replace(target, tls=not target.tls), seconds):
            kind = "TLS" if target.tls else "HTTP"
            return f"{target.shown} does not speak {kind}: is it the right port?"
    if not any(mark in said for mark in TLS_NEEDED):
        return None
    if target.tls:
        return f"{target.shown} speaks no TLS: {begin} http:// in place of https://"
    return f"{target.shown} speaks TLS: {begin} https:// in place of http://"


def _distrusted(target: Target, error: ssl.SSLCertVerificationError) -> str:
    told = error.verify_message or "not trusted"
    if "not yet valid" in told or "expired" in told:
        return (
            f"the certificate of {target.shown}: {told}; is this machine's clock right?"
        )
    return (
        f"the certificate of {target.shown} is not trusted ({told}): is something in"
        " between, or does SSL_CERT_FILE have to name its authority?"
    )


async def _speaks(target: Target, seconds: float) -> bool:
    try:
        await _greeting(target, seconds)
    except ssl.SSLCertVerificationError:
        return True
    except (OSError, EOFError):
        return False
    return True


async def _greeting(target: Target, seconds: float) -> bytes:
    """The first bytes of an answer of HTTP.

    Raises:
        EOFError: It is none.
        OSError: TLS or the connection failed.
    """
    context = (
        await asyncio.to_thread(ssl.create_default_context) if target.tls else None
    )
    async with _connected(target, seconds, context) as (reader, writer):
        question = (
            f"GET / HTTP/1.1\r\nHost: {target.shown}\r\nConnection: close\r\n\r\n"
        )
        writer.write(question.encode())
        async with asyncio.timeout(seconds):
            said = await reader.read(2_000)
            with suppress(TimeoutError, OSError):
                async with asyncio.timeout(0.2):
                    said += await reader.read(2_000)
    if not said.startswith(b"HTTP/"):
        raise EOFError
    return said


@asynccontextmanager
async def _connected(
    target: Target, seconds: float, context: ssl.SSLContext | None = None
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    async with asyncio.timeout(seconds):
        reader, writer = await asyncio.open_connection(
            target.host, target.port, ssl=context
        )
    try:
        yield reader, writer
    finally:
        writer.close()
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(1):
                await writer.wait_closed()


def _target(url: str, setting: str = "") -> Target:
    parts = urlsplit(url if "//" in url else f"http://{url}")
    tls = parts.scheme in ("https", "wss")
    if not parts.hostname:
        raise ValueError(url)
    return Target(parts.hostname, parts.port or (443 if tls else 80), tls, setting)


def _proxy(url: str) -> tuple[str, str] | None:
    """The variable that names the proxy for an address, and what it says."""
    parts = urlsplit(url)
    found = getproxies()
    if not parts.hostname or proxy_bypass(parts.hostname):
        return None
    for scheme in (parts.scheme, "all"):
        if address := found.get(scheme):
            return f"{scheme.upper()}_PROXY", address
    return None
