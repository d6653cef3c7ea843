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
FETCHING = ("tests/test_fetching.py",)
CARDS = ("tests/test_cards.py",)
CAPS = ("tests/test_caps.py",)
PLANNING = ("tests/test_provider_planning.py",)
BACKUP = ("tests/test_backup.py",)
DOCTOR = ("tests/test_doctor.py",)
API = ("tests/test_videos_bad_input.py",)
SIGN_IN = ("tests/test_sign_in.py",)
HOSTILE = ("tests/test_stills_hostile.py",)
VIDEOS = "adapters/web/videos/"
WEB = "adapters/web/"

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
        "if with_file and (error.status == 413 or code_of(error) in TOO_LARGE):",
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
        "if (doubted or not job.orders) and await self._is_cancelled(job):",
        "if job.cancel and not job.orders:",
        JOBS,
    ),
    Break(
        "progress is written over a job that has moved on",
        "bot/store/jobs.py",
        " AND state = 'rendering' AND json_valid(details)",
        " AND json_valid(details)",
        ("tests/test_progress.py",),
    ),
    Break(
        "a damaged job keeps its hold",
        "bot/jobs.py",
        "job = job or await self._led_out(job_id)",
        "job = job or None",
        ("tests/test_damage.py",),
    ),
    Break(
        "a lost order is anybody's of the same words",
        "bot/doubts.py",
        "_View.RIVALS if await job_rows.rivals(self.store, job) else found",
        "found",
        JOBS,
    ),
    Break(
        "a lost order is looked for once",
        "bot/doubts.py",
        "over = passed - self.pace.settle",
        "over = 0.0",
        JOBS,
    ),
    Break(
        "what may have been taken is ordered again and again",
        "bot/jobs.py",
        "MOST_ORDERS = 2 ",
        "MOST_ORDERS = 99 ",
        JOBS,
    ),
    Break(
        "an order leaves before the row knows of it",
        "bot/jobs.py",
        "orders=job.orders + 1, ordered_at=self._now()",
        "ordered_at=self._now()",
        JOBS,
    ),
    Break(
        "an order is written down long before it leaves",
        "bot/jobs.py",
        "        created = await provider.create(job, leaves)",
        "        await leaves()\n        created = await provider.create(job, leaves)",
        JOBS,
    ),
    Break(
        "what was turned away is in doubt after a restart",
        "bot/jobs.py",
        "return await self._write(seen, turned_away)",
        "return turned_away",
        JOBS,
    ),
    Break(
        "a render that looks unfamiliar is not ours",
        "bot/providers/finding.py",
        "        else:\n            unexplained = True",
        "        elif one.same is None:\n            unexplained = True",
        JOBS,
    ),
    Break(
        "what a list holds besides objects is no render",
        "bot/providers/openai/provider.py",
        "[item if isinstance(item, Mapping) else {} for item in data]",
        "[item for item in data if isinstance(item, Mapping)]",
        ("tests/test_provider_openai.py",),
    ),
    Break(
        "a list that begins with the oldest is read as one of the newest",
        "bot/providers/openai/provider.py",
        "bool(known) and known[0] > known[-1] and known[-1] < since",
        "bool(known) and known[-1] < since",
        ("tests/test_provider_openai.py",),
    ),
    Break(
        "a result that is not handed out yet is a failed render",
        "bot/providers/fal.py",
        "if answer.status in REFUSED:",
        "if 400 <= answer.status < 500:",
        ("tests/test_provider_others.py",),
    ),
    Break(
        "a gateway's words end a render",
        "bot/providers/cloud.py",
        "        error.doubtful = True\n        raise error",
        "        raise error",
        ("tests/test_provider_openai.py",),
    ),
    Break(
        "what is sent elsewhere was not taken",
        "bot/providers/faults.py",
        "frozenset({*range(300, 400), 408, 409})",
        "frozenset({303, 408, 409})",
        JOBS,
    ),
    Break(
        "an id that comes twice is taken twice",
        "bot/lifecycle.py",
        "if to.ref and to.ref != job.ref and await _is_owned(db, to):",
        "if False:",
        JOBS,
    ),
    Break(
        "a finished clip is asked for a few times",
        "bot/rendering.py",
        "return over and tried >= self._pace.tries",
        "return tried >= self._pace.tries",
        FETCHING,
    ),
    Break(
        "again pays for what was paid",
        "bot/orders.py",
        "return job.state.ended and job.billed and job.ref is not None",
        "return False",
        FETCHING,
    ),
    Break(
        "a silent service is nobody's news",
        "bot/rendering.py",
        "if silent < self._pace.silent:",
        "if True:",
        FETCHING,
    ),
    Break(
        "a wall clock that jumps is believed",
        "bot/clock.py",
        "said += min(most, max(-most, off))",
        "said += off",
        ("tests/test_clock.py",),
    ),
    Break(
        "a service that does not call is trusted to",
        "bot/callers.py",
        "                self._trusted.discard(who)\n",
        "",
        ("tests/test_web_hooks.py", "tests/test_provider_pacing.py"),
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
        "a cap: what may have been billed takes nothing of the day",
        "bot/quota.py",
        "    AND {COUNTS} AND held_at >= ?) AS mine,",
        "    AND kind <> 'returned' AND held_at >= ?) AS mine,",
        CAPS,
    ),
    Break(
        "a cap: renders may be stopped without end",
        "bot/cancels.py",
        "if len(rows) >= caps.cancels_per_hour:",
        "if False:",
        CAPS,
    ),
    Break(
        "a cap: what has no price counts nothing",
        "bot/quota.py",
        "if caps.month_micros is None:",
        "if True:",
        CAPS,
    ),
    Break(
        "a cap: a signal to a runner is a free cancel",
        "bot/providers/fal.py",
        'return self._is_free(await self._wish("PUT", path))',
        'return await self._wish("PUT", path) is not None',
        JOBS,
    ),
    Break(
        "a cap: an owner's file takes the cards of other profiles away",
        "bot/providers/overlay.py",
        "changed = [one | entry for one in alike] or [entry]",
        "changed = [one | entry for one in alike[-1:]] or [entry]",
        PLANNING,
    ),
    Break(
        "what a service names in place of a model is shown as it is",
        "bot/providers/retiring.py",
        'return None if _HOST.match(said) or ".." in said else said',
        "return said",
        ("tests/test_provider_retiring.py",),
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
        "self._waits.waited(job.id) < self._pace.outage",
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
        "a refused token is told each time",
        AD + "supervisor.py",
        "if remedy != told:",
        "if remedy:",
        LINE,
    ),
    Break(
        "Slack: a token that was refused once is never tried again",
        AS + "sockets.py",
        "await asyncio.sleep(patience.refused)",
        "await asyncio.Event().wait()",
        SLACK_LINE,
    ),
    Break(
        "keep a refused picture until the garbage collector comes",
        "bot/room.py",
        "traceback.clear_frames(error.__traceback__)",
        "pass",
        ("tests/test_room.py",),
    ),
    Break(
        "wait for a bot that is stopped",
        "adapters/control/client.py",
        "await control.greet(patience)",
        "pass",
        ("tests/test_control.py",),
    ),
    Break(
        "let one person hold all the room",
        "bot/room.py",
        "self.most if who is None else self.most // 2",
        "self.most",
        ("tests/test_room.py",),
    ),
    Break(
        "commands are sent at every start",
        AD + "tree.py",
        "if await service.recall(key) == digest and await _are_there(tree):",
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
        "a key of an order is good for any order",
        "bot/orders.py",
        "    if body and before and body != before:\n",
        "    if False:\n",
        ("tests/test_videos_api.py",),
    ),
    Break(
        "every key sees every file",
        "bot/store/uploads.py",
        '"SELECT * FROM uploads WHERE id = ? AND person = ? AND expires > ?"',
        '"SELECT * FROM uploads WHERE id = ? AND person > ? AND expires > ?"',
        ("tests/test_videos_files.py",),
    ),
    Break(
        "a browser cannot sign in",
        "adapters/web/guards.py",
        '    known = site == "same-origin" or origin in ours\n',
        "    known = origin in ours\n",
        SIGN_IN,
    ),
    Break(
        "a form of another page signs in",
        "adapters/web/guards.py",
        '    if site not in {None, "same-origin", "none"}:\n',
        "    if False:\n",
        SIGN_IN,
    ),
    Break(
        "a cookie that was given back still opens the door",
        "adapters/web/door.py",
        'await self._service.note(f"{SIGNED_OUT}{proof}", "")',
        "await asyncio.sleep(0)",
        SIGN_IN,
    ),
    Break(
        "the page never says that the bot is gone",
        "adapters/web/static/live.js",
        "    worry ??= setTimeout(",
        "    clearTimeout(worry); worry = setTimeout(",
        ("tests/test_page_line.py",),
    ),
    Break(
        "the composer grows out of the window",
        "adapters/web/static/style.css",
        "  grid-template-columns: minmax(0, 1fr);\n}\n\n.bench",
        "}\n\n.bench",
        ("tests/test_page_fits.py",),
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
        VIDEOS + "lookup.py",
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
        "the scans of a JPEG are not counted",
        "bot/stills/header.py",
        "found.scans * found.width * found.height > MOST_ROUNDS",
        "False",
        HOSTILE,
    ),
    Break(
        "memory is not looked at before a picture is opened",
        "bot/stills/header.py",
        "if width * height > most or not fits(size, held, decoded, kept):",
        "if width * height > most:",
        HOSTILE,
    ),
    Break(
        "who breaks a worker need not wait",
        "bot/workshop/strikes.py",
        "self._strike(person)",
        "pass",
        HOSTILE,
    ),
    Break(
        "a crowd of one person's calls goes first",
        "bot/workshop/turns.py",
        "self._each = max(1, places - 1)",
        "self._each = places",
        ("tests/test_workshop.py",),
    ),
    Break(
        "a clip that chats do not play is posted as it came",
        "bot/transcode.py",
        "            if _plays(source):",
        "            if source:",
        ("tests/test_films.py",),
    ),
    Break(
        "a list of files in place of a film is followed",
        "bot/containers.py",
        "format=MATROSKA if ebml else MP4,",
        "format=None,",
        ("tests/test_films.py",),
    ),
    Break(
        "a JPEG of which much is missing is taken for whole",
        "bot/stills/decode.py",
        "_missing(read.picture) > MAX_MISSING",
        "_missing(read.picture) > 1",
        ("tests/test_stills.py",),
    ),
    Break(
        "a paid clip is lost when our look into it fails",
        "bot/films/__init__.py",
        "found = await asyncio.to_thread(outline, file)",
        "found = None",
        ("tests/test_films.py",),
    ),
    Break(
        "an order with the same key is made again",
        VIDEOS + "holders.py",
        'key = request.headers.get("Idempotency-Key")',
        'key = request.headers.get("X-Nothing")',
        ("tests/test_videos_api.py", "tests/test_videos_chain.py"),
    ),
    Break(
        "files are swept away during a backup",
        "adapters/control/server.py",
        "        async with self._resting:",
        "        async with asyncio.Lock():",
        BACKUP,
    ),
    Break(
        "what is queued in a backup is ordered without looking",
        "bot/store/snapshots.py",
        "db.execute(MAYBE_ORDERED)",
        'db.execute("SELECT 1")',
        BACKUP,
    ),
    Break(
        "a damaged backup is restored",
        "bot/backup/reading.py",
        "if files.get(name) != seen[name]:",
        "if False:",
        BACKUP,
    ),
    Break(
        "a backup may write anywhere",
        "bot/backup/reading.py",
        "if not NAME.fullmatch(name):",
        "if False:",
        BACKUP,
    ),
    Break(
        "a restore that was killed is not finished",
        "bot/backup/swap.py",
        "    if moving_in.is_dir():",
        "    if False:",
        BACKUP,
    ),
    Break(
        "everybody may administer the bot",
        "adapters/control/socket.py",
        "path.chmod(0o600)",
        "path.chmod(0o666)",
        ("tests/test_control.py",),
    ),
    Break(
        "an endpoint that takes all commands away is not seen",
        AD + "checkup.py",
        'about.get("interactions_endpoint_url")',
        "None",
        DOCTOR,
    ),
    Break(
        "scopes that cannot be seen are missing",
        AS + "checkup.py",
        "    if not granted:",
        "    if False:",
        DOCTOR,
    ),
    Break(
        "a busy machine is broken",
        "bot/commands/machine_checks.py",
        'return [warning("renderer",',
        'return [broken("renderer",',
        DOCTOR,
    ),
    Break(
        "another program's variable is taken for a mistake",
        "bot/misspelt.py",
        "if ours or (near in free and env[name]):",
        "if ours or name.startswith(THEIRS):",
        DOCTOR,
    ),
    Break(
        "commands that are gone at Discord stay gone",
        AD + "tree.py",
        " and await _are_there(tree)",
        "",
        LINE,
    ),
    Break(
        "let one odd answer of Slack through",
        AS + "wire.py",
        "if not _is_whole(api_method, answer.data):",
        "if False:",
        ("tests/test_slack_odd.py",),
    ),
    Break(
        "let what breaks in a part out of its fence",
        "bot/fence.py",
        "except Exception as error:",
        "except OSError as error:",
        ("tests/test_fence.py",),
    ),
    Break(
        "wait for a head for ever",
        WEB + "server.py",
        "        if not self._is_busy:\n            self.force_close()",
        "        pass",
        ("tests/test_web_limits.py",),
    ),
    Break(
        "let silent connections keep their places",
        WEB + "gate.py",
        "makes_room.force_close()",
        "return False",
        ("tests/test_web_limits.py",),
    ),
    Break(
        "let the right token wait behind the wrong ones",
        WEB + "door.py",
        "        if same(token, self._token):\n            return True\n",
        "        if same(token, self._token) and not self._knocks._waiting:\n"
        "            return True\n",
        ("tests/test_web_door.py",),
    ),
    Break(
        "fetch a picture before the quota is looked at",
        "bot/orders.py",
        "        if event is not None and await self.ordered(person, event):\n",
        "        if person:\n",
        ("tests/test_room.py",),
    ),
    Break(
        "take bodies of any size together",
        WEB + "bodies.py",
        "if size <= SMALL:",
        "if size:",
        ("tests/test_room.py",),
    ),
    Break(
        "call the database well without a write",
        "bot/service.py",
        'await notes.change(db, "health", str(self._now()), now=self._now())',
        "pass",
        ("tests/test_web.py",),
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
