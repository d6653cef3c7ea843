"""What the app says by a response_url, or in its acknowledgement."""

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiohttp import web

from tests.fakes.slack_api import posting
from tests.fakes.slack_api.errors import Problem
from tests.fakes.slack_api.messages import Message
from tests.fakes.slack_api.things import Json

if TYPE_CHECKING:
    from tests.fakes.slack_api.calls import Call
    from tests.fakes.slack_api.people import Person
    from tests.fakes.slack_api.places import Channel
    from tests.fakes.slack_api.world import FakeSlack

LIFE, USES = 30 * 60.0, 5
KEYS = {
    "text",
    "blocks",
    "attachments",
    "response_type",
    "replace_original",
    "delete_original",
    "thread_ts",
    "mrkdwn",
    "unfurl_links",
    "unfurl_media",
    "metadata",
}


@dataclass(eq=False)
class Hook:
    """A response_url.

    Attributes:
        original: The message that was pressed, if any.
        replies: What was said, in order.
    """

    slack: "FakeSlack"
    id: str
    person: "Person"
    channel: "Channel"
    kind: str
    at: float
    original: Message | None = None
    uses: int = 0
    replies: list[Message] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Its address."""
        team = self.person.team.id
        return f"{self.slack.address}/{self.kind}/{team}/{self.id}"

    def acknowledged(self, body: Any) -> None:
        """A command was answered at once."""
        if not body:
            return
        if isinstance(body, str):
            body = {"text": body}
        try:
            self.say(body)
        except Problem as problem:
            said = f"acknowledgement: {problem.error} {problem.more}"
            self.slack.unexpected.append(said)

    def say(self, body: Json) -> None:
        """Say something, or change what was pressed."""
        unknown = sorted(set(body) - KEYS)
        if unknown:
            self.slack.unexpected.append(f"response_url: no such keys: {unknown}")
        if self.original is not None and body.get("delete_original"):
            posting.delete(self.original)
            return
        draft = posting.draft_of(self.slack, body)
        if self.original is not None and body.get("replace_original"):
            posting.edit(self.original, draft)
            self.replies.append(self.original)
            return
        posting.check_words(draft)
        public = body.get("response_type") == "in_channel"
        made = posting.new(self.channel, posting.bot_in(self.channel), draft)
        made.only_for = None if public else self.person
        posting.place(made, str(body.get("thread_ts") or ""))
        posting.publish(made)
        self.replies.append(made)


async def respond(call: "Call") -> web.StreamResponse:
    """Take what is posted to a response_url: five times in half an hour."""
    slack = call.slack
    hook = slack.hooks.get(call.request.match_info["hook"])
    if hook is None or slack.clock() - hook.at > LIFE:
        return _refused(call, "expired_url")
    if hook.uses >= USES:
        return _refused(call, "used_url")
    hook.uses += 1
    call.logged.args = body = json.loads(await call.request.text())
    try:
        hook.say(body)
    except Problem as problem:
        slack.unexpected.append(f"response_url: {problem.error} {problem.more}")
        return _refused(call, problem.error, status=400)
    return web.json_response({"ok": True})


def _refused(call: "Call", error: str, status: int = 404) -> web.Response:
    call.logged.error = error
    return web.json_response({"ok": False, "error": error}, status=status)
