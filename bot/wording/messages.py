"""Whole messages, put together once for all chats: cards, captions, lists."""

from collections.abc import Sequence

from bot.errors import BotError
from bot.languages import Say
from bot.mending import FAULTS, Mended
from bot.models import Allowance, Clip, Entry, Job, State
from bot.prompt.plan import Plan
from bot.wording.cards import (
    clip_line,
    delay_line,
    error_lines,
    facts_line,
    left_line,
    price_line,
    quota_lines,
    ready_at,
    refund_line,
    state_line,
)
from bot.wording.markup import Markup, Told, quoted
from bot.wording.plans import cannot_line, plan_lines

MOST_NOTE = 600  # characters of a sentence of our own, which may quote what was typed
STEP = "\u2003"  # a wide blank; chats eat ordinary ones


def trouble(error: BotError, say: Say, markup: Markup) -> tuple[str, ...]:
    """What went wrong, and what to do next."""
    sentence, hint = error_lines(error, say, lambda words: _note(words, markup))
    return (markup.bold(sentence), hint)


def ended(job: Job, say: Say, markup: Markup) -> tuple[str, ...]:
    """Why a job came to nothing, and what that took from the quota."""
    why: tuple[str, ...] = ()
    if job.error:
        why = trouble(job.error.again(), say, markup)
    elif job.end is State.FAILED:
        why = trouble(BotError("Something broke here."), say, markup)
    refund = refund_line(job, say)
    return (*why, refund) if refund else why


def card(
    entry: Entry, say: Say, markup: Markup, *, now: float, link: str | None = None
) -> Told:
    """How far a job is.

    Args:
        entry: The job.
        say: The language.
        markup: The chat's.
        now: Unix time in seconds.
        link: Address of the message with the clip.
    """
    job = entry.job
    state = markup.bold(state_line(entry, say))
    if link and entry.clip:
        state += f": {link}"
    elif (ready := ready_at(job, now)) is not None:
        state += " · " + say("ready {when}", when=markup.moment(ready))
    elif not job.state.ended:
        state += " · " + say("asked {when}", when=markup.moment(job.created))
    why: tuple[str, ...] = ()
    if job.error:
        why = error_lines(job.error.again(), say, lambda words: _note(words, markup))
    elif entry.lost and not link:
        why = _unposted(entry, say, markup)
    elif delay := delay_line(job, say, markup.moment):
        why = (delay,)
    if refund := refund_line(job, say):
        why = (*why, refund)
    told = [] if entry.clip else [*job.notes]
    if job.cannot and not entry.clip:
        told.append(cannot_line(job.cannot, say))
    facts = f"{facts_line(job.request, say)} · {price_line(job.price, say)}"
    return Told(
        (state, quoted(job.request.prompt, markup), *why),
        (facts, *(_note(line, markup) for line in told)),
    )


def caption(
    clip: Clip, allowance: Allowance, say: Say, markup: Markup, *, notes: Sequence[str]
) -> Told:
    """What stands over a finished clip.

    Args:
        clip: What was made.
        allowance: What its person has left.
        say: Their language.
        markup: The chat's.
        notes: What there is to know of this very message.
    """
    told = [*clip.notes]
    if clip.cannot:
        told.append(cannot_line(clip.cannot, say))
    cost = [price_line(clip.price, say), left_line(allowance, say)]
    return Told(
        (
            markup.person(clip.person.id) + " " + say("here is your clip."),
            quoted(clip.request.prompt, markup),
            f"{clip_line(clip, say)} · {' · '.join(cost)}",
        ),
        (*(_note(line, markup) for line in told), *notes),
    )


def shown(
    entry: Entry,
    say: Say,
    markup: Markup,
    *,
    links: Sequence[str] = (),
) -> Told:
    """One clip: what was asked, what was made, where it is.

    Args:
        entry: The job.
        say: The language.
        markup: The chat's.
        links: Where it was posted.
    """
    job, clip = entry.job, entry.clip
    prompt = quoted(job.request.prompt, markup)
    if clip is None:
        why = ended(job, say, markup)
        return Told((state_line(entry, say), prompt, *why))
    # Other providers than the embedded renderer have no plan.
    plan = plan_lines(Plan.from_json(clip.plan), say) if clip.plan else ()
    head = f"{clip_line(clip, say)} · {price_line(clip.price, say)}"
    unposted = _unposted(entry, say, markup) if entry.lost else ()
    return Told(
        (f"{markup.bold(clip.id)} · {head}", prompt, *unposted, *links),
        tuple(_note(line, markup) for line in (*plan, *clip.notes)),
    )


def _unposted(entry: Entry, say: Say, markup: Markup) -> tuple[str, ...]:
    again = markup.command("resend", entry.job.id)
    return (
        say("It could not be posted: {why}", why=say(entry.lost or "")),
        say("{command} posts it.", command=again),
    )


def faults(say: Say, markup: Markup) -> tuple[str, ...]:
    """What may be wrong with a clip; each has a button beside it."""
    told = (
        f"{markup.bold(say(one.label))}: {say(one.help)}" for one in FAULTS.values()
    )
    return (say("What is wrong with it?"), *told)


def mended(mend: Mended, say: Say) -> tuple[str, ...]:
    """What a mend changes, and how long the clip will be."""
    notes = (say(note) for note in mend.notes)
    return (*notes, say("{seconds} s", seconds=mend.seconds))


def listed(entry: Entry, say: Say, markup: Markup) -> str:
    """One of several clips or renders, on a line."""
    job = entry.job
    words = markup.plain(job.request.prompt, most=80)
    head = f"{markup.bold(job.id)} {state_line(entry, say)}"
    return f"{head} {markup.moment(job.created)} · {words}"


def tree(line: Sequence[Clip], markup: Markup) -> tuple[str, ...]:
    """Which clips a clip was made from, the eldest first."""
    return tuple(
        f"{STEP * depth}{markup.bold(clip.id)} "
        + markup.plain(clip.request.prompt, most=80)
        for depth, clip in enumerate(line)
    )


def quota(allowance: Allowance, say: Say, markup: Markup) -> tuple[str, ...]:
    """What is left today, and when it resets."""
    resets = say("It resets {when}.", when=markup.moment(allowance.resets))
    return (*quota_lines(allowance, say), resets)


def usage(
    used: Sequence[tuple[str, int, int]], say: Say, markup: Markup
) -> tuple[str, ...]:
    """Who used how much in a place today.

    Args:
        used: `chat:id`, clips, units; most first.
        say: The language.
        markup: The chat's.
    """
    if not used:
        return (say("Nobody has rendered anything here today."),)
    return tuple(
        say(
            "{person}: {renders} renders, {units} clip-seconds",
            person=markup.person(key.partition(":")[2]),
            renders=renders,
            units=units,
        )
        for key, renders, units in used
    )


def given(person_id: str, units: int | None, say: Say, markup: Markup) -> str:
    """That somebody has their own number of clip-seconds a day from now on."""
    who = markup.person(person_id)
    if units is None:
        return say("{member} has no daily limit here.", member=who)
    return say("{member} has {units} clip-seconds a day here.", member=who, units=units)


def _note(line: str, markup: Markup) -> str:
    return markup.plain(line, most=MOST_NOTE)
