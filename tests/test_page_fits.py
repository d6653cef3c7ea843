"""No state of the page is wider than its window, and no words on it are cut off."""

import json
from pathlib import Path
from typing import Any

from tests.fakes.browsers import Window, in_each_browser, open_window, until
from tests.fakes.site import open_site

WIDTHS = (320, 360, 768, 1440)
LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamte" + "n" * 12
WORDS = {
    "German": f"langsam heranzoomen, {LONG} 2 s, goldenes Licht",
    "Japanese": "ゆっくりとズームイン、雪が降り、遠くで波の音が聞こえる" * 6,
    "one long word": "a" * 300,
    "an address": "https://example.org/" + "path" * 60,
    "hostile": "<b>" * 60,
}
BEATS = {
    "nine": ", ".join(f"{move} 1 s" for move in ["dolly in", "pan left", "hold"] * 3),
    "two moves each": ", ".join(["dolly in and pan left 2 s, orbit right 2 s"] * 3),
    "forty": ", ".join(["handheld push in 0.5 s, pan right 0.5 s"] * 20),
}
STATES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("queued", {"ahead": 1_000}),
    ("submitting", {}),
    ("rendering", {"progress": 0.37}),
    ("rendering", {"stopping": True}),
    ("fetching", {}),
    ("delivering", {}),
    ("cancelled", {"ended": True}),
    ("failed", {"ended": True, "trouble": {"error": LONG * 4, "hint": "x" * 300}}),
    ("done", {"ended": True, "width": 720, "height": 1280}),
)
FILM = {
    "url": "/nothing.mp4",
    "poster": "/static/favicon.svg",
    "download": "/nothing.mp4",
    "width": 1280,
    "height": 720,
    "seconds": 4.0,
    "bytes": 9,
}
# What sticks out, by name; what is clipped by its own box is seen as far as that.
OUTSIDE = """(() => {
    const wide = document.documentElement.scrollWidth > innerWidth;
    const out = [...document.querySelectorAll("body *")].filter((one) =>
        one.checkVisibility() && !one.closest(".unseen, .sprite, .backdrop, video")
        && (one.getBoundingClientRect().right > innerWidth + 1
            || one.getBoundingClientRect().left < -1));
    return out.map((one) => `${one.tagName}.${one.className}`).concat(
        wide ? [`the page: ${document.documentElement.scrollWidth}`] : []);
})()"""
CUT = """(() => {
    const pen = document.createElement("canvas").getContext("2d");
    const select = document.querySelector("#seconds");
    const style = getComputedStyle(select);
    pen.font = style.font;
    const words = pen.measureText(select.selectedOptions[0].textContent).width;
    const room = select.clientWidth - parseFloat(style.paddingLeft)
        - parseFloat(style.paddingRight) - 24;  // its arrow
    const cut = words > room ? [`${select.selectedOptions[0].textContent}`] : [];
    for (const one of document.querySelectorAll(".beat-words")) {
        pen.font = getComputedStyle(one).font;
        for (const word of one.textContent.split(" "))
            if (pen.measureText(word).width > one.clientWidth + 1) cut.push(word);
    }
    const boxes = document.querySelectorAll(
        ".shapes span, .beat, .beat span, .act, .quiet, .primary, .chips li, .state");
    return cut.concat([...boxes].filter((one) => one.checkVisibility()
        && (one.scrollWidth > one.clientWidth + 1 && one.clientWidth
            || one.scrollHeight > one.clientHeight + 1 && one.clientHeight))
        .map((one) => `${one.className}: ${one.textContent}`));
})()"""
ROWS = """[...document.querySelectorAll(".shapes label")].map(
    (one) => Math.round(one.getBoundingClientRect().top))"""


def card(number: int, words: str, state: str, **more: Any) -> dict[str, Any]:
    """A card as the bot tells of it."""
    told = {
        "id": f"card{number}",
        "op": "remix" if number % 3 else "create",
        "state": state,
        "ended": False,
        "stopping": False,
        "ahead": 0,
        "progress": None,
        "prompt": words,
        "seconds": 20,
        "width": 1280,
        "height": 720,
        "model": "local/parallax",
        "seed": 1,
        "parent": f"card{number - 1}" if number % 3 else None,
        "still": None,
        "lines": [words, "0–1 s: pan left"],
        "notes": [words],
        "cannot": [words],
        "trouble": None,
        "created": 1_000.0 + number,
        "updated": 1_000.0 + number,
        "clip": FILM if state == "done" else None,
    }
    return told | more


async def fill(window: Window) -> None:
    """Show dozens of cards in every state, each with words that are hard to fit."""
    cards = [
        card(9 * row + column, words, state, **more)
        for row, words in enumerate(WORDS.values())
        for column, (state, more) in enumerate(STATES)
    ]
    await window.run(
        "import('/static/gallery.js').then(({ put }) =>"
        f" {json.dumps(cards)}.forEach(put))"
    )
    for button in ("remix", "extend", "delete"):
        await window.run(
            f"[...document.querySelectorAll('.act.{button}')].filter((one) =>"
            " one.checkVisibility()).slice(0, 2).forEach((one, at) => {"
            f" if (!at || '{button}' === 'delete') one.click(); }})"
        )


async def write(window: Window, words: str) -> None:
    """Put words into the prompt, and wait until they are understood."""
    await window.run(
        "(() => { const prompt = document.querySelector('#prompt');"
        f" prompt.value = {json.dumps(words)};"
        " document.querySelector('#timeline').replaceChildren();"
        " prompt.dispatchEvent(new Event('input', { bubbles: true })); })()"
    )
    await until(window, "document.querySelectorAll('#timeline li').length > 0")


async def check(window: Window, state: str, folder: Path) -> None:
    """Nothing sticks out at any width."""
    for width in WIDTHS:
        await window.size(width, 900)
        outside = await window.run(OUTSIDE)
        cut = await window.run(CUT)
        if outside or cut:
            await window.picture(folder / f"{state}-{width}.png")
        assert (outside, cut) == ([], []), f"{state} at {width} pixels"


@in_each_browser
async def test_no_state_of_the_page_is_wider_than_its_window(
    tmp_path: Path, browser: str
) -> None:
    async with open_site(tmp_path) as site, open_window(browser) as window:
        await window.go(site.address)
        await until(window, "document.querySelector('#empty').checkVisibility()")
        await until(window, "document.querySelector('#samples img') !== null")
        await check(window, "empty", tmp_path)
        await window.click("#samples button")
        await until(window, "document.querySelector('#still').checkVisibility()")
        for name, words in (BEATS | WORDS).items():
            await write(window, words)
            await check(window, name, tmp_path)
        await fill(window)
        await check(window, "cards", tmp_path)
        await window.run(
            "import('/static/dom.js').then(({ tell, find }) =>"
            f" tell(find('#composer-trouble'), {{error: '{LONG * 5}', hint: 'a'}}))"
        )
        await check(window, "trouble", tmp_path)

        await window.size(1440, 900)
        tops = await window.run(ROWS)
        assert len(set(tops)) == 1, "the shapes stand in one row"
