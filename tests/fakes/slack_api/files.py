"""Files: how people and the app upload them, and who may fetch them."""

import mimetypes
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import PurePath
from typing import TYPE_CHECKING
from urllib.parse import quote

from aiohttp import web
from PIL import Image, UnidentifiedImageError

from tests.fakes.slack_api.errors import Problem
from tests.fakes.slack_api.places import PUBLIC, Channel, Team
from tests.fakes.slack_api.things import FileUpload, Json

if TYPE_CHECKING:
    from tests.fakes.slack_api.calls import Call
    from tests.fakes.slack_api.people import Person
    from tests.fakes.slack_api.tokens import Install
    from tests.fakes.slack_api.world import FakeSlack

Share = tuple[Channel, str, str | None]


@dataclass(eq=False)
class SlackFile:
    """A file on Slack's servers.

    Attributes:
        length: What the app said it would upload; None for people's files.
        ready: Whether Slack has looked through it; before, little is told of it.
        arrived: Whether its bytes are there.
        for_app: Whether it was handed to the app itself, in a modal.
        shares: Where it was shared: channel, ts, thread_ts.
    """

    slack: "FakeSlack"
    id: str
    name: str
    owner: "Person"
    team: Team
    data: bytes = b""
    title: str = ""
    mimetype: str = ""
    size: int = 0
    length: int | None = None
    ready: bool = True
    arrived: bool = True
    for_app: bool = False
    deleted: bool = False
    shares: list[Share] = field(default_factory=list)
    pixels: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        self.title = self.title or self.name
        guessed = mimetypes.guess_type(self.name)[0]
        self.mimetype = self.mimetype or guessed or "application/octet-stream"
        self.size = self.size or len(self.data)
        self.at = int(self.slack.clock())
        try:
            with Image.open(BytesIO(self.data)) as picture:
                self.pixels = picture.size
        except (UnidentifiedImageError, OSError, Image.DecompressionBombError):
            pass

    @property
    def filetype(self) -> str:
        """The type as Slack calls it."""
        return PurePath(self.name).suffix.lower().removeprefix(".") or "binary"

    @property
    def url(self) -> str:
        """Where it may be fetched, with a token."""
        path = f"{self.team.id}-{self.id}/download/{quote(self.name)}"
        return f"{self.slack.address}/files-pri/{path}"

    @property
    def told_shares(self) -> Json:
        """The shares, as `files.info` tells."""
        made: Json = {}
        for channel, ts, thread in self.shares:
            kind = made.setdefault(
                "public" if channel.kind == PUBLIC else "private", {}
            )
            one = {"ts": ts, "channel_name": channel.name, "team_id": channel.team.id}
            one |= {"thread_ts": thread} if thread else {}
            kind.setdefault(channel.id, []).append(one)
        return made

    def seen_by(self, install: "Install") -> bool:
        """Whether the app may look at it."""
        if self.deleted or self.team not in install.teams:
            connect = any(install.reaches(place) for place, _, _ in self.shares)
            if self.deleted or not connect:
                return False
        if self.for_app or self.owner is install.bot:
            return True
        return any(place.bot_member for place, _, _ in self.shares)


def uploaded(upload: FileUpload, person: "Person", *, for_app: bool) -> SlackFile:
    """Take a file that a person picked."""
    slack = person.slack
    made = SlackFile(
        slack,
        slack.ids.new("F"),
        upload.name,
        person,
        person.team,
        upload.data,
        mimetype=upload.mimetype or "",
        size=upload.size or 0,
        ready=upload.ready,
        for_app=for_app,
    )
    slack.files[made.id] = made
    return made


async def download(call: "Call") -> web.StreamResponse:
    """Send a private file; whoever may not have it is sent to a login page."""
    slack = call.slack
    found = slack.files.get(call.request.match_info["file"])
    if found is None or not _may_fetch(call, found):
        where = f"/login?redir={quote(call.request.path)}"
        headers = {"Location": where, "x-slack-meta": "?;acl_fail"}
        return web.Response(status=302, headers=headers)
    if not found.ready or not found.arrived:
        return web.Response(status=404, text="Not found")
    kind = {"Content-Type": found.mimetype}
    return web.Response(body=found.data, headers=kind)


def _may_fetch(call: "Call", found: SlackFile) -> bool:
    from tests.fakes.slack_api.api import known_token  # noqa: PLC0415 - api needs calls

    try:
        token = known_token(call.slack, call.bearer)
    except Problem:
        return False
    install = token.install
    if install is None or "files:read" not in install.scopes:
        return False
    return found.seen_by(install)


async def login(request: web.Request) -> web.Response:
    """The page for whoever is not signed in: HTML, and status 200."""
    page = "<!DOCTYPE html><html><title>Sign in | Slack</title></html>"
    return web.Response(text=page, content_type="text/html")


async def receive(call: "Call") -> web.StreamResponse:
    """Take the bytes of an announced upload: raw, or the first file of a form."""
    wanted = call.slack.uploads.get(call.request.match_info["ticket"])
    if wanted is None:
        return web.Response(status=404, text="Not found")
    data = await _body(call.request)
    call.logged.args = {"file": wanted.id, "length": len(data)}
    if len(data) != wanted.length:
        said = f"upload of {wanted.name}: {len(data)} bytes, not {wanted.length}"
        call.slack.unexpected.append(said)
        return web.Response(status=400, text="Bad length")
    wanted.data, wanted.size, wanted.arrived = data, len(data), True
    return web.Response(text=f"OK - {len(data)}")


async def _body(request: web.Request) -> bytes:
    if not request.content_type.startswith("multipart/"):
        return await request.read()
    async for part in await request.multipart():
        if getattr(part, "filename", None):
            return await part.read()  # type: ignore[union-attr]
    return b""
