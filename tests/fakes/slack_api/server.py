"""The loopback server in front of the fake."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from time import time

import aiohttp
from aiohttp import web

from tests.fakes.slack_api import (
    accounts,
    api,
    chat,
    conversations,
    dialogs,
    files,
    oauth,
    responses,
    uploads,
)
from tests.fakes.slack_api.calls import Call, bare_call
from tests.fakes.slack_api.manifest import Manifest
from tests.fakes.slack_api.things import MIB, Json
from tests.fakes.slack_api.world import FakeSlack

MODELLED = (accounts, chat, conversations, dialogs, oauth, uploads)  # they register
LARGEST = 1024 * MIB
Answer = Callable[[Call], Awaitable[web.StreamResponse]]


class Front:
    """Hands requests to the fake."""

    def __init__(self) -> None:
        self.slack: FakeSlack | None = None

    @property
    def there(self) -> FakeSlack:
        """The fake."""
        assert self.slack is not None
        return self.slack

    async def api(self, request: web.Request) -> web.StreamResponse:
        """The Web API."""
        return await api.serve(self.there, request)

    async def socket(self, request: web.Request) -> web.StreamResponse:
        """A connection of Socket Mode."""
        return await self.there.socket.serve(request)

    def other(
        self, name: str, answer: Answer
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        """Something else that faults may strike, by its name."""

        async def serve(request: web.Request) -> web.StreamResponse:
            call = bare_call(self.there, request, name, dict(request.query))
            return await api.guarded(call, answer)

        return serve

    def app(self) -> web.Application:
        """All routes."""
        app = web.Application(client_max_size=LARGEST)
        add = app.router.add_route
        add("*", "/api/{method}", self.api)
        add("GET", "/link/", self.socket)
        add("POST", "/upload/v1/{ticket}", self.other("upload", files.receive))
        path = r"/files-pri/{team:[A-Z0-9]+}-{file:[A-Z0-9]+}/download/{name}"
        add("GET", path, self.other("download", files.download))
        for kind in ("commands", "actions", "app"):
            respond = self.other("response_url", responses.respond)
            add("POST", f"/{kind}/{{team}}/{{hook}}", respond)
        add("GET", "/oauth/v2/authorize", self.other("authorize", oauth.authorize))
        add("GET", "/login", files.login)
        return app


@asynccontextmanager
async def open_slack(
    manifest: Json | Path | str, *, clock: Callable[[], float] = time
) -> AsyncGenerator[FakeSlack]:
    """Serve a Slack of its own on a free port.

    Args:
        manifest: Of our app: it gets what stands there.
        clock: Unix seconds; moves triggers, acknowledgements, retries and tiers.
    """
    front = Front()
    runner = web.AppRunner(front.app(), access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0]
    address = f"http://{host}:{port}"
    async with aiohttp.ClientSession() as session:
        slack = front.slack = FakeSlack(Manifest.of(manifest), clock, address, session)
        try:
            yield slack
        finally:
            await slack.close()
            await runner.cleanup()
    problems = "\n".join(slack.unexpected)
    assert not problems, f"Not as on Slack:\n{problems}"
