"""Somebody at a browser installs the app from its own page."""

import html
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import aiohttp
from yarl import URL

from tests.fakes.slack_api.errors import Refused

if TYPE_CHECKING:
    from tests.fakes.slack_api.people import Person

LINK = re.compile(r"""href=["']([^"']*/oauth/v2/authorize[^"']*)""")


@dataclass(frozen=True)
class Visit:
    """The page that somebody sees in the end."""

    url: str
    status: int
    text: str


async def install(
    person: "Person", url: str, *, org_wide: bool = False, declines: bool = False
) -> Visit:
    """Follow the app's link to Slack, decide, and go where Slack sends them."""
    grants = person.slack.grants
    origin = URL(url).origin()
    jar = aiohttp.CookieJar(unsafe=True, treat_as_secure_origin=origin)
    async with aiohttp.ClientSession(cookie_jar=jar) as session:
        asked = dict((await _slack_page(session, url)).query)
        if declines:
            said = {"error": "access_denied", "state": asked.get("state", "")}
            where = f"{asked.get('redirect_uri')}?{urlencode(said)}"
        else:
            grants.org_wide = org_wide
            where = grants.consent(person, asked)
        async with session.get(where, allow_redirects=False) as answer:
            return Visit(str(answer.url), answer.status, await answer.text())


async def _slack_page(session: aiohttp.ClientSession, url: str) -> URL:
    """Where the app's page leads: at once, or by a link on it."""
    async with session.get(url, allow_redirects=False) as answer:
        if answer.status in {301, 302, 303, 307}:
            return URL(answer.headers["Location"])
        page = await answer.text()
    found = LINK.search(page)
    if found is None:
        raise Refused(f"{url} does not lead to Slack: {answer.status} {page[:400]}")
    return URL(html.unescape(found[1]))
