"""`vivant health`: whether the bot that runs here is well, for a container's check."""

import asyncio
import urllib.error
import urllib.request

from rich.console import Console

from bot.config import Settings

SECONDS = 4.0
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104


async def health(settings: Settings) -> int:
    """Ask the page's own address, whatever proxy the environment names.

    Returns:
        0 when the bot is well, else 1.
    """
    host = settings.web_host.strip("[]")
    host = EVERYWHERE.get(host, host)
    shown = f"[{host}]" if ":" in host else host
    url = f"http://{shown}:{settings.web_port}/healthz"
    good, said = await asyncio.to_thread(_ask, url)
    Console(soft_wrap=True, highlight=False).print(said, markup=False)
    return 0 if good else 1


def _ask(url: str) -> tuple[bool, str]:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=SECONDS) as answer:
            return True, answer.read(2_000).decode(errors="replace")
    except urllib.error.HTTPError as error:
        return (
            False,
            f"{url}: {error.code} {error.read(2_000).decode(errors='replace')}",
        )
    except (OSError, ValueError) as error:
        return False, f"{url}: {getattr(error, 'reason', error)}"
