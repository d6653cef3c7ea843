"""Pictures of every kind, sound and hostile, made of real bytes."""

import io
import struct
import zlib
from collections.abc import Callable, Sequence

import numpy as np
import pillow_heif
from PIL import Image, ImageCms

RED, GREEN, BLUE = (230, 30, 30), (30, 200, 30), (30, 30, 230)


def quarters(width: int = 160, height: int = 96, mode: str = "RGB") -> Image.Image:
    """Red at the top left, green beside it, blue below, white in the last corner."""
    picture = Image.new("RGB", (width, height), "white")
    picture.paste(RED, (0, 0, width // 2, height // 2))
    picture.paste(GREEN, (width // 2, 0, width, height // 2))
    picture.paste(BLUE, (0, height // 2, width // 2, height))
    return picture.quantize() if mode == "P" else picture.convert(mode)


def encoded(picture: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def turned(orientation: int) -> bytes:
    """The quarters, stored so that only this EXIF orientation shows them upright."""
    back = {
        1: (),
        2: (Image.Transpose.FLIP_LEFT_RIGHT,),
        3: (Image.Transpose.ROTATE_180,),
        4: (Image.Transpose.FLIP_TOP_BOTTOM,),
        5: (Image.Transpose.TRANSPOSE,),
        6: (Image.Transpose.ROTATE_90,),
        7: (Image.Transpose.TRANSVERSE,),
        8: (Image.Transpose.ROTATE_270,),
    }
    picture = quarters()
    for step in back[orientation]:
        picture = picture.transpose(step)
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "Canary Camera"
    return encoded(picture, "JPEG", quality=95, exif=exif, comment=b"canary")


def animated(kind: str) -> bytes:
    frames = [quarters(), quarters().transpose(Image.Transpose.ROTATE_180)]
    return encoded(
        frames[0], kind, save_all=True, append_images=frames[1:], duration=90
    )


def swapped_profile() -> bytes:
    """A colour profile in which red and green have changed places."""
    profile = bytearray(
        ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    )
    profile = profile.replace(b"sRGB", b"odd ").replace(
        "sRGB".encode("utf-16-be"), "odd ".encode("utf-16-be")
    )
    red, green = profile.find(b"rXYZ"), profile.find(b"gXYZ")
    profile[red : red + 4], profile[green : green + 4] = b"gXYZ", b"rXYZ"
    return bytes(profile)


def sixteen_bits() -> Image.Image:
    ramp = np.linspace(0, 65_535, 128 * 96).reshape(96, 128)
    return Image.fromarray(ramp.astype(np.uint16))


def heic() -> bytes:
    out = io.BytesIO()
    pillow_heif.from_pillow(quarters()).save(out, quality=95)
    return out.getvalue()


def chunk(name: bytes, data: bytes) -> bytes:
    body = name + data
    return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))


def png(chunks: Sequence[bytes], width: int, height: int, *, depth: int = 1) -> bytes:
    """A grey PNG with these chunks between its header and its end."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, 0, 0, 0, 0))
    return b"".join([b"\x89PNG\r\n\x1a\n", header, *chunks, chunk(b"IEND", b"")])


def bomb() -> bytes:
    """60000x60000 in half a megabyte."""
    packed = zlib.compressobj(1)
    rows = b"\0" * ((60_000 // 8 + 1) * 100)
    data = b"".join(packed.compress(rows) for _ in range(600)) + packed.flush()
    return png([chunk(b"IDAT", data)], 60_000, 60_000)


def text_bomb() -> bytes:
    """200 MB of text in 200 kB of a sound small PNG."""
    packed = zlib.compressobj(9)
    words = b"".join(packed.compress(b"a" * 10**6) for _ in range(200))
    pixels = zlib.compress(b"\0" * 13 * 100)
    return png(
        [
            chunk(b"zTXt", b"Comment\0\0" + words + packed.flush()),
            chunk(b"IDAT", pixels),
        ],
        100,
        100,
    )


def crowded() -> bytes:
    """A sound small PNG with far too many words."""
    words = chunk(b"tEXt", b"k\0" + b"v" * 1_000_000)
    return png([*[words] * 24, chunk(b"IDAT", zlib.compress(b"\0" * 1_300))], 100, 100)


def heavy() -> bytes:
    """3500x3500 with an alpha channel: 49 MB once it is unpacked."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 3_500, 3_500, 8, 6, 0, 0, 0))
    packed = zlib.compressobj(1)
    rows = b"\0" * (1 + 4 * 3_500) * 100
    data = b"".join(packed.compress(rows) for _ in range(35)) + packed.flush()
    body = header + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def two_headers() -> bytes:
    """A PNG that first claims to be small."""
    second = chunk(b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 1, 0, 0, 0, 0))
    return png([second, chunk(b"IDAT", zlib.compress(b"\0" * 1_300))], 100, 100)


def wide_webp() -> bytes:
    """A WebP of a few bytes that claims 16383x16383 on its canvas."""
    side = (16_383 - 1).to_bytes(3, "little")
    extended = b"VP8X" + struct.pack("<I", 10) + b"\x10\0\0\0" + side + side
    body = b"WEBP" + extended
    return b"RIFF" + struct.pack("<I", len(body)) + body


def ftyp(brand: bytes) -> bytes:
    """The beginning of a file of this brand, such as `mp42`."""
    return struct.pack(">I", 24) + b"ftyp" + brand + b"\0\0\0\0" + b"isom" + b"mdat" * 9


MODES: dict[str, Callable[[], bytes]] = {
    "rgb": lambda: encoded(quarters()),
    "jpeg": lambda: encoded(quarters(), "JPEG", quality=95),
    "progressive": lambda: encoded(quarters(), "JPEG", quality=95, progressive=True),
    "cmyk": lambda: encoded(quarters(mode="CMYK"), "JPEG", quality=95),
    "palette": lambda: encoded(quarters(mode="P")),
    "rgba": lambda: encoded(quarters(mode="RGBA")),
    "webp": lambda: encoded(quarters(), "WEBP", quality=95),
    "webp lossless": lambda: encoded(quarters(), "WEBP", lossless=True),
    "webp alpha": lambda: encoded(quarters(mode="RGBA"), "WEBP", exif=b"Exif\0\0"),
    "avif": lambda: encoded(quarters(), "AVIF", quality=95),
    "gif": lambda: encoded(quarters(mode="P"), "GIF"),
    "bmp": lambda: encoded(quarters(), "BMP"),
    "tiff": lambda: encoded(quarters(), "TIFF"),
    "tiff lzw": lambda: encoded(quarters(), "TIFF", compression="tiff_lzw"),
    "heic": heic,
}
