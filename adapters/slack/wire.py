"""The way to Slack: one session for everything, and the token of each workspace.

Whatever answers in Slack's place, a proxy's page, a half body or a number, is one
thing for everybody here: `OddAnswerError`, a line that was lost.
"""

import logging
from collections.abc import Mapping
from typing import Any, Protocol

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry import (
    HttpRequest,
    HttpResponse,
    RetryIntervalCalculator,
    RetryState,
)
from slack_sdk.http_retry.async_handler import AsyncRetryHandler
from slack_sdk.http_retry.builtin_async_handlers import (
    AsyncConnectionErrorRetryHandler,
    AsyncRateLimitErrorRetryHandler,
)
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.config import Settings
from bot.errors import DeliveryError

log = logging.getLogger(__name__)

# Calls that must not be repeated when nobody knows whether they were carried out.
ONCE = ("chat.postMessage", "chat.postEphemeral", "files.completeUploadExternal")
TIMES = 3
MOST_BYTES = 16 << 20  # of an answer; the longest list seen is far below
TIMEOUT = aiohttp.ClientTimeout(total=30, connect=10)
# What a good answer of each call has that we read, and of which type.
HAS: Mapping[str, tuple[tuple[str, type], ...]] = {
    "apps.connections.open": (("url", str),),
    "auth.test": (("user_id", str),),
    "chat.postMessage": (("ts", str),),
    "conversations.history": (("messages", list),),
    "conversations.open": (("channel", dict),),
    "conversations.replies": (("messages", list),),
    "files.getUploadURLExternal": (("upload_url", str), ("file_id", str)),
    "files.info": (("file", dict),),
    "oauth.v2.access": (("access_token", str),),
    "users.info": (("user", dict),),
    "views.open": (("view", dict),),
}


class OddAnswerError(aiohttp.ClientError):
    """Something answered that is not how Slack answers."""


LOST = (aiohttp.ClientError, TimeoutError, OSError)  # nobody knows what was done


class Bounded(aiohttp.ClientResponse):
    """An answer that is given up once it has more bytes than any honest one."""

    async def read(self) -> bytes:
        """All of it.

        Raises:
            OddAnswerError: It is too large.
        """
        if self._body is None:
            data = bytearray()
            async for piece in self.content.iter_any():
                data += piece
                if len(data) > MOST_BYTES:
                    self.close()
                    raise OddAnswerError("an answer without an end")
            self._body = bytes(data)
        return self._body


class Client(AsyncWebClient):
    """Slack's own client, for which every odd answer is a lost line."""

    async def api_call(self, api_method: str, **how: Any) -> AsyncSlackResponse:  # noqa: ANN401 - as the SDK has it
        """Call a method.

        Raises:
            SlackApiError: Slack said no, in its own words.
            OddAnswerError: Something answered that is not how Slack answers.
        """
        try:
            answer = await super().api_call(api_method, **how)
        except SlackApiError as error:
            if code_of(error):
                raise
            raise OddAnswerError(f"{api_method}: no answer of Slack's") from error
        except LOST:
            raise
        except Exception as error:
            raise OddAnswerError(f"{api_method}: {type(error).__name__}") from error
        if not _is_whole(api_method, answer.data):
            raise OddAnswerError(f"{api_method}: half an answer")
        return answer


def _is_whole(method: str, data: object) -> bool:
    """Whether a good answer has what we read of it."""
    return isinstance(data, dict) and all(
        isinstance(data.get(name), kind) and data[name] != ""
        for name, kind in HAS.get(method, ())
    )


class Tokens(Protocol):
    """Where the token of each workspace is looked up, when it is used."""

    async def token(self, workspace: str) -> str | None:
        """The bot's token there, fresh; None when it is not installed."""
        ...


class Wire:
    """Clients of Slack's Web API.

    Args:
        settings: The owner's.
        tokens: Those of the workspaces.
        pauses: Seconds between tries.
    """

    def __init__(
        self,
        settings: Settings,
        tokens: Tokens,
        *,
        pauses: RetryIntervalCalculator,
    ) -> None:
        self.base_url = f"{settings.slack_api_url}/"
        self._tokens = tokens
        self._pauses = pauses
        self._session: aiohttp.ClientSession | None = None

    @property
    def session(self) -> aiohttp.ClientSession:
        """The one session; opened when it is first needed, in a running loop."""
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(
                timeout=TIMEOUT, response_class=Bounded
            )
        return self._session

    async def client(self, workspace: str) -> AsyncWebClient:
        """A client that tries again where that does no harm.

        Raises:
            DeliveryError: The bot is not installed there any more.
        """
        return self.opened(await self.token(workspace))

    async def hasty(self, workspace: str) -> AsyncWebClient:
        """A client that gives up at once: for what a newer call replaces anyway."""
        return self.opened(await self.token(workspace), hasty=True)

    async def token(self, workspace: str) -> str:
        """The bot's token in a workspace.

        Raises:
            DeliveryError: The bot is not installed there any more.
        """
        if token := await self._tokens.token(workspace):
            return token
        raise DeliveryError(
            "The bot is not installed in that workspace any more.",
            hint="Ask an admin of the workspace to install it again.",
        )

    def opened(self, token: str | None, *, hasty: bool = False) -> AsyncWebClient:
        """A client over the one session."""
        handlers = [] if hasty else _retries(self._pauses)
        return Client(
            token, self.base_url, session=self.session, retry_handlers=handlers
        )

    async def close(self) -> None:
        """Hang up."""
        if self._session is not None:
            await self._session.close()


class SafeConnectionRetry(AsyncConnectionErrorRetryHandler):
    """Tries again after a lost line, but for calls that would post twice."""

    async def _can_retry_async(
        self,
        *,
        state: RetryState,
        request: HttpRequest,
        response: HttpResponse | None = None,
        error: Exception | None = None,
    ) -> bool:
        if request.url.endswith(ONCE):
            return False
        return await super()._can_retry_async(
            state=state, request=request, response=response, error=error
        )


class SafeServerErrorRetry(AsyncRetryHandler):
    """Tries again after an error of Slack's own, under the same condition."""

    async def _can_retry_async(
        self,
        *,
        state: RetryState,  # noqa: ARG002 - the SDK passes it
        request: HttpRequest,
        response: HttpResponse | None = None,
        error: Exception | None = None,  # noqa: ARG002 - the SDK passes it
    ) -> bool:
        broken = response is not None and response.status_code >= 500
        return broken and not request.url.endswith(ONCE)


def _retries(pauses: RetryIntervalCalculator) -> list[AsyncRetryHandler]:
    """What is tried again: nothing was done at 429; the rest does no harm."""
    return [
        AsyncRateLimitErrorRetryHandler(TIMES),
        SafeConnectionRetry(TIMES, pauses),
        SafeServerErrorRetry(TIMES, pauses),
    ]


def code_of(error: SlackApiError) -> str:
    """Slack's own word for what is wrong; empty when it said none."""
    response = error.response
    data = getattr(response, "data", response)
    code = data.get("error") if isinstance(data, dict) else None
    return code if isinstance(code, str) else ""


def is_unsure(error: Exception) -> bool:
    """Whether a call that failed may have been carried out."""
    if not isinstance(error, SlackApiError):
        return True  # the line was lost, or nobody answered
    if code_of(error) in {"fatal_error", "internal_error", "request_timeout"}:
        return True
    return int(getattr(error.response, "status_code", 200)) >= 500
