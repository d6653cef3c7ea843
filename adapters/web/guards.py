"""What every request has to pass, and what every answer carries.

The page runs beside every other page in the owner's browser, so it trusts none of
them: a foreign name for this machine (DNS rebinding), a foreign page that sends
orders (CSRF) and foreign code on our own page are turned away here.
"""

import errno
import ipaddress
import logging
import math
from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from yarl import URL

from adapters.web.problems import Problem
from adapters.web.server import SlowError
from adapters.web.uploads import UploadError
from bot.config import Settings, is_loopback
from bot.errors import (
    BotError,
    BusyError,
    MissingError,
    ProviderError,
    QuotaError,
    RateError,
    RequestError,
    StateError,
)

log = logging.getLogger(__name__)

# Believes no cookie: whoever comes here proves with each request who they are, so no
# foreign page gains anything by leading a browser here.
KEYED = ("/hooks/", "/slack/", "/v1/")
READING = frozenset({"GET", "HEAD", "OPTIONS"})
FORMS = frozenset({"/sign-in", "/sign-out"})  # sent without a line of script
HEADERS = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": (
        "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self';"
        " frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # Under `no-referrer` a browser calls the origin of our own forms “null”.
    "Referrer-Policy": "same-origin",
    "Server": "Vivant",
    "X-Content-Type-Options": "nosniff",
}
STATUS = {
    SlowError: HTTPStatus.REQUEST_TIMEOUT,
    UploadError: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    MissingError: HTTPStatus.NOT_FOUND,
    StateError: HTTPStatus.CONFLICT,
    QuotaError: HTTPStatus.TOO_MANY_REQUESTS,
    RequestError: HTTPStatus.UNPROCESSABLE_ENTITY,
    ProviderError: HTTPStatus.BAD_GATEWAY,
    BotError: HTTPStatus.SERVICE_UNAVAILABLE,
}


def problem(status: HTTPStatus, sentence: str, hint: str) -> Problem:
    """An answer that says what is wrong and what to do."""
    return Problem(status, sentence, hint)


def retry_after(error: BotError) -> Mapping[str, str]:
    """The header that says when an error passes by itself, where that is known."""
    after = error.after if isinstance(error, RateError | BusyError) else None
    return {} if after is None else {"Retry-After": str(math.ceil(after))}


async def add_headers(_: web.Request, response: web.StreamResponse) -> None:
    """Put our headers on an answer, whoever made it, where it says nothing else."""
    response.headers.popall("Server", None)  # aiohttp says what it is made of
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)


async def leave_broken(request: web.Request, response: web.StreamResponse) -> None:
    """Leave a body alone that cannot be unpacked; aiohttp would log a traceback."""
    if request.content.exception() is not None:
        request.content.feed_eof()
        response.headers["Connection"] = "close"
        response.force_close()


@web.middleware
async def tell_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn whatever went wrong into a sentence and a hint; a traceback never leaves."""
    try:
        return await handler(request)
    except (web.HTTPSuccessful, web.HTTPRedirection, web.HTTPServerError):
        raise
    except ConnectionError:  # whoever asked has gone
        raise
    except Exception as error:
        if told := _told(error):
            return told
        log.exception("%s %s broke in a way nobody foresaw", request.method, request)
        return problem(
            HTTPStatus.INTERNAL_SERVER_ERROR,
            "Something broke on our side.",
            BotError.hint,
        )


def _told(error: Exception) -> web.Response | None:
    """The answer to an error that was foreseen."""
    match error:
        case BotError():
            kinds = type(error).__mro__
            status = next(STATUS[kind] for kind in kinds if kind in STATUS)
            response = problem(status, str(error), error.hint)
            response.headers.update(retry_after(error))
            return response
        case web.HTTPRequestEntityTooLarge():
            status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
            return problem(status, "That is too much text.", "Say it shorter.")
        case web.RequestPayloadError():  # packed, as by gzip, and broken
            return problem(HTTPStatus.BAD_REQUEST, "That cannot be read.", "Try again.")
        case web.HTTPClientError():
            status = HTTPStatus(error.status)
        case OSError(errno=errno.ENAMETOOLONG):
            status = HTTPStatus.NOT_FOUND
        case _:
            return None
    return problem(status, f"{status.phrase}.", "Go back to the first page.")


def check_host(settings: Settings) -> Middleware:
    """Answer only to our own names, so that no foreign name can be pointed at us."""
    names = {settings.web_host.strip("[]").lower(), _host(settings.public_url or "")}
    everywhere = settings.web_host.strip("[]") in {"0.0.0.0", "::"}  # noqa: S104

    def is_ours(name: str) -> bool:
        # An address, unlike a name, cannot be pointed at another machine.
        return is_loopback(name) or name in names or (everywhere and _is_address(name))

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        name = _host(f"//{request.headers.get('Host', '')}")
        if request.path.startswith(KEYED) or (name and is_ours(name)):
            return await handler(request)
        return problem(
            HTTPStatus.MISDIRECTED_REQUEST,
            "This bot does not answer to that address.",
            "Whoever runs it can allow the address with VIVANT_PUBLIC_URL.",
        )

    return check


def check_origin(settings: Settings) -> Middleware:
    """Take orders only from our own page, or from a program that is no browser."""
    public = _origin(settings.public_url or "")

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        keyed = request.path.startswith(KEYED)
        if keyed or request.method in READING or _is_same_origin(request, public):
            return await handler(request)
        if request.path in FORMS:
            return problem(
                HTTPStatus.FORBIDDEN,
                "That form did not come from this page.",
                "Open the page itself and send it from there. If you did, whoever runs"
                " this bot can set VIVANT_PUBLIC_URL to the address that you see.",
            )
        return problem(
            HTTPStatus.FORBIDDEN,
            "That order did not come from this page.",
            "Open the page itself; programs send the header “X-Vivant: 1”.",
        )

    return check


def _is_same_origin(request: web.Request, public: str) -> bool:
    """Whether a browser says that our own page sent this.

    A page of another origin cannot add `X-Vivant` without asking first, and nobody
    here answers that question with yes. A plain form can add nothing, so its browser
    has to say where it comes from: a new one by `Sec-Fetch-Site`, which no page can
    forge or leave out, an old one by `Origin` or `Referer`. An origin of “null” may be
    anybody's, for example a frame in a sandbox, unless the browser says it is ours.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site not in {None, "same-origin", "none"}:
        return False
    host = request.headers.get("Host", "").lower()
    ours = {f"http://{host}", f"https://{host}", public} - {""}
    origin = request.headers.get("Origin")
    if origin not in {None, "null", *ours}:
        return False
    known = site == "same-origin" or origin in ours
    if request.headers.get("X-Vivant") == "1":
        return known or origin is None
    came_from = _origin(request.headers.get("Referer", ""))
    return request.path in FORMS and (known or came_from in ours)


def _origin(url: str) -> str:
    """Scheme, host and port of an address, as a browser writes them."""
    try:
        return str(URL(url).origin()).lower()
    except ValueError:
        return ""


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
