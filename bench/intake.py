"""How much memory orders take while they come in: many at once, 19 MB each.

    python -m bench.intake [--orders 100] [--megabytes 19] [--json]

Starts a real bot in a folder of its own, lets so many programs order at the same time
by forms and by data URLs, with a key that has no quota and with one that has, and
prints the most memory that the bot's own process took (the worker that decodes
pictures has a limit of its own). Linux only: it reads /proc.
"""

import argparse
import asyncio
import base64
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import aiohttp

ROOT = Path(__file__).parent.parent


async def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=100)
    parser.add_argument("--megabytes", type=int, default=19)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        told = await measure(Path(folder), options.orders, options.megabytes)
    if options.json:
        print(json.dumps(told))
    else:
        print("\n".join(f"{name}: {value}" for name, value in told.items()))


async def measure(folder: Path, orders: int, megabytes: int) -> dict[str, object]:
    """Order from a new bot; what it took."""
    port = _free_port()
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    env |= {"VIVANT_WEB_PORT": str(port), "VIVANT_MIN_FREE_MB": "0"}
    vivant = (sys.executable, "-m", "bot")
    keys = [
        subprocess.run(  # noqa: ASYNC221 - nothing else runs yet
            [*vivant, "admin", "key", "create", name, "--units", units],
            cwd=folder,
            env=env,
            check=True,
            capture_output=True,
            text=True,
        ).stdout.split()[0]
        for name, units in (("rich", "unlimited"), ("poor", "0"))
    ]
    bot = subprocess.Popen(  # noqa: ASYNC220 - it is only started
        [*vivant, "run"], cwd=folder, env=env
    )
    try:
        address = f"http://127.0.0.1:{port}"
        await _up(address)
        before = _memory(bot.pid)
        began = time.monotonic()
        statuses, peak = await _storm(bot.pid, address, keys, orders, megabytes)
        return {
            "orders": orders,
            "megabytes_each": megabytes,
            "seconds": round(time.monotonic() - began, 1),
            "statuses": statuses,
            "rss_before_mb": before,
            "rss_peak_mb": peak,
        }
    finally:
        bot.terminate()
        bot.wait()


async def _storm(
    pid: int, address: str, keys: list[str], orders: int, megabytes: int
) -> tuple[dict[str, int], int]:
    photo = (ROOT / "bot" / "samples" / "coffee.jpg").read_bytes()
    picture = photo + bytes(megabytes * 10**6 - len(photo))
    small = picture[: 16 * 10**6]  # the wire takes 22 MB of JSON
    url = f"data:image/jpeg;base64,{base64.b64encode(small).decode()}"
    body = json.dumps({"prompt": "a", "input_reference": {"image_url": url}}).encode()
    timeout = aiohttp.ClientTimeout(total=300)
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(timeout=timeout, connector=connector) as session:

        async def order(number: int) -> int:
            headers = {"Authorization": f"Bearer {keys[number % 2]}"}
            data: object = body
            if number % 3:
                form = aiohttp.FormData()
                form.add_field("prompt", f"push in {number}")
                form.add_field("input_reference", picture, filename="a.jpg")
                data = form
            else:
                headers["Content-Type"] = "application/json"
            try:
                async with session.post(
                    f"{address}/v1/videos", data=data, headers=headers
                ) as answer:
                    await answer.read()
                    return answer.status
            except aiohttp.ClientError:
                return 0

        storm = asyncio.gather(*(order(number) for number in range(orders)))
        peak = 0
        while not storm.done():
            peak = max(peak, _memory(pid))
            await asyncio.sleep(0.02)
        answered = await storm
    counted = {str(status): answered.count(status) for status in sorted({*answered})}
    return counted, peak


async def _up(address: str) -> None:
    async with asyncio.timeout(60), aiohttp.ClientSession() as session:
        while True:
            try:
                async with session.get(f"{address}/healthz"):
                    return
            except aiohttp.ClientError:
                await asyncio.sleep(0.1)


def _memory(pid: int) -> int:
    """Megabytes that a process has in memory."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 10**6


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


if __name__ == "__main__":
    asyncio.run(main())
