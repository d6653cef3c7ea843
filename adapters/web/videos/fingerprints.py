"""What an order says, in short: the same however it is written down."""

import asyncio
import hashlib
import json

from adapters.web.videos import orders


async def fingerprint(deed: str, **said: object) -> str:
    """The same for orders that mean the same: in JSON or a form, in any order.

    Args:
        deed: What is to be done, as in `remix`.
        said: Everything that the order says; values that are left out are None.
    """
    kept = {name: value for name, value in said.items() if value not in (None, [])}
    text = json.dumps([deed, kept], sort_keys=True, default=str)
    return await asyncio.to_thread(_digest, text.encode())


async def pictures(
    reference: orders.Reference | None, files: list[orders.Sent]
) -> list[str]:
    """What the pictures of an order are known by: what is in them, or where they lie.

    Raises:
        WireError: What is in a data URL cannot be read.
    """
    if reference is None:
        return [await asyncio.to_thread(_digest, file.data) for file in files]
    if reference.file_id is not None:
        return [f"file {reference.file_id}"]
    url = reference.image_url or ""
    if not orders.is_data(url):
        return [f"url {url}"]
    data = await asyncio.to_thread(orders.in_data_url, url)
    return [await asyncio.to_thread(_digest, data)]


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
