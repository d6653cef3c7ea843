"""Settings as the owner typed them, read one by one; what is wrong is collected."""

import base64
import binascii
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

UNLIMITED = "unlimited"
T = TypeVar("T")


class Values:
    """Typed looks into a mapping; collects problems instead of raising the first."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._env = env
        self.asked: set[str] = set()
        self.problems: list[str] = []

    def text(self, name: str, default: str = "") -> str:
        """What is typed, without the blanks around it."""
        self.asked.add(name)
        return self._env.get(name, default).strip()

    def secret(self, name: str) -> str | None:
        """The value of `NAME`, else what the file named by `NAME_FILE` holds."""
        value, file = self.text(name), self.path(f"{name}_FILE")
        if value:
            return self._bare(name, value)
        if file is None:
            return None
        try:
            text = file.read_text(encoding="utf-8-sig").strip()
        except (OSError, UnicodeDecodeError) as error:
            self.problems.append(f"{name}_FILE={file} cannot be read ({why(error)}).")
            return None
        if not text:
            self.problems.append(
                f"{name}_FILE={file} is empty: put the secret into it, or take the"
                " setting out."
            )
            return None
        return self._bare(name, text)

    def _bare(self, name: str, secret: str) -> str:
        """A secret as it is, without what is easily copied along with it."""
        if len(secret) > 1 and secret[0] == secret[-1] and secret[0] in "\"'`":
            self.problems.append(
                f"{name} is in quotation marks, which are taken for a part of it here:"
                " leave them out."
            )
        for word in ("Bot ", "Bearer ", "Key "):
            if secret.startswith(word):
                self.problems.append(
                    f"{name} begins with “{word.strip()}”: leave that word and the"
                    " blank out."
                )
        return secret

    def key(self, name: str) -> str | None:
        """A secret that goes into a header of HTTP."""
        told = len(self.problems)
        value = self.secret(name)
        if len(self.problems) > told:
            return None
        if value and not (value.isascii() and value.isprintable() and " " not in value):
            self.problems.append(
                f"{name} is not a key: it has a space or a letter that no key has."
            )
            return None
        return value

    def token(self, name: str, start: str) -> str | None:
        """A secret that begins with what tells its kind."""
        value = self.key(name)
        if value and not value.startswith(start):
            self.problems.append(f"{name} begins with {start}: this is another one.")
            return None
        return value

    def signing(self, name: str) -> str | None:
        """A secret of Standard Webhooks: `whsec_` and its bytes in base64."""
        value = self.secret(name)
        try:
            key = base64.b64decode((value or "").removeprefix("whsec_"), validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if value and len(key) < 24:
            self.problems.append(
                f"{name} is not whsec_ and 24 or more random bytes in base64."
            )
        return value

    def path(self, name: str) -> Path | None:
        """A file or a folder; `~` is the home folder, as in a shell."""
        text = self.text(name)
        return self._home(name, text) if text else None

    def _home(self, name: str, text: str) -> Path:
        """A path with `~` read, which nobody does for us in a `.env`."""
        try:
            path = Path(text).expanduser()
        except RuntimeError:
            self.problems.append(f"{name}={text}: there is no such home folder.")
            return Path(text)
        if path != Path(text) and Path(text).exists():
            # An earlier version made a folder called “~”, and everything is in it.
            self.problems.append(
                f"{name}={text} is {path}, but there is a folder ./{text} too: move"
                f" what is in it to {path} and remove it, or write ./{text}."
            )
        return path

    def words(self, name: str) -> tuple[str, ...]:
        """Words with commas or blanks between."""
        return tuple(self.text(name).replace(",", " ").split())

    def whole(
        self, name: str, default: int, *, least: int, most: int | None = None
    ) -> int:
        """A whole number within limits."""
        room = f"from {least} to {most}" if most is not None else f"of {least} or more"
        return self._parsed(
            name,
            default,
            lambda text: _within(int(text), least, most),
            f"a number {room}",
        )

    def cap(self, name: str, default: int | None) -> int | None:
        """Units a day; None is without limit."""
        return self._parsed(
            name, default, _cap, f"a whole number of clip-seconds or “{UNLIMITED}”"
        )

    def money(self, name: str, default: int | None) -> int | None:
        """Millionths of a dollar; None is without limit."""
        return self._parsed(
            name,
            default,
            _micros,
            f"an amount in dollars, such as 20, or “{UNLIMITED}”",
        )

    def flag(self, name: str, *, default: bool) -> bool:
        """Yes or no."""
        return self._parsed(name, default, _yes_or_no, "yes or no")

    def roles(self, name: str) -> Mapping[str, int | None]:
        """Units a day by role."""
        return self._parsed(
            name, {}, _roles, "role=units pairs, such as patron=300,moderator=unlimited"
        )

    def numbers(self, name: str) -> Mapping[str, int]:
        """Whole numbers of 1 or more by name."""
        return self._parsed(name, {}, _numbers, "name=number pairs, such as openai=25")

    def by_place(self, name: str) -> Mapping[str, tuple[str, ...]]:
        """Words by `chat:workspace`, with semicolons between the workspaces."""
        wanted = "like discord:8035=fal/model local/parallax; slack:T024=local/parallax"
        return self._parsed(name, {}, _by_place, wanted)

    def address(self, name: str) -> str | None:
        """An address of the web, without a slash at its end."""
        return self._parsed(
            name, None, _web_address, "an address that starts with https:// or http://"
        )

    def socket(self, name: str) -> str | None:
        """An address of a WebSocket."""
        return self._parsed(
            name, None, _socket_address, "an address that starts with wss:// or ws://"
        )

    def database(self, name: str, data: Path) -> str:
        """An address of a database; one in the folder `data` when left out."""
        default = f"sqlite:///{data / 'vivant.sqlite3'}"
        url = self._parsed(name, default, _sqlite, "an address like sqlite:///file")
        return f"sqlite:///{self._home(name, url.removeprefix('sqlite:///'))}"

    def _parsed(
        self, name: str, default: T, parse: Callable[[str], T], wanted: str
    ) -> T:
        if not (text := self.text(name)):
            return default
        try:
            return parse(text)
        except ValueError:
            self.problems.append(f"{name}={text} is not {wanted}.")
            return default


def _within(number: int, least: int, most: int | None) -> int:
    if number < least or (most is not None and number > most):
        raise ValueError
    return number


def _cap(text: str) -> int | None:
    return None if text == UNLIMITED else _within(int(text), 0, None)


def _micros(text: str) -> int | None:
    return None if text == UNLIMITED else _within(round(float(text) * 1e6), 0, None)


def _yes_or_no(text: str) -> bool:
    answers = {"yes": True, "true": True, "1": True, "on": True}
    answers |= {"no": False, "false": False, "0": False, "off": False}
    try:
        return answers[text.lower()]
    except KeyError:
        raise ValueError from None


def _roles(text: str) -> dict[str, int | None]:
    return {name: _cap(units) for name, units in _pairs(text)}


def _pairs(text: str) -> list[tuple[str, str]]:
    """Names and what they are set to, with commas between."""
    pairs = [pair.partition("=") for pair in text.split(",") if pair.strip()]
    if not all(name.strip() and sign for name, sign, _ in pairs):
        raise ValueError
    return [(name.strip(), value.strip()) for name, _, value in pairs]


def _numbers(text: str) -> dict[str, int]:
    found = {name: _cap(number) for name, number in _pairs(text)}
    if not all(found.values()):
        raise ValueError
    return {name: number for name, number in found.items() if number}


def _by_place(text: str) -> dict[str, tuple[str, ...]]:
    pairs = [pair.partition("=") for pair in text.split(";") if pair.strip()]
    found = {p.strip(): tuple(n.replace(",", " ").split()) for p, _, n in pairs}
    if not all(":" in place and names for place, names in found.items()):
        raise ValueError
    return found


def _web_address(text: str) -> str:
    if not text.startswith(("https://", "http://")):
        raise ValueError
    return text.rstrip("/")


def _socket_address(text: str) -> str:
    if not text.startswith(("wss://", "ws://")):
        raise ValueError
    return text


def _path(text: str) -> Path:
    try:
        return Path(text).expanduser()
    except RuntimeError as error:
        raise ValueError from error


def _sqlite(text: str) -> str:
    start, slashes, file = text.partition("sqlite:///")
    if start or not slashes or not file or file.endswith("/"):
        raise ValueError
    return f"{slashes}{_path(file)}"


def why(error: OSError | UnicodeDecodeError) -> str:
    """Why a file cannot be read, in a few words."""
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    return "it is not UTF-8 text"
