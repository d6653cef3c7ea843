"""People sign in to a page that asks for a token, in real browsers, and out again."""

import asyncio
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.browsers import Window, in_each_browser, open_window, until
from tests.fakes.site import Site, open_site

TOKEN = "open-sesame"
AT_THE_DOOR = "location.pathname == '/sign-in' && document.activeElement.id === 'token'"
INSIDE = "location.pathname === '/' && document.querySelector('#samples img') !== null"


@in_each_browser
async def test_a_browser_signs_in_and_out(tmp_path: Path, browser: str) -> None:
    async with (
        open_site(tmp_path, web_token=TOKEN) as site,
        open_window(browser) as window,
    ):
        await window.go(site.address)
        await until(window, AT_THE_DOOR)
        await window.type("let me in\n")
        await until(window, "document.querySelector('[role=alert]') !== null")
        assert "That is not the token" in await window.run("document.body.innerText")

        await until(window, AT_THE_DOOR)
        await window.type(f"{TOKEN}\n")
        await until(window, INSIDE)
        await until(window, "document.querySelector('#sign-out').checkVisibility()")

        await window.click("#sign-out button")
        await until(window, AT_THE_DOOR)
        await window.go(site.address)
        await until(window, AT_THE_DOOR)

        await is_refused_elsewhere(window, site, tmp_path / "elsewhere.html")


async def is_refused_elsewhere(window: Window, site: Site, page: Path) -> None:
    """A form of another page, with the right token, is answered with a page."""
    form = (
        f'<form method="post" action="{site.address}/sign-in">'
        f'<input name="token" value="{TOKEN}"><button>Go</button></form>'
    )
    await asyncio.to_thread(page.write_text, form)
    await window.go(page.as_uri())
    await window.click("button")
    told = await until(window, "document.querySelector('h1')?.innerText")
    assert told == "That form did not come from this page."
    await window.click("a")
    await until(window, AT_THE_DOOR)


OURS = [
    {"Sec-Fetch-Site": "same-origin", "Origin": "null"},
    {"Sec-Fetch-Site": "same-origin", "Origin": "{here}"},
    {"Sec-Fetch-Site": "same-origin"},
    {"Origin": "{here}"},
    {"Origin": "https://vivant.example.org"},
    {"Referer": "{here}/sign-in"},
    {"Origin": "null", "Referer": "{here}/sign-in"},
    {"X-Vivant": "1"},
]
FOREIGN = [
    {},
    {"Origin": "null"},
    {"Origin": "http://evil.test"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "null"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "{here}"},
    {"Sec-Fetch-Site": "same-site", "Origin": "http://sister.example.org"},
    {"Sec-Fetch-Site": "same-origin", "Origin": "http://evil.test"},
    {"Sec-Fetch-Site": "none", "Origin": "null"},
    {"Referer": "http://evil.test/{here}"},
    {"Referer": "{here}.evil.test/"},
    {"Referer": "http://[/"},
    {"X-Vivant": "1", "Origin": "null"},
    {"X-Vivant": "1", "Sec-Fetch-Site": "cross-site"},
]


@pytest.mark.parametrize(
    ("headers", "status"),
    [(one, HTTPStatus.SEE_OTHER) for one in OURS]
    + [(one, HTTPStatus.FORBIDDEN) for one in FOREIGN],
)
async def test_the_form_is_taken_from_our_own_page_alone(
    tmp_path: Path, headers: dict[str, str], status: HTTPStatus
) -> None:
    """From browsers of any age; what else can be said does not help."""
    url = "https://vivant.example.org"
    async with open_site(tmp_path, web_token=TOKEN, public_url=url) as site:
        told = {name: at(site, value) for name, value in headers.items()}
        answer = await post(site, "/sign-in", told)

        assert answer.status == status
        assert ("vivant" in answer.cookies) == (status == HTTPStatus.SEE_OTHER)


@pytest.mark.parametrize(
    ("asked", "kind"),
    [
        ({"Sec-Fetch-Mode": "navigate", "Accept": "*/*"}, "text/html"),
        ({"Accept": "text/html,*/*"}, "text/html"),
        ({"Sec-Fetch-Mode": "cors", "Accept": "text/html"}, "application/json"),
        ({"Accept": "*/*"}, "application/json"),
    ],
)
async def test_what_goes_wrong_is_a_page_to_people_and_json_to_scripts(
    tmp_path: Path, asked: dict[str, str], kind: str
) -> None:
    async with open_site(tmp_path) as site:
        for path, host, status in (
            ("/no/such/place", None, 404),
            ("/clips/nobody.mp4", None, 404),
            ("/api/jobs?before=never", None, 422),
            ("/", "evil.test", 421),
        ):
            more = {"Host": host} if host else {}
            url = f"{site.address}{path}"
            async with site.session.get(url, headers=asked | more) as answer:
                assert (answer.status, answer.content_type) == (status, kind)
                assert "<script" not in await answer.text()
                assert "Content-Security-Policy" in answer.headers


async def test_a_cookie_that_was_given_back_opens_nothing(tmp_path: Path) -> None:
    """Not after a restart either; another browser stays signed in."""
    async with open_site(tmp_path, web_token=TOKEN) as site:
        ours, copied = [await signed_in(site) for _ in range(2)]
        async with site.session.get(f"{site.address}/api/events", headers=ours) as line:
            await line.content.readuntil(b"\n\n")
            away = await post(site, "/sign-out", ours | {"Origin": site.address})
            assert away.headers["Location"] == "/sign-in"
            assert 'vivant=""' in away.headers["Set-Cookie"]
            await line.content.read()  # ends, for whoever still listened
        assert (await site.get("/api/jobs", headers=ours))[0] == 401
        assert (await site.get("/api/jobs", headers=copied))[0] == 200

    async with open_site(tmp_path, web_token=TOKEN) as site:
        assert (await site.get("/api/jobs", headers=ours))[0] == 401
        assert (await site.get("/api/jobs", headers=copied))[0] == 200
        forged = {"Cookie": ours["Cookie"].replace(".", ".x", 1)}
        assert (await site.get("/api/jobs", headers=forged))[0] == 401


async def test_a_cookie_is_for_https_where_the_page_was_reached_so(
    tmp_path: Path,
) -> None:
    """A browser drops a cookie for https that comes over http: nobody could sign in."""
    url = "https://vivant.example.org"
    async with open_site(tmp_path, web_token=TOKEN, public_url=url) as site:
        for origin, secure in ((url, True), (site.address, False)):
            answer = await post(site, "/sign-in", {"Origin": origin})
            assert ("Secure" in answer.headers["Set-Cookie"]) == secure


def at(site: Site, text: str) -> str:
    return text.replace("{here}", site.address)


async def signed_in(site: Site) -> dict[str, str]:
    """The cookie of somebody who has just signed in."""
    answer = await post(site, "/sign-in", {"Origin": site.address})
    return {"Cookie": f"vivant={answer.cookies['vivant'].value}"}


async def post(site: Site, path: str, headers: dict[str, str]) -> Any:
    """Send the form of a page; nothing is kept of the answer but what it says."""
    site.session.cookie_jar.clear()
    async with site.session.post(
        f"{site.address}{path}",
        data={"token": TOKEN},
        headers=headers,
        allow_redirects=False,
    ) as answer:
        site.session.cookie_jar.clear()
        return answer
