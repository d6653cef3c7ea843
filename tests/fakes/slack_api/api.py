"""Answers the Web API: faults, tokens, scopes, tiers, then the method."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from aiohttp import web

from tests.fakes.slack_api import faults
from tests.fakes.slack_api.calls import Call, read_call
from tests.fakes.slack_api.errors import GENERAL, MEASURED, OURS, Problem
from tests.fakes.slack_api.methods import METHODS, Method
from tests.fakes.slack_api.tokens import BOT, Token, token_error

if TYPE_CHECKING:
    from tests.fakes.slack_api.faults import Fault
    from tests.fakes.slack_api.world import FakeSlack

Answer = Callable[[Call], Awaitable[web.StreamResponse]]


async def serve(slack: "FakeSlack", request: web.Request) -> web.StreamResponse:
    """Answer a method of the Web API."""
    name = request.match_info["method"]
    call = await read_call(slack, request, name)
    return await guarded(call, _answer)


async def guarded(call: Call, answer: Answer) -> web.StreamResponse:
    """Answer a request, unless a fault strikes it."""
    slack = call.slack
    slack.bell.ring()
    fault = slack.faulty(call)
    try:
        return await _answered(call, fault, answer)
    except (AssertionError, AttributeError, LookupError, TypeError, ValueError) as bug:
        slack.unexpected.append(f"{call.method}: the fake itself: {bug!r}")
        raise
    finally:
        slack.bell.ring()
        for act in call.later:
            slack.soon(act)


async def _answered(
    call: Call, fault: "Fault | None", answer: Answer
) -> web.StreamResponse:
    if fault is not None and fault.stall is not None:
        await fault.stall.wait()
    if fault is not None and fault.cut == "before":
        return faults.cut(call.request)
    instead = fault.answer if fault is not None else None
    if fault is not None and instead is not None:
        call.logged.error = fault.error
    response = await answer(call) if instead is None else instead
    if fault is not None and fault.hold is not None:
        await _held(call, fault.hold)
    if fault is not None and fault.cut == "after":
        return faults.cut(call.request)
    call.logged.status = response.status
    if call.later and not response.prepared:
        await response.prepare(call.request)
        await response.write_eof()
    return response


async def _held(call: Call, event: asyncio.Event) -> None:
    """Wait with the answer; what happens later does not wait for it."""
    for act in call.later:
        call.slack.soon(act)
    call.later.clear()
    await event.wait()


async def _answer(call: Call) -> web.StreamResponse:
    method = METHODS.get(call.method)
    status, headers = 200, {}
    try:
        if method is None:
            raise Problem("unknown_method", req_method=call.method)
        _authorize(call, method)
        wait = call.slack.limits.tier(call, method)
        if wait:
            call.logged.error = "ratelimited"
            return faults.limited(wait)
        _arguments(call, method)
        made = await method.handler(call)
        if isinstance(made, web.StreamResponse):
            return made
        body = {"ok": True} | made
    except Problem as problem:
        _report(call, method, problem)
        status = problem.status
        body = {"ok": False, "error": problem.error} | problem.more
    if call.token is not None and call.token.install is not None:
        headers["x-oauth-scopes"] = ",".join(sorted(call.token.install.scopes))
        headers["x-accepted-oauth-scopes"] = ",".join(method.scopes if method else ())
    call.logged.answer = body
    return web.json_response(body, status=status, headers=headers)


def _authorize(call: Call, method: Method) -> None:
    if not method.token:
        return
    if not call.bearer:
        raise Problem("not_authed")
    call.token = known_token(call.slack, call.bearer)
    if call.token.kind != method.token:
        raise Problem("not_allowed_token_type")
    if method.token == BOT and method.scopes:
        call.scope(*sorted(method.scopes))


def known_token(slack: "FakeSlack", value: str) -> Token:
    """A token that is good now."""
    token = slack.tokens.get(value)
    if token is None:
        raise Problem("invalid_auth")
    if error := token_error(token, slack.clock()):
        raise Problem(error)
    return token


def _arguments(call: Call, method: Method) -> None:
    missing = sorted(one for one in method.needs if call.args.get(one) in (None, ""))
    if missing:
        said = [f"missing required field: {one}" for one in missing]
        raise Problem("invalid_arguments", response_metadata={"messages": said})
    unknown = sorted(set(call.args) - method.args - {"team_id"})  # Bolt adds it
    if unknown:
        call.slack.unexpected.append(f"{call.method}: no such argument: {unknown}")


def _report(call: Call, method: Method | None, problem: Problem) -> None:
    """Note what was answered, and whether it shows a bug of the app or ours."""
    call.logged.error = problem.error
    name, slack = call.method, call.slack
    known = GENERAL | MEASURED.get(name, set()) | (method.errors if method else set())
    if problem.error not in known:
        slack.unexpected.append(f"{name}: the fake may not say {problem.error}")
    if problem.error not in OURS:
        return
    if problem.error == "missing_scope" and _told(call):
        return
    slack.unexpected.append(f"{name}: {problem.error} {_about(problem.more)}")


def _told(call: Call) -> bool:
    """Whether scopes are missing because a test took them away."""
    return call.token is not None and call.install.told


def _about(more: dict[str, Any]) -> str:
    return str(more.get("errors") or more)[:400]
