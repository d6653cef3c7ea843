"""What a program sends, read from JSON or a form into values; it trusts none of it."""

import asyncio
import base64
import binascii
import re
from typing import Annotated, Any, Literal, NamedTuple, TypeVar

import msgspec
from aiohttp import BodyPartReader, MultipartReader, web

from adapters.web.uploads import BROKEN, CHUNK, MAX_UPLOAD, UploadError
from adapters.web.videos.errors import WireError
from bot.models import Size, Tier

MOST_JSON = 22 << 20  # bytes; the reference wire takes 20 MiB of data URL
MOST_PARTS = 16
# The first and the last picture; anything else comes alone.
MOST_FILES = {"input_reference": 2, "video": 1, "file": 1}
PATIENCE = 120.0  # seconds for a whole order to arrive
LONGEST_PROMPT = 32_000  # characters, as in the reference
SIZE = re.compile(r"([1-9][0-9]{1,4})x([1-9][0-9]{1,4})")
SECONDS = re.compile(r"[1-9][0-9]{0,3}")
ADDRESS = re.compile(r"(?:https?|data):", re.IGNORECASE)
ALIAS = re.compile(r"sora-2(-pro)?(?:-\d{4}-\d\d-\d\d)?")
LISTED = re.compile(r"(\w{1,40})\[[0-9]?\]\[(\w{1,40})\]", re.ASCII)
DATA_URL = re.compile(r"data:[\w./+-]{0,100}(?:;[\w=-]{1,40})*;base64,", re.ASCII)
Prompt = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_PROMPT)]
Seed = Annotated[int, msgspec.Meta(ge=0, lt=2**31)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
Order = TypeVar("Order", bound="msgspec.Struct")


class Sent(NamedTuple):
    """A file as it came: what it was called, and what is in it."""

    name: str
    data: bytes


class Reference(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The picture to start from: its address, perhaps with all of it inside."""

    image_url: str | None = None
    file_id: str | None = None


class Video(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A finished video of one's own."""

    id: str


class Named(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A character of one's own."""

    id: str


class Character(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody whom videos are to show again; the video comes as a file."""

    name: Name


class Create(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A new video, please."""

    prompt: Prompt
    model: str = "sora-2"
    seconds: str | int | None = None
    size: str | None = None
    seed: Seed | None = None
    input_reference: Reference | str | None = None
    remix_video_id: str | None = None
    characters: Annotated[tuple[Named, ...], msgspec.Meta(max_length=2)] = ()

    @property
    def tier(self) -> Tier | None:
        """What a name of Sora's stands for; None is a model of ours, by its name."""
        return alias(self.model)

    @property
    def picture(self) -> Reference | None:
        """Where the picture to start from is, however that was said.

        Raises:
            WireError: It is said twice, or not at all.
        """
        told = self.input_reference
        if isinstance(told, str):
            is_id = told.startswith("file-")
            told = Reference(file_id=told) if is_id else Reference(image_url=told)
            if not (is_id or ADDRESS.match(told.image_url or "")):
                raise no_picture()
        if told is not None and (told.file_id is None) == (told.image_url is None):
            raise no_picture()
        return told


class Lasting(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When a file is to go by itself."""

    seconds: Annotated[int, msgspec.Meta(ge=1)]
    anchor: Literal["created_at"] = "created_at"


class File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Keep a picture, please; it comes as a file. What for is up to the program."""

    purpose: Annotated[str, msgspec.Meta(min_length=1, max_length=64)] = "user_data"
    expires_after: Lasting | None = None


class Remix(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Change a video by these words."""

    prompt: Prompt


class Edit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The same, with the video in the body."""

    prompt: Prompt
    video: Video


class Extend(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Make a video some seconds longer."""

    prompt: Prompt
    video: Video
    seconds: str | int


async def read(
    request: web.Request, order: type[Order], *, file: str = "input_reference"
) -> tuple[Order, list[Sent]]:
    """The order in the body of a request, and what came as files of that name.

    Raises:
        WireError: It is neither JSON nor a form, or not this kind of order.
        UploadError: A file is too large.
    """
    try:
        async with asyncio.timeout(PATIENCE):
            match request.content_type:
                case "application/json":
                    body = await _body(request)
                    return await asyncio.to_thread(_decoded, body, order), []
                case "multipart/form-data":
                    fields, files = await _form(request, file)
                    return msgspec.convert(fields, order, strict=False), files
    except TimeoutError:
        raise WireError("The order did not arrive in time.", status=408) from None
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _unread(str(error)) from error
    raise WireError("Orders are JSON or multipart/form-data.", status=415)


def alias(name: str) -> Tier | None:
    """The tier that a name of Sora's stands for, if it is one."""
    known = ALIAS.fullmatch(name)
    if known is None:
        return None
    return Tier.FINAL if known[1] else Tier.DRAFT


def seconds(told: str | int | None) -> int | None:
    """The length that is wanted.

    Raises:
        WireError: It is no whole number of seconds.
    """
    if told is None:
        return None
    if not SECONDS.fullmatch(str(told)):
        raise WireError("Seconds are a whole number, as in “4”.", param="seconds")
    return int(told)


def size(told: str | None) -> Size | None:
    """The frame that is wanted.

    Raises:
        WireError: It is no width and height.
    """
    if told is None:
        return None
    sides = SIZE.fullmatch(told)
    if sides is None:
        raise WireError("Sizes are WIDTHxHEIGHT, as in “1280x720”.", param="size")
    return Size(int(sides[1]), int(sides[2]))


def is_data(url: str) -> bool:
    """Whether an address has all of what it leads to inside."""
    return url[:5].lower() == "data:"


def in_data_url(url: str) -> bytes:
    """The bytes inside a data URL. Blocks: it may have 20 MiB.

    Raises:
        WireError: It is none, or not in base64.
    """
    head = DATA_URL.match(url)
    try:
        return base64.b64decode(url[head.end() :] if head else "?", validate=True)
    except (binascii.Error, ValueError):
        raise WireError(
            "That is no data URL in base64.", param="input_reference"
        ) from None


def _decoded(body: bytes, order: type[Order]) -> Order:
    """Read into nothing but the order's own fields. Blocks: it may have 20 MiB."""
    return msgspec.json.decode(body, type=order)


async def _body(request: web.Request) -> bytes:
    data = bytearray()
    async for chunk in request.content.iter_chunked(CHUNK):
        data += chunk
        if len(data) > MOST_JSON:
            raise web.HTTPRequestEntityTooLarge(MOST_JSON, len(data))
    return bytes(data)


async def _form(request: web.Request, file: str) -> tuple[dict[str, Any], list[Sent]]:
    """The fields and the files of a form, read piece by piece.

    Brackets are how a form says what an object has: `input_reference[image_url]`, and
    what a list has: `characters[][id]` or `characters[0][id]`.
    """
    fields: dict[str, Any] = {}
    files: list[Sent] = []
    try:
        parts, room = 0, MOST_JSON
        form = await request.multipart()
        while part := await form.next():
            parts += 1
            if isinstance(part, MultipartReader) or parts > MOST_PARTS:
                raise WireError("That form has too many parts.")
            if part.filename is None:
                words = await _read(part, room)
                room -= len(words)
                _set(fields, part.name or "", words.decode())
            elif part.name != file or len(files) == MOST_FILES[file]:
                raise _no_file(part.name or "", wanted=file)
            else:
                name = "".join(c for c in part.filename if c.isprintable())[:200]
                files.append(Sent(name, await _read(part, MAX_UPLOAD)))
    except BROKEN as error:
        raise WireError("That form cannot be read.") from error
    return fields, files


def _set(fields: dict[str, Any], name: str, value: str) -> None:
    if listed := LISTED.fullmatch(name):
        several = fields.setdefault(listed[1], [])
        if not isinstance(several, list):
            raise WireError("That form says one thing twice.", param=listed[1])
        several.append({listed[2]: value})
        return
    outer, bracket, inner = name.removesuffix("]").partition("[")
    if not bracket:
        fields[name] = value
        return
    told = fields.setdefault(outer, {})
    if not isinstance(told, dict):
        raise WireError("That form says one thing twice.", param=outer)
    told[inner] = value


async def _read(part: BodyPartReader, most: int) -> bytes:
    data = bytearray()
    while chunk := await part.read_chunk(CHUNK):
        data += chunk
        if len(data) > most:
            raise UploadError("That has more than {limit} MB.", limit=most // 10**6)
    return bytes(data)


def no_picture() -> WireError:
    """The order says two pictures at once, or names none."""
    return WireError(
        "That is not one picture.",
        hint="Give one of image_url and file_id, or send the picture as a file.",
        param="input_reference",
    )


def _no_file(name: str, *, wanted: str) -> WireError:
    if name == "video" != wanted:
        return WireError(
            "Only a video that was made here can be changed.",
            hint="Send its id as video.id, in JSON.",
            param="video",
        )
    return WireError("That file is not asked for.", param=name[:40] or None)


def _unread(why: str) -> WireError:
    """What is wrong with an order, and with which of its fields."""
    named = re.search(r"`\$\.(\w{1,40})|field `(\w{1,40})`", why)
    param = named and (named[1] or named[2])
    return WireError("That order cannot be read: {why}.", param=param, why=why[:300])
