"""The door of a page that other machines can reach: who knows the token comes in.

Programs send the token with each request. People type it once and get a cookie that
proves it without containing it. The right token is let in at once, however many wrong
ones knock; a wrong one waits for its answer, and the longer, the more of them come from
the same address.
"""

import hmac
import time
from collections.abc import Callable
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler

from adapters.web.guards import KEYED, problem
from adapters.web.knocks import Knocks
from adapters.web.uploads import BROKEN

COOKIE = "vivant"
STAY = 30 * 86_400  # seconds a person stays signed in
OPEN = frozenset({"/healthz", "/sign-in"})
OPEN_FOLDERS = (
    *KEYED,
    "/static/",
    "/shared/",
)  # a shared clip's address is its own key
SIGN_IN = Path(__file__).parent / "static" / "sign-in.html"


class Door:
    """Lets in who knows the token."""

    def __init__(
        self, token: str, *, secure: bool, now: Callable[[], float] = time.time
    ) -> None:
        self._token = token.encode()
        self._secure = secure
        self._now = now
        self._knocks = Knocks()

    def routes(self) -> list[web.RouteDef]:
        """The way in for people."""
        return [web.get("/sign-in", self.ask), web.post("/sign-in", self.sign_in)]

    @web.middleware
    async def check(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let a request pass, or show the way in."""
        if request.path in OPEN or request.path.startswith(OPEN_FOLDERS):
            return await handler(request)
        if self._stays(request.cookies.get(COOKIE, "")):
            return await handler(request)
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer" and await self._opens(request, token):
            return await handler(request)
        if request.method == "GET" and "text/html" in request.headers.get("Accept", ""):
            raise web.HTTPSeeOther("/sign-in")
        return problem(
            HTTPStatus.UNAUTHORIZED,
            "You are not signed in.",
            "Open the page and sign in; programs send “Authorization: Bearer TOKEN”.",
        )

    async def ask(self, _: web.Request) -> web.FileResponse:
        """Ask for the token."""
        return web.FileResponse(SIGN_IN)

    async def sign_in(self, request: web.Request) -> web.StreamResponse:
        """Take the token from the form and give a cookie for it."""
        try:
            form = await request.post()
        except BROKEN:
            raise web.HTTPBadRequest from None
        if not await self._opens(request, str(form.get("token", "")).strip()):
            raise web.HTTPSeeOther("/sign-in#wrong")
        response = web.HTTPSeeOther("/")
        response.set_cookie(
            COOKIE,
            self._proof(int(self._now()) + STAY),
            max_age=STAY,
            httponly=True,
            samesite="Strict",
            secure=self._secure,
        )
        raise response

    async def _opens(self, request: web.Request, token: str) -> bool:
        """Whether this is the token; slow to say no."""
        if same(token, self._token):
            return True
        await self._knocks.wrong(request.remote)
        return False

    def _stays(self, proof: str) -> bool:
        """Whether a cookie is ours and not yet too old."""
        until = proof.partition(".")[0]
        if not (
            until.isascii()
            and until.isdecimal()
            and len(until) < 15
            and int(until) > self._now()
        ):
            return False
        return same(proof, self._proof(int(until)).encode())

    def _proof(self, until: int) -> str:
        return f"{until}.{hmac.new(self._token, b'%d' % until, sha256).hexdigest()}"


def same(told: str, secret: bytes) -> bool:
    """Compare what somebody sent, which may be no text at all, in constant time."""
    return hmac.compare_digest(told.encode(errors="surrogateescape"), secret)
