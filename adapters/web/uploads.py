"""A picture on its way from the page to us, held to a size."""

from aiohttp import BodyPartReader, web
from aiohttp.http import HttpProcessingError

from bot.errors import StillError

MAX_UPLOAD = 25_000_000  # bytes; a 24-megapixel JPEG of a good camera has about 12 MB
CHUNK = 1 << 16
# What aiohttp's reader says of a form that is none.
BROKEN = (ValueError, RuntimeError, LookupError, AssertionError, HttpProcessingError)


class UploadError(StillError):
    """The upload is too large."""

    hint = "Save the picture smaller, for example 4000 pixels wide, and send that."


async def read_upload(request: web.Request) -> bytes:
    """The file of a form, read piece by piece and given up once it is too large.

    Raises:
        UploadError: It is larger than `MAX_UPLOAD`.
        StillError: The form has no file, or is none.
    """
    try:
        form = await request.multipart()
        while part := await form.next():
            if isinstance(part, BodyPartReader) and part.name == "file":
                return await _read(part)
    except BROKEN as error:
        raise StillError(
            "That form cannot be read.", hint="Choose the picture once more."
        ) from error
    raise StillError("No picture came with that.", hint="Choose a picture first.")


async def _read(part: BodyPartReader) -> bytes:
    data = bytearray()
    while chunk := await part.read_chunk(CHUNK):
        data += chunk
        if len(data) > MAX_UPLOAD:
            raise UploadError(
                "That picture has more than {limit} MB.", limit=MAX_UPLOAD // 10**6
            )
    return bytes(data)
