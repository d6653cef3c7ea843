"""Signed HTTP: how Slack brings things to the app's own address."""

import asyncio
import hashlib
import hmac
import json
import time
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlencode

import aiohttp

from tests.fakes.slack_api.delivery import ACK_WINDOW, COMMAND, EVENT, Delivery
from tests.fakes.slack_api.errors import Refused

if TYPE_CHECKING:
    from tests.fakes.slack_api.things import Json
    from tests.fakes.slack_api.world import FakeSlack

FORM, JSON = "application/x-www-form-urlencoded", "application/json"


class Transport(Protocol):
    """A way to bring things to the app."""

    async def bring(
        self, delivery: Delivery, number: int, reason: str
    ) -> tuple[str, bool]:
        """Bring it once; why it failed, and whether not to try again."""


class Signed:
    """Posts to the app's address, signed.

    Attributes:
        url: The app's address.
        secret: What requests are signed with.
        skew: Seconds that the signature's time is off.
    """

    def __init__(self, slack: "FakeSlack", url: str) -> None:
        self.slack = slack
        self.url = url
        self.secret = slack.signing_secret
        self.skew = 0.0

    async def verify(self) -> None:
        """Ask the app whether the address is its own, as Slack does at once."""
        challenge = self.slack.ids.new("challenge-")
        asked = {"type": "url_verification", "challenge": challenge}
        asked["token"] = self.slack.verification_token
        status, body, _, _ = await self._post(json.dumps(asked), JSON, {})
        told = body.get("challenge") if isinstance(body, dict) else body
        if status != 200 or told != challenge:
            raise Refused(f"{self.url} did not answer the challenge: {status} {body}")

    async def bring(
        self, delivery: Delivery, number: int, reason: str
    ) -> tuple[str, bool]:
        """Post it once, and wait as long as Slack does."""
        kind = JSON if delivery.kind == EVENT else FORM
        headers = {}
        if number:
            headers = {"X-Slack-Retry-Num": str(number)}
            headers["X-Slack-Retry-Reason"] = reason or "http_timeout"
        slack = self.slack
        due = slack.clock() + ACK_WINDOW
        sent = asyncio.create_task(self._post(encoded(delivery), kind, headers))
        sent.add_done_callback(lambda _: slack.bell.ring())
        look = lambda: sent.done() or slack.clock() > due  # noqa: E731
        try:
            await slack.bell.until(look, None, str)
        finally:
            if not sent.done():
                sent.cancel()
        if not sent.done():
            return "http_timeout", False
        if isinstance(sent.exception(), aiohttp.ClientError | OSError | EOFError):
            return "connection_failed", False
        status, body, answered, took = sent.result()
        stop = answered.get("X-Slack-No-Retry") == "1"
        if not 200 <= status < 300:
            return "http_error", stop
        delivery.acknowledge(body or None, took)
        return "", stop

    def signed(self, body: str, kind: str) -> dict[str, str]:
        """What stands over a body: its kind, and the signature."""
        at = str(int(time.time() + self.skew))
        text = f"v0:{at}:{body}".encode()
        mark = hmac.new(self.secret.encode(), text, hashlib.sha256).hexdigest()
        return {
            "Content-Type": kind,
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            "X-Slack-Request-Timestamp": at,
            "X-Slack-Signature": f"v0={mark}",
        }

    async def _post(
        self, body: str, kind: str, headers: dict[str, str]
    ) -> tuple[int, Any, Any, float]:
        headers |= self.signed(body, kind)
        began = time.perf_counter()
        async with self.slack.session.post(
            self.url, data=body.encode(), headers=headers, allow_redirects=False
        ) as answer:
            text = await answer.text()
            took = time.perf_counter() - began
            as_json = answer.content_type == JSON and text
            made = json.loads(text) if as_json else text
            return answer.status, made, answer.headers, took


def encoded(delivery: Delivery) -> str:
    """The body of a request."""
    if delivery.kind == EVENT:
        return json.dumps(delivery.payload)
    if delivery.kind == COMMAND:
        return urlencode(delivery.payload)
    payload: Json = {"payload": json.dumps(delivery.payload)}
    return urlencode(payload)
