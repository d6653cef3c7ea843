"""Real browsers, each with one window, that a test drives in the same few words.

Chromium is driven by Playwright. Playwright's own Firefox is a patched one, so the
system's is spoken to as any WebDriver BiDi client does: JSON over one WebSocket.
"""

import asyncio
import base64
import itertools
import json
import os
import re
import shutil
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Protocol

import aiohttp
import pytest
from playwright.async_api import Page, async_playwright

CHROMIUM = os.environ.get("PLAYWRIGHT_CHROMIUM") or next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))),
    None,
)
FIREFOX = os.environ.get("VIVANT_FIREFOX") or next(
    filter(None, map(shutil.which, ("firefox-esr", "firefox"))), None
)
FLAGS = ["--no-sandbox"]
KEYS, ENTER = ("keyDown", "keyUp"), "\ue007"  # as WebDriver names them
PATIENCE = 30.0  # seconds; a busy machine renders slowly
PREFERENCES = {
    "app.normandy.enabled": False,
    "app.update.disabledForTesting": True,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "remote.prefs.recommended": True,
    "toolkit.telemetry.enabled": False,
}

in_each_browser = pytest.mark.parametrize(
    "browser",
    [
        pytest.param(
            name,
            marks=[
                pytest.mark.browser,
                pytest.mark.skipif(found is None, reason=f"no {name} on this machine"),
            ],
        )
        for name, found in (("Chromium", CHROMIUM), ("Firefox", FIREFOX))
    ],
)


class Window(Protocol):
    """A window of a browser, with one page in it."""

    async def go(self, url: str) -> None:
        """Open an address, as somebody who types it."""

    async def size(self, width: int, height: int) -> None:
        """Make the window so many pixels large inside."""

    async def run(self, script: str) -> Any:
        """The value of an expression in the page; a promise is waited for."""

    async def type(self, text: str) -> None:
        """Press keys, wherever the focus is."""

    async def click(self, selector: str) -> None:
        """Press the middle of something with the mouse."""

    async def picture(self, file: Path) -> None:
        """Take a picture of what is seen."""


async def until(window: Window, script: str) -> Any:
    """Wait until an expression is true; what it is then."""
    try:
        async with asyncio.timeout(PATIENCE):
            while True:
                with suppress(RuntimeError):  # the page is just being left
                    if found := await window.run(script):
                        return found
                await asyncio.sleep(0.05)
    except TimeoutError:
        seen = await window.run("document.body.innerText")
        pytest.fail(f"Never true: {script}\nThe page says:\n{seen}")


class Chromium:
    """Chromium's window. Satisfies `Window`."""

    def __init__(self, page: Page) -> None:
        self.page = page

    async def go(self, url: str) -> None:
        await self.page.goto(url)

    async def size(self, width: int, height: int) -> None:
        await self.page.set_viewport_size({"width": width, "height": height})

    async def run(self, script: str) -> Any:
        try:
            return await self.page.evaluate(f"(async () => ({script}))()")
        except Exception as error:
            raise RuntimeError(str(error)) from error

    async def type(self, text: str) -> None:
        await self.page.keyboard.type(text)

    async def click(self, selector: str) -> None:
        await self.page.click(selector)

    async def picture(self, file: Path) -> None:
        await self.page.screenshot(path=file)


