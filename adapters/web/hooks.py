"""Where services call us. A call only wakes a job; what it says is never believed."""

import asyncio
from http import HTTPStatus

from aiohttp import web

from bot.service import RenderService

PATIENCE = 10.0  # seconds for a whole call; a body has at most `orders.MAX_JSON` bytes


class Hooks:
    """Takes calls of every service that is set up."""

    def __init__(self, service: RenderService) -> None:
        self._service = service

    def routes(self) -> list[web.RouteDef]:
        """The address that services are told."""
        return [web.post("/hooks/{provider}", self.called)]

    async def called(self, request: web.Request) -> web.Response:
        """Say whether the call was good; never whether its render is ours."""
        try:
            async with asyncio.timeout(PATIENCE):
                body = await request.read()
        except TimeoutError:
            raise web.HTTPRequestTimeout from None
        name = request.match_info["provider"]
        good = await self._service.called(name, request.headers, body)
        return web.Response(status=HTTPStatus.OK if good else HTTPStatus.UNAUTHORIZED)
