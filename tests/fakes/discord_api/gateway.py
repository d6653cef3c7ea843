"""The gateway, version 10: sessions that can be resumed, intents, shards."""

import asyncio
import json
import secrets
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiohttp import WSMsgType, web

from tests.fakes.discord_api import payloads
from tests.fakes.discord_api.intents import (
    DIRECT_MESSAGES,
    GUILD_MESSAGES,
    MESSAGE_CONTENT,
    PRIVILEGED,
)
from tests.fakes.discord_api.things import Json

if TYPE_CHECKING:
    from tests.fakes.discord_api.messages import Sent
    from tests.fakes.discord_api.world import FakeDiscord

DISPATCH, HEARTBEAT, IDENTIFY, RESUME, RECONNECT, INVALID = 0, 1, 2, 6, 7, 9
HELLO, ACK = 10, 11
Put = str | int | None  # text to send, a code to close with, or the end


@dataclass(eq=False)
class Line:
    """One open websocket."""

    ws: web.WebSocketResponse
    compressed: bool
    out: asyncio.Queue[Put] = field(default_factory=asyncio.Queue)

    async def write(self) -> None:
        """Send what is put, until told to close."""
        packer = zlib.compressobj()
        while (put := await self.out.get()) is not None:
            if isinstance(put, int):
                await self.ws.close(code=put)
                return
            if self.compressed:
                data = packer.compress(put.encode()) + packer.flush(zlib.Z_SYNC_FLUSH)
                await self.ws.send_bytes(data)
            else:
                await self.ws.send_str(put)


@dataclass(eq=False)
class Session:
    """One identified client, or shard of one."""

    intents: int
    shard: tuple[int, int]
    line: Line | None
    id: str = field(default_factory=lambda: secrets.token_hex(8))
    sent: list[Json] = field(default_factory=list)

    def put(self, payload: Json) -> None:
        """Send now, or keep for a resume."""
        payload = payload | {"s": len(self.sent) + 1}
        self.sent.append(payload)
        if self.line is not None:
            self.line.out.put_nowait(json.dumps(payload))


