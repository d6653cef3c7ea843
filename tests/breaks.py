"""Break the bot on purpose, one way at a time, and see the suite notice.

    python -m tests.breaks [WORD ...]

Copies the checkout, makes one change, runs the tests that should mind, and prints which
changes nobody noticed. Exit status 1 when there is one. Not part of the suite: it takes
minutes.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
COPIED = ("bot", "adapters", "tests", "pyproject.toml")
DISCORD = ("tests/test_discord.py", "tests/test_discord_delivery.py")
LINE = ("tests/test_discord_line.py",)
MENDS = ("tests/test_discord_mends.py", "tests/test_mending.py")
AD = "adapters/discord/"
AS = "adapters/slack/"
SLACK = ("tests/test_slack.py", "tests/test_slack_delivery.py")
SLACK_LINE = ("tests/test_slack_line.py",)
SLACK_BAD = ("tests/test_slack_bad_input.py",)
ALIKE = ("tests/test_scenarios.py",)
JOBS = ("tests/test_jobs.py", "tests/test_provider_jobs.py")
CARDS = ("tests/test_cards.py",)
API = ("tests/test_videos_bad_input.py",)
VIDEOS = "adapters/web/videos/"

STORE = ("tests/test_queries.py", "tests/test_damage.py", "tests/test_store.py")
KEEPING = ("tests/test_retention.py", "tests/test_media.py", "tests/test_footing.py")


class Break(NamedTuple):
    """One way to break the bot."""

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]


BREAKS = (
    Break(
        "deliver by the interaction's answer",
        AD + "chat.py",
        "if self.answers.may_post(key):",
        "if self.answers.get(key) is None:",
        DISCORD,
    ),
    Break(
        "no handling of files that are too large",
        AD + "roads.py",
        "if with_file and (error.status == 413 or error.code in TOO_LARGE):",
        "if False:",
        DISCORD,
    ),
    Break(
        "acknowledge after the work",
        AD + "desk.py",
        "    ack = asyncio.create_task(_defer(interaction, **how))\n"
        "    interaction.extras[ACK] = ack\n"
        "    await asyncio.wait([ack], timeout=HEAD_START)\n"
        "    made, trouble = await _outcome(work)\n",
        "    made, trouble = await _outcome(work)\n"
        "    ack = asyncio.create_task(_defer(interaction, **how))\n",
        LINE,
    ),
    Break(
        "no second try for a broken answer",
        AD + "acks.py",
        "if clock() + pause >= deadline:",
        "if True:",
        LINE,
    ),
    Break(
        "an order that was answered too late stays",
        AD + "desk.py",
        "await self._service.withdraw(kept[1])",
        "pass",
        LINE,
    ),
    Break(
        "clips are posted without a nonce",
        AD + "chat.py",
        "channel.send, nonce=nonce(key), allowed_mentions=_only(job.person.id)",
        "channel.send, allowed_mentions=_only(job.person.id)",
        DISCORD,
    ),
    Break(
        "everybody may be pinged",
        AD + "chat.py",
        "everyone=False, roles=False, users=[asker], replied_user=False",
        "everyone=True, roles=True, users=True, replied_user=True",
        DISCORD,
    ),
    Break(
        "prompts are shown as they are",
        AD + "text.py",
        'return _MARKUP.sub(r"\\\\\\1", markup.on_one_line(words, most))',
        "return markup.on_one_line(words, most)",
        DISCORD,
    ),
    Break(
        "buttons are forgotten by a restart",
        AD + "client.py",
        "client.add_dynamic_items(presses(doors.pressed))",
        "pass",
        DISCORD,
    ),
    Break(
        "refusals are shown to everyone",
        AD + "desk.py",
        "await twice(interaction.delete_original_response)",
        "pass",
        DISCORD,
    ),
    Break(
        "a silent reply is explained each time",
        AD + "replies.py",
        "if await self._service.recall(key) is not None:",
        "if False:",
        DISCORD,
    ),
    Break(
        "anybody may delete a clip",
        "bot/library.py",
        "person.key == thing.person.key or",
        "person.key or",
        ALIKE,
    ),
    Break(
        "the card of an earlier life is left",
        AD + "chat.py",
        "if job.card and not self.cards.knows(job.id)",
        "if False and not self.cards.knows(job.id)",
        DISCORD,
    ),
    Break(
        "a cancelled order goes out when the service is free again",
        "bot/jobs.py",
        "if (look_first or not again) and await self._is_cancelled(job):",
        "if job.cancel and not again:",
        JOBS,
    ),
    Break(
        "a lost order is anybody's of the same words",
        "bot/jobs.py",
        "rivals = found and await job_rows.rivals(self._store, job)",
        "rivals = False",
        JOBS,
    ),
    Break(
        "a lost order is looked for once",
        "bot/jobs.py",
        "if self._now() - job.since >= self._pace.settle:",
        "if True:",
        JOBS,
    ),
    Break(
        "what may have been billed is nobody's money",
        "bot/store/schema.py",
        "UPDATE ON ledger\n"
        "    WHEN NEW.micros > 0 AND (NEW.kind <> 'returned' OR NEW.note IS NOT NULL)",
        "UPDATE ON ledger\n    WHEN NEW.micros > 0 AND (NEW.kind <> 'returned')",
        JOBS,
    ),
    Break(
        "another model's clip is charged at the first one's price",
        "bot/jobs.py",
        "            price=quote.price,\n",
        "",
        JOBS,
    ),
    Break(
        "a chat that is away for a moment loses the clip",
        "bot/jobs.py",
        "self._now() - job.since < self._pace.outage",
        "False",
        JOBS,
    ),
    Break(
        "the last edit of a card is made once",
        "bot/following.py",
        "if drawing is Drawing.LATER:",
        "if drawing is Drawing.LATER and not entry.job.state.ended:",
        CARDS,
    ),
    Break(
        "a restart leaves cards behind",
        "bot/library.py",
        "return await job_rows.unshown(",
        "return [] and await job_rows.unshown(",
        CARDS,
    ),
    Break(
        "a final is offered where there is none",
        AD + "parcel.py",
        "final=self.service.has_final(self.clip)",
        "final=True",
        DISCORD,
    ),
    Break(
        "a mend takes the length of the clip",
        "bot/mending.py",
        "max((s for s in lengths if s <= most), default=lengths[0])",
        "request.seconds",
        MENDS,
    ),
    Break(
        "a mend is made with the same seed",
        "bot/checking.py",
        "        seconds=seconds,\n        seed=new_seed(),",
        "        seconds=seconds,",
        MENDS,
    ),
    Break(
        "a mend may be read by everyone",
        AD + "desk.py",
        "text, ephemeral=True, view=view, file=whole(words)",
        "text, view=view, file=whole(words)",
        MENDS,
    ),
    Break(
        "nobody watches the gateway",
        AD + "supervisor.py",
        "raise SilentError",
        "await asyncio.Event().wait()",
        LINE,
    ),
    Break(
        "a refused token is tried again",
        AD + "supervisor.py",
        "if isinstance(trouble, discord.LoginFailure):",
        "if False:",
        LINE,
    ),
    Break(
        "commands are sent at every start",
        AD + "tree.py",
        "if await service.recall(key) == digest:",
        "if False:",
        LINE,
    ),
    Break(
        "Slack: a mention is an order each time it comes",
        AS + "replies.py",
        "event = _event(spot.channel, letter.ts)",
        "event = _event(spot.channel, str(id(letter)))",
        SLACK,
    ),
    Break(
        "Slack: acknowledge before the work",
        AS + "app.py",
        "process_before_response=True",
        "process_before_response=False",
        SLACK_LINE,
    ),
    Break(
        "Slack: whatever broke is posted once more",
        AS + "wire.py",
        "if request.url.endswith(ONCE):",
        "if False:",
        SLACK,
    ),
    Break(
        "Slack: a clip that may be shared is not looked for",
        AS + "chat.py",
        "found = await self._uploads.find(client, key)",
        "found = None",
        SLACK,
    ),
    Break(
        "Slack: timestamps are learned from events alone",
        AS + "uploads.py",
        'if ts := shared_at(answer["file"], channel):',
        'if ts := "":',
        SLACK,
    ),
    Break(
        "Slack: nobody is written to directly",
        AS + "chat.py",
        "except ClosedError as closed:",
        "except ZeroDivisionError as closed:",
        SLACK,
    ),
    Break(
        "Slack: the last edit waits for no turn",
        AS + "cards.py",
        "if job.state is not self.state:",
        "if False:",
        SLACK,
    ),
    Break(
        "Slack: prompts are shown as they are",
        AS + "text.py",
        "line = escaped(markup.on_one_line(words, most))",
        "return words",
        SLACK,
    ),
    Break(
        "Slack: the token goes to any host",
        AS + "pictures.py",
        "if not (local or host in {*HOSTS, self._stand_in}):",
        "if False:",
        SLACK_BAD,
    ),
    Break(
        "Slack: redirects are followed with the token",
        AS + "pictures.py",
        "allow_redirects=False,",
        "allow_redirects=True,",
        SLACK_BAD,
    ),
    Break(
        "Slack: refusals are told each time",
        AS + "desk.py",
        "if await self.told(key):",
        "if False:",
        SLACK_BAD,
    ),
    Break(
        "Slack: a slow picture keeps its person waiting",
        AS + "dialogs.py",
        "done, _ = await asyncio.wait([work], timeout=self.slow)",
        "done, _ = await asyncio.wait([work])",
        SLACK_BAD,
    ),
    Break(
        "Slack: one connection is enough",
        AS + "sockets.py",
        "CONNECTIONS = 2",
        "CONNECTIONS = 1",
        SLACK_LINE,
    ),
    Break(
        "Slack: unsigned calls are taken",
        AS + "http.py",
        "if not is_slacks(secret, request.headers, body, now=now()):",
        "if False:",
        SLACK_LINE,
    ),
    Break(
        "Slack: tokens stay when a workspace leaves",
        AS + "installs.py",
        "await self._vault.remove(_name(workspace))",
        "pass",
        SLACK_LINE,
    ),
    Break(
        "Slack: an event has no listener",
        AS + "listeners.py",
        'app.event("app_home_opened")(self.home)',
        "pass",
        SLACK_LINE,
    ),
    Break(
        "Slack: anybody may stop anything",
        AS + "doors.py",
        "except MissingError:\n                person = await "
        "self.desk.people.as_moderator(spot)\n                job =",
        "except MissingError:\n                person = "
        "spot.person(moderates=spot.place().key)\n                job =",
        ALIKE,
    ),
    Break(
        "a service's call counts again and again",
        "bot/service.py",
        'if await self.once(f"{provider} {call.key}"):',
        "if call.ref:",
        ("tests/test_web_hooks.py",),
    ),
    Break(
        "a call needs no signature",
        "bot/service.py",
        "        if call is None:\n            return False\n",
        '        call = call or Call("", "")\n',
        ("tests/test_web_hooks.py",),
    ),
    Break(
        "a key is kept as it is",
        "bot/keys.py",
        'return hashlib.sha256(key.encode(errors="replace")).hexdigest()',
        "return key",
        ("tests/test_command_line.py",),
    ),
    Break(
        "the page's token opens the API",
        VIDEOS + "api.py",
        "        if holder is None:\n",
        '        if key == "open-sesame":\n'
        '            holder = Person(chat="api", id="x")\n'
        "        if holder is None:\n",
        API,
    ),
    Break(
        "a key opens the page",
        "adapters/web/guards.py",
        'KEYED = ("/hooks/", "/slack/", "/v1/")',
        'KEYED = ("/hooks/", "/v1/", "/api/")',
        API,
    ),
    Break(
        "every key sees every video",
        "bot/library.py",
        "person.key == thing.person.key",
        "person.chat == thing.person.chat",
        API,
    ),
    Break(
        "what was deleted can still be seen",
        VIDEOS + "api.py",
        "        if entry.job.cancel and entry.clip is None:",
        "        if entry.job.state.ended and entry.job.error:",
        ("tests/test_videos_api.py",),
    ),
    Break(
        "a redirect of the owner's address is followed",
        VIDEOS + "calls.py",
        "allow_redirects=False",
        "allow_redirects=True",
        ("tests/test_videos_calls.py",),
    ),
    Break(
        "a call that was not heard is forgotten",
        VIDEOS + "calls.py",
        "if not await self._outbox.missed(note):",
        "await self._outbox.heard(note)\n            if note.tries > 99:",
        ("tests/test_videos_calls.py",),
    ),
    Break(
        "an order with the same key is made again",
        VIDEOS + "api.py",
        'key = request.headers.get("Idempotency-Key")',
        'key = request.headers.get("X-Nothing")',
        ("tests/test_videos_api.py", "tests/test_videos_chain.py"),
    ),
    Break(
        "the gate looks through all jobs",
        "bot/store/jobs.py",
        "FROM jobs WHERE state IN {BUSY}\n          GROUP BY person",
        "FROM jobs WHERE state NOT IN {IDLE}\n          GROUP BY person",
        STORE,
    ),
    Break(
        "a damaged row keeps the others from going on",
        "bot/store/jobs.py",
        "except ValueError:  # msgspec's too",
        "except ZeroDivisionError:",
        STORE,
    ),
    Break(
        "damage is not looked for at the start",
        "bot/store/sqlite.py",
        "        check(db, path)\n",
        "",
        STORE,
    ),
    Break(
        "reads wait for writes",
        "bot/store/sqlite.py",
        "if sql.startswith(READS):",
        "if False:",
        STORE,
    ),
    Break(
        "a second bot is let in",
        "bot/store/lock.py",
        "fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)",
        "fcntl.flock(self._file, fcntl.LOCK_SH)",
        STORE,
    ),
    Break(
        "a lost database is made anew",
        "bot/footing.py",
        "if (not there and media.holds())",
        "if (False and media.holds())",
        KEEPING,
    ),
    Break(
        "the sweep deletes at once",
        "bot/trash.py",
        "file.replace(batch / file.name)",
        "file.unlink()",
        KEEPING,
    ),
    Break(
        "what somebody deletes stays in the trash",
        "bot/media.py",
        "self._trash.delete(file.name)",
        "pass",
        KEEPING,
    ),
)


def noticed(change: Break) -> bool:
    """Whether the suite fails with this change."""
    with tempfile.TemporaryDirectory(prefix="vivant-break-") as folder:
        copy = Path(folder)
        for name in COPIED:
            source = ROOT / name
            if source.is_dir():
                shutil.copytree(source, copy / name)
            else:
                shutil.copy2(source, copy / name)
        file = copy / change.file
        text = file.read_text(encoding="utf-8")
        if change.old not in text:
            raise SystemExit(f"“{change.name}”: its text is not in {change.file}")
        file.write_text(text.replace(change.old, change.new), encoding="utf-8")
        suite = [sys.executable, "-m", "pytest", "-x", "-q", "--timeout=30"]
        ran = subprocess.run(
            [*suite, *change.tests], cwd=copy, capture_output=True, check=False
        )
        return ran.returncode == 1


def main() -> int:
    """Try every change whose name has one of the words."""
    words = sys.argv[1:]
    chosen = [b for b in BREAKS if not words or any(word in b.name for word in words)]
    missed = []
    for change in chosen:
        seen = noticed(change)
        print(f"{'noticed ' if seen else 'MISSED  '} {change.name}", flush=True)
        if not seen:
            missed.append(change.name)
    print(f"{len(chosen) - len(missed)} of {len(chosen)} noticed")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
