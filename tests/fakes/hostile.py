"""Pictures made to break or exhaust whoever opens them, small or at full size.

Each is a function of whether it is wanted large: the suite takes the small ones, the
bench the large ones.
"""

import io
import struct
import zlib
from collections.abc import Callable

import numpy as np
import pillow_heif
from PIL import Image

from tests.fakes.pictures import chunk, encoded, quarters


def _side(large: bool, much: int, little: int = 300) -> int:  # noqa: FBT001
    return much if large else little


def noise(width: int, height: int, *, mode: str = "RGB") -> Image.Image:
    """What compresses badly, repeated so that it is made fast."""
    block = np.random.default_rng(1).integers(0, 255, (256, 256, 4), np.uint8)
    tile = Image.fromarray(block).convert(mode)
    picture = Image.new(mode, (width, height))
    for top in range(0, height, 256):
        for left in range(0, width, 256):
            picture.paste(tile, (left, top))
    return picture


def flat_png(width: int, height: int, *, colours: int, depth: int = 8) -> bytes:
    """All zeros, packed a thousandfold."""
    each = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colours] * depth / 8
    row = bytes(1 + int(width * each))
    packer = zlib.compressobj(9)
    data = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, depth, colours, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", data)
        + chunk(b"IEND", b"")
    )


def claiming_webp() -> bytes:
    """46 bytes of lossless WebP that claim 16383x16383."""
    bits = (16_383 - 1) | (16_383 - 1) << 14
    body = b"\x2f" + struct.pack("<I", bits) + bytes(21)
    whole = b"WEBPVP8L" + struct.pack("<I", len(body)) + body
    return b"RIFF" + struct.pack("<I", len(whole)) + whole


def claiming(kind: str, side: int) -> bytes:
    """A small HEIC or AVIF whose boxes claim a large side."""
    if kind == "HEIF":
        out = io.BytesIO()
        pillow_heif.from_pillow(quarters()).save(out)
        data = out.getvalue()
    else:
        data = encoded(quarters(), kind)
    found = data.index(b"ispe") + 8
    return data[:found] + struct.pack(">II", side, side) + data[found + 8 :]


def scans(count: int, side: int) -> bytes:
    """A progressive JPEG whose last scan comes again and again."""
    data = encoded(quarters(side, side), "JPEG", progressive=True, quality=30)
    last = data.rindex(b"\xff\xda")
    return data[:last] + data[last:-2] * count + data[-2:]


def comments(count: int) -> bytes:
    """A JPEG with many empty comments."""
    data = encoded(quarters(), "JPEG")
    return data[:2] + b"\xff\xfe\0\2" * count + data[2:]


def frames(kind: str, count: int) -> bytes:
    """An animation of many frames."""
    first = quarters(mode="P" if kind == "GIF" else "RGB")
    more = [
        Image.new(first.mode, (first.width, first.height), n % 250)
        for n in range(count)
    ]
    return encoded(first, kind, save_all=True, append_images=more, duration=20)


def chunks(count: int) -> bytes:
    """A PNG between whose pixels lie many empty chunks."""
    data = encoded(quarters())
    at = data.index(b"IDAT") - 4
    return data[:at] + chunk(b"teSt", b"") * count + data[at:]


def packed_profile(megabytes: int) -> bytes:
    """A PNG with a colour profile of many zeros."""
    packed = zlib.compress(bytes(megabytes << 20), 1)
    data = encoded(quarters())
    at = data.index(b"IDAT") - 4
    return data[:at] + chunk(b"iCCP", b"x\0\0" + packed) + data[at:]


def tiff(side: int, mode: str, **options: object) -> bytes:
    """A TIFF of nothing."""
    return encoded(Image.new(mode, (side, side)), "TIFF", **options)


def grid(width: int, height: int) -> bytes:
    """A HEIC as phones store it, in tiles."""
    out = io.BytesIO()
    ramp = Image.radial_gradient("L").resize((width, height))
    picture = pillow_heif.from_pillow(ramp.convert("RGB"))
    picture.save(out, quality=10, tile_size=512)
    return out.getvalue()


CORPUS: dict[str, Callable[[bool], bytes]] = {
    "webp_46_bytes.webp": lambda _: claiming_webp(),
    "png_8000_rgba.png": lambda big: flat_png(*[_side(big, 8_000)] * 2, colours=6),
    "png_3500_rgba.png": lambda big: flat_png(*[_side(big, 3_500)] * 2, colours=6),
    "png_2800_rgba16.png": lambda big: flat_png(
        *[_side(big, 2_800)] * 2, colours=6, depth=16
    ),
    "png_6800_palette1.png": lambda big: flat_png(
        *[_side(big, 6_800)] * 2, colours=0, depth=1
    ),
    "png_noise.png": lambda big: encoded(
        noise(*[_side(big, 2_500)] * 2), compress_level=1
    ),
    "png_chunks.png": lambda big: chunks(_side(big, 2_000_000, 60_000)),
    "png_profile.png": lambda big: packed_profile(_side(big, 100, 8)),
    "png_exif.png": lambda big: encoded(quarters(), exif=b"\xff" * 60_000),
    "apng_frames.png": lambda big: frames("PNG", _side(big, 1_000, 200)),
    "gif_frames.gif": lambda big: frames("GIF", _side(big, 1_000, 200)),
    "webp_frames.webp": lambda big: frames("WEBP", _side(big, 300, 50)),
    "gif_6500.gif": lambda big: encoded(Image.new("P", [_side(big, 6_500)] * 2), "GIF"),
    "tiff_8000_F.tif": lambda big: tiff(
        _side(big, 8_000), "F", compression="tiff_adobe_deflate"
    ),
    "tiff_3500_F.tif": lambda big: tiff(
        _side(big, 3_500), "F", compression="tiff_adobe_deflate"
    ),
    "tiff_one_strip.tif": lambda big: tiff(
        _side(big, 3_500), "RGB", compression="tiff_lzw", tiffinfo={278: 100_000}
    ),
    "avif_claims.avif": lambda _: claiming("AVIF", 60_000),
    "avif_claims_a_little.avif": lambda _: claiming("AVIF", 2_000),
    "heic_claims.heic": lambda _: claiming("HEIF", 60_000),
    "heic_grid.heic": lambda big: grid(*((8_064, 6_048) if big else (700, 600))),
    "jpg_scans.jpg": lambda big: scans(3_000, _side(big, 1_024)),
    "jpg_scans_few.jpg": lambda big: scans(30, _side(big, 3_000)),
    "jpg_progressive.jpg": lambda big: encoded(
        noise(*[_side(big, 4_300)] * 2), "JPEG", progressive=True
    ),
    "jpg_progressive_24mp.jpg": lambda big: encoded(
        noise(_side(big, 6_000), _side(big, 4_000)),
        "JPEG",
        progressive=True,
        quality=40,
    ),
    "jpg_12000x9000.jpg": lambda big: encoded(
        Image.new("RGB", (12_000, 9_000) if big else (400, 300)), "JPEG"
    ),
    "jpg_comments.jpg": lambda big: comments(_side(big, 4_900_000, 9_000)),
    "bmp_2900.bmp": lambda big: encoded(
        Image.new("RGB", [_side(big, 2_900)] * 2), "BMP"
    ),
}
