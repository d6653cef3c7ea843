"""Errors as the reference wire words them: message, type, param and code."""

import logging
from collections.abc import Mapping
from http import HTTPStatus

from aiohttp import web
from aiohttp.typedefs import Handler

from adapters.web.guards import STATUS, retry_after
from bot.errors import (
    BotError,
    FilmError,
    LinkError,
    MissingError,
    OptionError,
    PriceError,
    PromptError,
    QuotaError,
    RateError,
    RequestError,
    ReusedError,
    StateError,
    StillError,
)

log = logging.getLogger(__name__)

SOON = 60.0  # seconds; the official SDK asks again by itself within that

CODES: Mapping[type[BotError], str] = {
    MissingError: "not_found",
    ReusedError: "idempotency_key_reused",
    StateError: "invalid_state",
    RateError: "rate_limit_exceeded",
    QuotaError: "insufficient_quota",
    PriceError: "price_unknown",
    RequestError: "invalid_value",
    BotError: "server_error",
}
PARAMS: Mapping[type[BotError], str] = {
    StillError: "input_reference",
    LinkError: "input_reference",
    FilmError: "video",
    PromptError: "prompt",
}


class WireError(RequestError):
    """What only a program can get wrong.

    Attributes:
        param: The field that is wrong.
        code: One word for a program.
        status: Of the answer.
    """

    def __init__(
        self,
        sentence: str,
        *,
        hint: str | None = None,
        param: str | None = None,
        code: str | None = None,
        status: int = 400,
        **facts: object,
    ) -> None:
        super().__init__(sentence, hint=hint, **facts)
        self.param = param
        self.code = code
        self.status = status


@web.middleware
async def tell_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn whatever went wrong into the wire's own shape; a traceback never leaves."""
    try:
        return await handler(request)
    except BotError as error:
        return _told(error)
    except web.HTTPRequestEntityTooLarge:
        return _problem(413, "That is too large.", code="too_large")
    except web.RequestPayloadError:  # packed, as by gzip, and broken
        return _problem(400, "That cannot be read. Send it unpacked.")
    except web.HTTPClientError as error:
        return _problem(error.status, f"{error.reason}: there is nothing like that.")
    except (web.HTTPException, ConnectionError):
        raise
    except Exception:
        log.exception("%s %s broke in a way nobody foresaw", request.method, request)
        return _problem(500, "Something broke on our side.", code="server_error")


def _told(error: BotError) -> web.Response:
    """The answer to an error; where the same again cannot help, clients are told so."""
    kinds = type(error).__mro__
    status = next(STATUS[kind] for kind in kinds if kind in STATUS).value
    if status == HTTPStatus.UNPROCESSABLE_ENTITY:
        status = 400  # as the reference has it
    code = next(CODES[kind] for kind in kinds if kind in CODES)
    param = next((PARAMS[kind] for kind in kinds if kind in PARAMS), None)
    match error:
        case WireError():
            status, param = error.status, error.param
            code = error.code or code
        case OptionError():
            about = ("seconds", "characters")
            param = next((name for name in about if name in error.facts), "model")
            if param == "model" and not isinstance(error, PriceError):
                code = "model_not_found"
    response = _problem(status, f"{error} {error.hint}", code=code, param=param)
    response.headers.update(retry_after(error))
    late = isinstance(error, RateError) and (error.after or 0.0) > SOON
    if late or code in {"insufficient_quota", "idempotency_key_reused"}:
        response.headers["x-should-retry"] = "false"
    return response


def _problem(
    status: int, message: str, *, code: str | None = None, param: str | None = None
) -> web.Response:
    kinds = {"insufficient_quota", "rate_limit_exceeded", "server_error"}
    kind = code if code in kinds else "invalid_request_error"
    error = {"message": message, "type": kind, "param": param, "code": code}
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else None
    return web.json_response({"error": error}, status=status, headers=headers)
