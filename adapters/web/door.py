"""The door of a page that other machines can reach: who knows the token comes in.

Programs send the token with each request. People type it once and get a cookie that
proves it without containing it. Once they sign out, that cookie opens nothing, whoever
has copied it. The right token is let in at once, however many wrong ones knock; a wrong
one waits for its answer, and the longer, the more of them come from the same address.
"""

import hmac
import secrets
import time
from collections.abc import Callable
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from string import Template

from aiohttp import web
from aiohttp.typedefs import Handler

from adapters.web.guards import KEYED, problem
from adapters.web.knocks import Knocks
from adapters.web.uploads import BROKEN
from bot.service import RenderService

COOKIE = "vivant"
STAY = 30 * 86_400  # seconds a person stays signed in
SIGNED_OUT = "signed-out "  # begins the note of a cookie that opens nothing any more
KNOWN = 1_000  # cookies that the database is not asked about again
OPEN = frozenset({"/healthz", "/sign-in", "/sign-out"})
OPEN_FOLDERS = (
    *KEYED,
    "/static/",
    "/shared/",
)  # a shared clip's address is its own key
SIGN_IN = Path(__file__).parent / "static" / "sign-in.html"
WRONG = (
    '<p class="trouble" id="wrong" role="alert">That is not the token. It is what'
    " VIVANT_WEB_TOKEN was set to where the bot runs.</p>"
)


class Door:
    """Lets in who knows the token. Make one in a thread: it reads its page.

    Args:
        token: The word that opens it.
        service: Where the cookies are noted that were given back.
        secure: Whether cookies are for https alone, where a browser does not say
            how it comes.
        signed_out: What to do when somebody goes.
        now: Unix time in seconds.
    """

    def __init__(
        self,
        token: str,
        service: RenderService,
        *,
        secure: bool,
        signed_out: Callable[[], None] = lambda: None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._token = token.encode()
        self._service = service
        self._secure = secure
        self._signed_out = signed_out
        self._now = now
        self._page = Template(SIGN_IN.read_text(encoding="utf-8"))
        self._knocks = Knocks()
        self._known: dict[str, bool] = {}  # whether a cookie still opens the door

    def routes(self) -> list[web.RouteDef]:
        """The way in for people, and out."""
        return [
            web.get("/sign-in", self.ask),
            web.post("/sign-in", self.sign_in),
            web.post("/sign-out", self.sign_out),
        ]

    @web.middleware
    async def check(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let a request pass, or show the way in."""
        if request.path in OPEN or request.path.startswith(OPEN_FOLDERS):
            return await handler(request)
        if await self._stays(request.cookies.get(COOKIE, "")):
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

    async def ask(self, request: web.Request) -> web.Response:
        """Ask for the token."""
        # An address with a fragment would keep the field from taking the focus.
        page = self._page.substitute(wrong=WRONG if "wrong" in request.query else "")
        return web.Response(text=page, content_type="text/html")

    async def sign_in(self, request: web.Request) -> web.StreamResponse:
        """Take the token from the form and give a cookie for it."""
        try:
            form = await request.post()
        except BROKEN:
            raise web.HTTPBadRequest from None
        if not await self._opens(request, str(form.get("token", "")).strip()):
            raise web.HTTPSeeOther("/sign-in?wrong")
        response = web.HTTPSeeOther("/")
        origin = request.headers.get("Origin", "null")
        response.set_cookie(
            COOKIE,
            self._proof(int(self._now()) + STAY, secrets.token_urlsafe(9)),
            max_age=STAY,
            httponly=True,
            samesite="Strict",
            # A browser drops a cookie for https that comes over http.
            secure=self._secure if origin == "null" else origin.startswith("https:"),
        )
        raise response

    async def sign_out(self, request: web.Request) -> web.StreamResponse:
        """Take the cookie back, and let it open nothing any more."""
        proof = request.cookies.get(COOKIE, "")
        if await self._stays(proof):
            self._known[proof] = False
            await self._service.note(f"{SIGNED_OUT}{proof}", "")
            self._signed_out()
        response = web.HTTPSeeOther("/sign-in")
        response.del_cookie(COOKIE, httponly=True, samesite="Strict")
        raise response

    async def _opens(self, request: web.Request, token: str) -> bool:
        """Whether this is the token; slow to say no."""
        if same(token, self._token):
            return True
        await self._knocks.wrong(request.remote)
        return False

    async def _stays(self, proof: str) -> bool:
        """Whether a cookie is ours, not yet too old, and was not given back."""
        until, _, rest = proof.partition(".")
        if not (
            until.isascii()
            and until.isdecimal()
            and len(until) < 15
            and int(until) > self._now()
        ):
            return False
        ours = self._proof(int(until), rest.partition(".")[0])
        if not same(proof, ours.encode(errors="surrogateescape")):
            return False
        if proof not in self._known:
            gone = await self._service.recall(f"{SIGNED_OUT}{proof}") is not None
            if len(self._known) >= KNOWN:
                self._known.clear()
            self._known.setdefault(proof, not gone)
        return self._known[proof]

    def _proof(self, until: int, name: str) -> str:
        """A cookie that is good until a moment; its name tells it from all others."""
        told = f"{until}.{name}"
        mark = hmac.new(self._token, told.encode(errors="replace"), sha256)
        return f"{told}.{mark.hexdigest()}"


def same(told: str, secret: bytes) -> bool:
    """Compare what somebody sent, which may be no text at all, in constant time."""
    return hmac.compare_digest(told.encode(errors="surrogateescape"), secret)
