"""Discord on 127.0.0.1: the world, and the server that shows it to a bot."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from tests.fakes.discord_api import payloads
from tests.fakes.discord_api.cdn import Cdn
from tests.fakes.discord_api.conformance import Conformance
from tests.fakes.discord_api.errors import Problem
from tests.fakes.discord_api.faults import Fault
from tests.fakes.discord_api.gateway import Gateway
from tests.fakes.discord_api.interactions import Answers, Asked
from tests.fakes.discord_api.people import Person, attach
from tests.fakes.discord_api.places import Channel, Guild
from tests.fakes.discord_api.rest import Call, Rest, read
from tests.fakes.discord_api.things import Attachment, Bell, Ids, Json, Upload

API = "/api/v10"


class FakeDiscord:
    """Everything there is."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.ids = Ids(clock)
        self.bell = Bell()
        self.token = "right-token"
        self.application_id = self.ids.new()
        self.privileged: set[str] = set()
        self.shards = 1
        self.people: dict[int, Person] = {}
        self.guilds: dict[int, Guild] = {}
        self.channels: dict[int, Channel] = {}
        self.asked: dict[int, Asked] = {}
        self.commands: list[Json] = []
        self.log: list[Call] = []
        self.unexpected: list[str] = []
        self.faults: list[Fault] = []
        self.conformance: Conformance | None = None
        self.bot = self.person("Vivant", is_bot=True)
        self.cdn = Cdn(clock)
        self.gateway = Gateway(self)
        self.answers = Answers(self)
        self.rest = Rest(self)
        self.api_url = self.gateway_url = self.cdn_url = ""

    @property
    def bot_user_id(self) -> int:
        """Whose messages are the bot's."""
        return self.bot.id

    def person(self, name: str, *, is_bot: bool = False) -> Person:
        """Somebody new."""
        made = Person(self, name, is_bot=is_bot)
        self.people[made.id] = made
        return made

    def guild(
        self,
        name: str,
        *,
        tier: int = 0,
        locale: str = "en-US",
        bot_is_member: bool = True,
        bot_permissions: Iterable[str] | None = None,
        limit: int | None = None,
    ) -> Guild:
        """A new server."""
        owner = self.person(f"Owner of {name}")
        made = Guild(
            self,
            self.ids.guild(),
            name,
            tier,
            locale,
            owner,
            bot_is_member=False,
            limit=limit,
        )
        self.guilds[made.id] = made
        if bot_is_member:
            made.invite_bot(bot_permissions)
        return made

    def attach(
        self, upload: Upload, message: int, *, ephemeral: bool = False
    ) -> Attachment:
        """Put a file on the servers."""
        made: Attachment = attach(self, upload, message, ephemeral=ephemeral)
        return made

    def fail(self, **fault: Any) -> None:
        """Let the next requests that fit go wrong."""
        self.faults.append(Fault(**fault))

    def application(self) -> Json:
        """The bot's own application."""
        return {
            "id": str(self.application_id),
            "name": "Vivant",
            "icon": None,
            "description": "",
            "type": None,
            "bot_public": True,
            "bot_require_code_grant": False,
            "verify_key": "0" * 64,
            "flags": 0,
            "summary": "",
            "team": None,
            "owner": payloads.user(self.bot),
            "integration_types_config": {},
            "flags_new": "0",
            "redirect_uris": [],
            "interactions_endpoint_url": None,
            "role_connections_verification_url": None,
            "approximate_guild_count": len(self.guilds),
            "approximate_user_install_count": 0,
            "approximate_user_authorization_count": 0,
            "explicit_content_filter": 0,
            "eligible_oauth2_scopes": [],
        }

    async def serve(self, request: web.Request) -> web.Response:
        """Answer one request of the bot."""
        call = await read(request, request.path.removeprefix(API))
        self.log.append(call)
        fault = next(
            (
                f
                for f in self.faults
                if f.fits(call.method, call.path, has_files=bool(call.files))
            ),
            None,
        )
        if fault is not None:
            fault.times -= 1
            if fault.hold is not None:
                await fault.hold.wait()
            elif fault.cut == "before" and request.transport:
                request.transport.abort()
                return web.Response()
            elif fault.cut is None:
                return self._fault(call, fault)
        response = self._answer(call)
        self.bell.ring()
        if fault is not None and fault.cut == "after" and request.transport:
            request.transport.abort()
        return response

    def _answer(self, call: Call) -> web.Response:
        try:
            body = self.rest.answer(call)
        except Problem as problem:
            return _json(call, problem.body, problem.status)
        if self.conformance is not None:
            self.unexpected += self.conformance.problems(call, body)
        if body is None:
            call.status = 204
            return web.Response(status=204)
        return _json(call, body, 200)

    def _fault(self, call: Call, fault: Fault) -> web.Response:
        self.bell.ring()
        problem = Problem(fault.code, status=fault.status)
        headers = {}
        if fault.status == 429:
            problem.retry_after = fault.retry_after
            headers = {
                "Retry-After": str(fault.retry_after),
                "X-RateLimit-Scope": fault.scope,
            }
            if fault.via:
                headers["Via"] = "1.1 google"
        return _json(call, problem.body, fault.status, headers)


def _json(
    call: Call, body: Any, status: int, headers: dict[str, str] | None = None
) -> web.Response:
    call.status = status
    response = web.json_response(body, status=status, headers=headers)
    response.headers["Content-Type"] = "application/json"  # as discord.py wants it
    return response


@asynccontextmanager
async def open_discord(
    clock: Callable[[], float] = time.time, *, conform: bool = False
) -> AsyncGenerator[FakeDiscord]:
    """Serve Discord on a free port of this machine."""
    discord = FakeDiscord(clock)
    if conform:
        discord.conformance = await asyncio.to_thread(Conformance.load)
    app = web.Application(client_max_size=1 << 28)
    app.router.add_get("/gateway", discord.gateway.connect)
    app.router.add_get("/resume", discord.gateway.connect)
    app.router.add_get("/cdn/{path:.*}", discord.cdn.get)
    app.router.add_route("*", f"{API}/{{path:.*}}", discord.serve)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.001)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0]
    discord.api_url = f"http://{host}:{port}{API}"
    discord.cdn.address = discord.cdn_url = f"http://{host}:{port}/cdn"
    discord.gateway.address = f"ws://{host}:{port}"
    discord.gateway_url = f"{discord.gateway.address}/gateway"
    try:
        yield discord
    finally:
        discord.gateway.close()
        await runner.cleanup()
    assert not discord.unexpected, "\n".join(discord.unexpected)