class Gateway:
    """Tells bots what happens."""

    def __init__(self, discord: "FakeDiscord") -> None:
        self._discord = discord
        self.sessions: dict[str, Session] = {}
        self.identifies: list[Json] = []
        self.resumes: list[Json] = []
        self.resume_refused = False
        self.muted = False
        self.address = ""

    async def connect(self, request: web.Request) -> web.StreamResponse:
        """Serve one websocket to its end."""
        if self.resume_refused and request.path == "/resume":
            return web.Response(status=503)
        ws = web.WebSocketResponse()
        await ws.prepare(request)
        line = Line(ws, request.query.get("compress") == "zlib-stream")
        hello = {"op": HELLO, "d": {"heartbeat_interval": 41_250}, "s": None, "t": None}
        line.out.put_nowait(json.dumps(hello))
        writing = asyncio.create_task(line.write())
        try:
            async for message in ws:
                if message.type is WSMsgType.TEXT:
                    self._read(line, json.loads(message.data))
        finally:
            for session in self.sessions.values():
                if session.line is line:
                    session.line = None
            writing.cancel()
        return ws

    def send(
        self,
        event: str,
        data: Json | Callable[[Session], Json],
        *,
        guild_id: int | None = None,
        intent: int = 0,
    ) -> None:
        """Tell those who want to know of a guild, or of what is private."""
        for session in self.sessions.values():
            number, count = session.shard
            mine = ((guild_id or 0) >> 22) % count == number
            if mine and (not intent or session.intents & intent):
                told = data(session) if callable(data) else data
                session.put({"op": DISPATCH, "t": event, "d": told})

    def tell_message(self, event: str, one: "Sent") -> None:
        """Tell of a message, as far as each may read it."""
        guild = one.channel.guild
        if one.ephemeral or (guild and not guild.bot_is_member):
            return

        def shown(session: Session) -> Json:
            content = bool(session.intents & MESSAGE_CONTENT)
            return payloads.gateway_message(one, content=content)

        intent = GUILD_MESSAGES if guild else DIRECT_MESSAGES
        self.send(event, shown, guild_id=guild.id if guild else None, intent=intent)

    def drop(self, code: int = 4000) -> None:
        """Close every websocket; sessions can be resumed."""
        self._to_all(code)

    def reconnect(self) -> None:
        """Ask every client to come back."""
        self._to_all(json.dumps({"op": RECONNECT, "d": None, "s": None, "t": None}))

    def invalidate(self, *, resumable: bool = False) -> None:
        """End every session."""
        if not resumable:
            lines = [s.line for s in self.sessions.values() if s.line]
            self.sessions.clear()
        else:
            lines = [s.line for s in self.sessions.values() if s.line]
        told = json.dumps({"op": INVALID, "d": resumable, "s": None, "t": None})
        for line in lines:
            line.out.put_nowait(told)

    def send_raw(self, text: str) -> None:
        """Send anything."""
        self._to_all(text)

    async def until(self, happened: Callable[[], Any], patience: float = 5) -> None:
        """Wait until something has happened here."""
        await self._discord.bell.until(
            lambda: happened() or None, patience, lambda: f"{self.identifies}"
        )

    def close(self) -> None:
        """Let every line go."""
        self._to_all(1001)

    def _to_all(self, put: Put) -> None:
        for session in self.sessions.values():
            if session.line is not None:
                session.line.out.put_nowait(put)

    def _read(self, line: Line, payload: Json) -> None:
        match payload["op"]:
            case 1:
                if not self.muted:
                    ack = {"op": ACK, "d": None, "s": None, "t": None}
                    line.out.put_nowait(json.dumps(ack))
            case 2:
                self._identify(line, payload["d"])
            case 6:
                self._resume(line, payload["d"])
        self._discord.bell.ring()

    def _identify(self, line: Line, data: Json) -> None:
        self.identifies.append(data)
        if data["token"] != self._discord.token:
            line.out.put_nowait(4004)
            return
        allowed = self._discord.privileged
        if any(
            data["intents"] & bit for n, bit in PRIVILEGED.items() if n not in allowed
        ):
            line.out.put_nowait(4014)
            return
        shard = tuple(data.get("shard") or (0, 1))
        session = Session(data["intents"], (shard[0], shard[1]), line)
        self.sessions[session.id] = session
        guilds = [
            guild
            for guild in self._discord.guilds.values()
            if guild.bot_is_member and (guild.id >> 22) % shard[1] == shard[0]
        ]
        session.put({"op": DISPATCH, "t": "READY", "d": self._ready(session, guilds)})
        for guild in guilds:
            made = payloads.guild_create(guild)
            session.put({"op": DISPATCH, "t": "GUILD_CREATE", "d": made})

    def _ready(self, session: Session, guilds: list[Any]) -> Json:
        return {
            "v": 10,
            "user": payloads.user(self._discord.bot),
            "guilds": [{"id": str(g.id), "unavailable": True} for g in guilds],
            "session_id": session.id,
            "resume_gateway_url": f"{self.address}/resume",
            "shard": list(session.shard),
            "application": {"id": str(self._discord.application_id), "flags": 0},
        }

    def _resume(self, line: Line, data: Json) -> None:
        self.resumes.append(data)
        session = self.sessions.get(data["session_id"])
        if session is None or data["token"] != self._discord.token:
            told = {"op": INVALID, "d": False, "s": None, "t": None}
            line.out.put_nowait(json.dumps(told))
            return
        session.line = line
        for payload in session.sent[data["seq"] :]:
            line.out.put_nowait(json.dumps(payload))
        session.put({"op": DISPATCH, "t": "RESUMED", "d": {}})
