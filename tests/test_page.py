"""A person at the page, in a real browser."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from importlib.resources import files
from pathlib import Path

import pytest
from playwright.async_api import Locator, Page, async_playwright, expect

from tests.fakes.browsers import CHROMIUM
from tests.fakes.site import Site, open_site

CAT = str(files("bot") / "samples" / "chelsea.jpg")
PATIENCE = 60_000  # milliseconds; a busy machine renders slowly

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine"),
]


@asynccontextmanager
async def open_page(
    folder: Path, *, width: int = 1280, height: int = 900, scheme: str = "light"
) -> AsyncGenerator[tuple[Page, Site]]:
    """The page in a browser; anything that the browser complains of fails the test."""
    complaints: list[str] = []
    async with open_site(folder) as site, async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox"]
        )
        page = await browser.new_page(
            viewport={"width": width, "height": height},
            color_scheme="dark" if scheme == "dark" else "light",
        )
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console",
            lambda said: complaints.append(said.text) if said.type == "error" else None,
        )
        page.set_default_timeout(PATIENCE)
        await page.goto(site.address)
        yield page, site
        await browser.close()
    assert complaints == []


async def order(page: Page, prompt: str) -> Locator:
    """Choose the photo, type, and press Ctrl+Enter; the newest card."""
    await page.set_input_files("#file", CAT)
    await expect(page.locator("#still")).to_be_visible()
    await page.fill("#prompt", prompt)
    await page.keyboard.press("Control+Enter")
    return page.locator("article").first


async def plays(card: Locator) -> None:
    """A card's clip has frames and can be played."""
    video = card.locator("video")
    await expect(video).to_be_attached(timeout=PATIENCE)
    await card.page.wait_for_function(
        "video => video.readyState >= 2 && video.videoWidth > 0",
        arg=await video.element_handle(),
    )


async def test_a_person_animates_a_photo_answers_it_extends_it_and_deletes_it(
    tmp_path: Path,
) -> None:
    async with open_page(tmp_path) as (page, _):
        words = "dolly in 1 s, hold 0.5 s, pan left 0.5 s, golden hour, distant waves"
        await page.fill("#prompt", words)
        await expect(page.locator("#timeline li")).to_have_count(3)
        await expect(page.locator("#timeline")).to_contain_text("pan left")
        await expect(page.locator("#chips")).to_contain_text("golden light")

        first = await order(page, words)
        await expect(first).to_contain_text("dolly in 1 s")
        await plays(first)

        await first.get_by_role("button", name="Remix").click()
        await first.locator("textarea").fill("slower, and add snow")
        await page.keyboard.press("Control+Enter")
        second = page.locator("article").first
        await expect(second).to_contain_text("slower, and add snow")
        await expect(second).to_contain_text("Remix of")
        await plays(second)
        await expect(second).to_contain_text("With snow.")

        await second.get_by_role("button", name="Extend").click()
        await second.locator("form button[type=submit]").first.click()
        await expect(page.locator("article")).to_have_count(3)
        third = page.locator("article").first
        await plays(third)

        await third.get_by_role("button", name="Delete").click()
        await third.locator("form button[type=submit], .drawer button").first.click()
        await expect(page.locator("article")).to_have_count(2)


async def test_what_is_wrong_is_said_on_the_page(tmp_path: Path) -> None:
    letter = tmp_path / "letter.jpg"
    letter.write_text("Dear Ann, this is no picture.")
    async with open_site(tmp_path / "data") as site, async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox"]
        )
        page = await browser.new_page()
        await page.goto(site.address)

        await page.click("#animate")
        await expect(page.get_by_role("alert").first).to_contain_text("no picture")

        await page.set_input_files("#file", letter)
        await expect(page.locator("body")).to_contain_text("That is a text file")
        await browser.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_nothing_sticks_out_at_360_pixels(tmp_path: Path, scheme: str) -> None:
    async with open_page(tmp_path, width=360, height=740, scheme=scheme) as (page, _):
        card = await order(page, "pan left 1 s, the cat waves its paw " + "a" * 80)
        await plays(card)

        width = await page.evaluate("document.documentElement.scrollWidth")
        background = await page.evaluate(
            "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)"
        )

        assert width <= 360
        assert (sum(background[:3]) < 200) == (scheme == "dark")


async def test_the_main_job_works_with_the_keyboard_alone(tmp_path: Path) -> None:
    """Tab reaches a sample photo, the prompt and the button, and shows where it is."""
    async with open_page(tmp_path) as (page, _):
        await expect(page.locator("#samples button").first).to_be_visible()
        await tab_to(page, "#samples button")
        await page.keyboard.press("Enter")
        await expect(page.locator("#still")).to_be_visible()
        await tab_to(page, "#prompt")
        await page.keyboard.type("pan left 1 s")
        await tab_to(page, "#animate")
        outline = await page.evaluate(
            "getComputedStyle(document.activeElement).outlineStyle"
        )
        assert outline != "none"
        await page.keyboard.press("Enter")

        await plays(page.locator("article").first)


async def tab_to(page: Page, selector: str) -> None:
    """Press Tab until something that matches has the focus."""
    for _ in range(40):
        await page.keyboard.press("Tab")
        if await page.evaluate("s => document.activeElement.matches(s)", selector):
            return
    pytest.fail(f"Tab never reaches {selector}")


async def test_everything_has_a_name_for_a_screen_reader(tmp_path: Path) -> None:
    async with open_page(tmp_path) as (page, _):
        card = await order(page, "pan left 1 s")
        await plays(card)

        nameless = await page.evaluate(
            """() => [...document.querySelectorAll("button, input, textarea, select")]
                .filter((e) => e.checkVisibility() && !(e.innerText || "").trim()
                    && !e.getAttribute("aria-label") && !e.title
                    && !(e.labels && e.labels.length) && !e.querySelector("img[alt]"))
                .map((e) => e.outerHTML)"""
        )

        assert nameless == []
        await expect(page.locator("#announcer")).not_to_be_empty()


async def test_hostile_words_are_only_words(tmp_path: Path) -> None:
    async with open_page(tmp_path) as (page, _):
        words = "<img src=x onerror=alert(1)> pan left 1 s"

        card = await order(page, words)

        await expect(card).to_contain_text(words)
        assert await page.locator("article img[src=x]").count() == 0
        await plays(card)