class Firefox:
    """Firefox's window. Satisfies `Window`."""

    def __init__(self, line: aiohttp.ClientWebSocketResponse) -> None:
        self._line = line
        self._numbers = itertools.count(1)
        self._context = ""

    async def start(self) -> None:
        """Begin a session and find the one window."""
        await self._send("session.new", capabilities={})
        tree = await self._send("browsingContext.getTree")
        self._context = tree["contexts"][0]["context"]

    async def go(self, url: str) -> None:
        await self._here("browsingContext.navigate", url=url, wait="complete")

    async def size(self, width: int, height: int) -> None:
        viewport = {"width": width, "height": height}
        await self._here("browsingContext.setViewport", viewport=viewport)

    async def run(self, script: str) -> Any:
        told = await self._send(
            "script.evaluate",
            expression=f"(async () => JSON.stringify((await ({script})) ?? null))()",
            target={"context": self._context},
            awaitPromise=True,
            userActivation=True,
        )
        if told["type"] == "exception":
            raise RuntimeError(told["exceptionDetails"]["text"])
        return json.loads(told["result"]["value"])

    async def type(self, text: str) -> None:
        pressed = [ENTER if key == "\n" else key for key in text]
        keys = [{"type": kind, "value": key} for key in pressed for kind in KEYS]
        await self._act({"type": "key", "id": "keyboard", "actions": keys})

    async def click(self, selector: str) -> None:
        found = await self._send(
            "script.evaluate",
            expression=f"(() => {{ const one = document.querySelector("
            f"{json.dumps(selector)}); one.scrollIntoView({{block: 'center',"
            " behavior: 'instant'}); return one; })()",
            target={"context": self._context},
            awaitPromise=False,
        )
        shared = {"sharedId": found["result"]["sharedId"]}
        middle = {"x": 0, "y": 0, "origin": {"type": "element", "element": shared}}
        acts: list[dict[str, Any]] = [{"type": "pointerMove", **middle}]
        acts += [{"type": kind, "button": 0} for kind in ("pointerDown", "pointerUp")]
        await self._act({"type": "pointer", "id": "mouse", "actions": acts})

    async def picture(self, file: Path) -> None:
        told = await self._here("browsingContext.captureScreenshot")
        data = base64.b64decode(told["data"])
        await asyncio.to_thread(file.write_bytes, data)

    async def _act(self, source: dict[str, Any]) -> None:
        await self._here("input.performActions", actions=[source])

    async def _here(self, method: str, **params: Any) -> Any:
        return await self._send(method, context=self._context, **params)

    async def _send(self, method: str, **params: Any) -> Any:
        number = next(self._numbers)
        await self._line.send_json({"id": number, "method": method, "params": params})
        async with asyncio.timeout(PATIENCE):
            while (told := await self._line.receive_json()).get("id") != number:
                pass
        if told["type"] == "error":
            raise RuntimeError(f"{method}: {told['message']}")
        return told["result"]


@asynccontextmanager
async def open_window(browser: str, *, dark: bool = False) -> AsyncGenerator[Window]:
    """Start Chromium or Firefox, with nothing remembered from before."""
    start = _open_firefox if browser == "Firefox" else _open_chromium
    async with start(dark) as window:
        yield window


@asynccontextmanager
async def _open_chromium(dark: bool) -> AsyncGenerator[Window]:  # noqa: FBT001
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = await opened.new_page(color_scheme="dark" if dark else "light")
        yield Chromium(page)
        await opened.close()


@asynccontextmanager
async def _open_firefox(dark: bool) -> AsyncGenerator[Window]:  # noqa: FBT001
    scheme = {"layout.css.prefers-color-scheme.content-override": 0 if dark else 1}
    lines = [
        f"user_pref({json.dumps(name)}, {json.dumps(value)});\n"
        for name, value in (PREFERENCES | scheme).items()
    ]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        file = Path(profile, "user.js")
        await asyncio.to_thread(file.write_text, "".join(lines))
        running = await asyncio.create_subprocess_exec(
            str(FIREFOX),
            "--headless",
            "--no-remote",
            "--remote-debugging-port=0",
            f"--profile={profile}",
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            url = await _listening(running)
            async with (
                aiohttp.ClientSession() as session,
                session.ws_connect(f"{url}/session", max_msg_size=0) as line,
            ):
                window = Firefox(line)
                await window.start()
                yield window
        finally:
            running.kill()
            await running.wait()


async def _listening(running: asyncio.subprocess.Process) -> str:
    """The address that Firefox says it listens on."""
    assert running.stderr
    async with asyncio.timeout(PATIENCE):
        async for line in running.stderr:
            if found := re.search(rb"ws://\S+", line):
                return found[0].decode()
    pytest.fail("Firefox ended before it listened.")
