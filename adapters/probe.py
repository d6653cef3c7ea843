"""One question over HTTP, for `vivant doctor`: what is there, and who answers?

The chats' own libraries try again and fold what they hear into one error. The doctor
asks once, and reads status, kind and date itself.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from bot.checkup import Finding, broken
from bot.checkup.network import why_unreachable

PATIENCE = aiohttp.ClientTimeout(total=20, connect=5)
MOST = 1 << 20  # bytes that are read of an answer


@dataclass(frozen=True, slots=True)
class Heard:
    """An answer.

    Attributes:
        body: The JSON, else None.
        headers: By lower-case name.
    """

    status: int
    body: Any
    headers: Mapping[str, str]

    @property
    def fields(self) -> Mapping[str, Any]:
        """The JSON object; empty when it is anything else."""
        return self.body if isinstance(self.body, dict) else {}

    @property
    def is_passing(self) -> bool:
        """Whether the server says that it is only a matter of time."""
        return self.status == 429 or self.status >= 500

    @property
    def date(self) -> str | None:
        """When it was sent, by the server's clock."""
        return self.headers.get("date")


async def ask(
    url: str,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    setting: str = "",
    proxied: bool = False,
    patience: aiohttp.ClientTimeout = PATIENCE,
) -> Heard | str:
    """Ask once, follow nowhere.

    Args:
        url: Where.
        method: Of HTTP.
        headers: With the token.
        setting: The setting that the address comes from, if the owner set it.
        proxied: Whether the chat's own library obeys `HTTPS_PROXY`.
        patience: How long it may take.

    Returns:
        The answer; or in words why there is none, with what to do.
    """
    try:
        async with (
            aiohttp.ClientSession(timeout=patience, trust_env=proxied) as session,
            session.request(
                method, url, headers=headers, allow_redirects=False
            ) as response,
        ):
            text = await response.content.read(MOST)
            return Heard(
                response.status,
                _parsed(text),
                {name.lower(): value for name, value in response.headers.items()},
            )
    except (aiohttp.ClientError, TimeoutError, ValueError, OSError) as error:
        why = await why_unreachable(url, setting=setting, proxied=proxied)
        late = isinstance(error, TimeoutError)
        told = "does not answer in time" if late else "broke off in its answer"
        return why or f"{told}: try again later"


def unfit(name: str, whose: str, heard: Heard, setting: str) -> Finding:
    """What an answer means that the real server never gives to a good question.

    Args:
        name: Of the finding.
        whose: The server, as in “Discord”.
        heard: The answer.
        setting: The setting with its address; empty where it is the usual one.
    """
    status = heard.status
    correct = "is something in between?"
    if setting:
        correct = f"correct {setting}, or leave it out"
    if status == 429:
        wait = heard.headers.get("retry-after", "")
        wait = f"wait {wait} s" if wait.isdecimal() else "wait an hour"
        return broken(
            name,
            f"{whose} has had too many requests from here (429): {wait}, and see that"
            " no other program uses the same token or address",
        )
    if status == 407:
        return broken(name, "a proxy in between asks for a password: see HTTPS_PROXY")
    if 300 <= status < 400:
        host = urlsplit(heard.headers.get("location", "")).hostname or "another page"
        return broken(name, f"something sends us to {host} ({status}): {correct}")
    if status >= 500:
        told = f"{whose} has trouble of its own ({status}): nothing is wrong here, see"
        return broken(name, f"{told} its status page and try again later")
    if "text/html" in heard.headers.get("content-type", ""):
        told = f"a web page answers in place of {whose} ({status})"
        return broken(name, f"{told}, such as a sign-in or a proxy: {correct}")
    return broken(name, f"that is not {whose} ({status}): {correct}")


def _parsed(text: bytes) -> Any:  # noqa: ANN401 - JSON
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
