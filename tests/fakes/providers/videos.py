"""A `/v1/videos` server in any of its dialects.

Written from the fact sheet: what LiteLLM 1.109.1 answered when it was probed, what
vLLM-Omni 0.30.0 and SGLang 0.5.23 do in their sources, OpenAI's specification.
"""

import base64
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Mapping
from typing import Any, ClassVar

from aiohttp import web

from tests.fakes.providers.service import FakeService, Render

SECRET = "whsec_" + base64.b64encode(b"a secret of some length").decode()


def error(message: str, code: str | None = None, kind: str = "x") -> dict[str, Any]:
    """An error as OpenAI words it."""
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


ERRORS = {
    "wrong key": (401, error("Incorrect API key provided.", "invalid_api_key")),
    "no money": (429, error("You exceeded your current quota.", "insufficient_quota")),
    "refused": (400, error("Your request was blocked.", "moderation_blocked")),
    "gone": (404, error("The model `m` does not exist.", "model_not_found")),
    "busy": (429, error("Rate limit reached.", "rate_limit_exceeded")),
    "invalid": (
        400,
        error(
            "Inpaint image must match the requested width and height",
            kind="invalid_request_error",
        ),
    ),
}


class FakeVideos(FakeService):
    """One server; `profile` says which.

    Attributes:
        rest: Sent as `openai-poll-after-ms`, if any.
        characters: Those that were made, by id.
    """

    errors: ClassVar[Mapping[str, tuple[int, Any]]] = ERRORS

    def __init__(self, clip: bytes = b"", *, profile: str = "openai") -> None:
        super().__init__(clip)
        self.profile = profile
        self.rest: int | None = None
        self.characters: dict[str, dict[str, Any]] = {}
        base = "/v2" if profile == "together" else "/v1"
        self.base = base
        self.strays: set[str] = set()
        create = f"{base}/videos"
        if profile == "xai":
            self.own_errors = {**ERRORS, **XAI_ERRORS}
            create = f"{base}/videos/generations"
            for kind in ("edits", "extensions"):
                self.route("POST", f"{base}/videos/{kind}", "create", self._create)
        else:
            self.route("POST", f"{base}/videos/extensions", "create", self._again)
            self.route("POST", f"{base}/videos/{{id}}/remix", "create", self._again)
        if profile in {"openai", "vivant"}:
            path = f"{base}/videos/characters"
            self.route("POST", path, "character", self._make_character)
            self.route("GET", f"{path}/{{id}}", "character", self._character)
        self.route("POST", create, "create", self._create)
        self.route("GET", f"{base}/videos", "list", self._list)
        self.route("GET", f"{base}/videos/{{id}}/content", "content", self._content)
        self.route("GET", f"{base}/videos/{{id}}", "look", self._look)
        self.route("DELETE", f"{base}/videos/{{id}}", "delete", self._delete)
        self.route("GET", "/v1/models", "models", self._models)
        self.route("GET", "/elsewhere/{id}.mp4", "file", self._content)

    def new_id(self) -> str:
        if self.profile == "litellm":  # measured: 210 characters, ends with ==
            raw = secrets.token_bytes(151)
            return ("video_" + base64.b64encode(raw).decode())[:208] + "=="
        return f"video_{secrets.token_hex(8)}"

    async def _create(self, request: web.Request) -> web.StreamResponse:
        seen = self.seen[-1]
        multipart = seen.kind == "multipart/form-data"
        takes_json = self.profile not in {"vllm-omni", "cometapi"}
        if not multipart and not (takes_json and seen.kind == "application/json"):
            return web.json_response({"detail": "Expected a form"}, status=415)
        fields = seen.fields if multipart else seen.json
        if self.profile == "vllm-omni" and fields.get("model", "served") != "served":
            return web.json_response({"detail": "Model mismatch"}, status=400)
        named: Any = fields.get("characters", [])
        if multipart and self.profile == "vivant":
            ids = [data for name, _, data in seen.parts if name == "characters[][id]"]
            named = [{"id": data.decode()} for data in ids]
        if trouble := self._trouble(named, str(fields.get("prompt", ""))):
            return trouble
        return self._accepted(str(fields.get("prompt", "")), fields)

    def _trouble(self, named: list[Any], prompt: str) -> web.Response | None:
        """What is wrong with the characters of an order."""
        if len(named) > 2:
            return web.json_response(error("At most 2 characters"), status=400)
        for one in named:
            if one["id"] not in self.characters:
                return web.json_response(error("Character not found"), status=404)
            if self.characters[one["id"]]["name"] not in prompt:
                return web.json_response(error("Name is not in prompt"), status=400)
        return None

    async def _make_character(self, _: web.Request) -> web.StreamResponse:
        seen = self.seen[-1]
        if seen.kind != "multipart/form-data" or set(seen.fields) != {"name"}:
            return web.json_response(error("Expected a form"), status=400)
        [(name, film)] = seen.files
        if name != "video" or film[4:8] != b"ftyp":
            return web.json_response(error("Not a video"), status=400)
        ref = f"char_{secrets.token_hex(8)}"
        made = {"id": ref, "name": seen.fields["name"], "created_at": int(time.time())}
        self.characters[ref] = made
        return web.json_response(made)

    async def _character(self, request: web.Request) -> web.StreamResponse:
        made = self.characters.get(request.match_info["id"])
        if made is None:
            return web.json_response(error("Character not found"), status=404)
        return web.json_response(made)

    async def _again(self, request: web.Request) -> web.StreamResponse:
        body = self.seen[-1].json
        ref = request.match_info.get("id") or body["video"]["id"]
        if ref not in self.renders:
            return web.json_response(error("Video not found"), status=404)
        if self.profile == "litellm":  # measured: it forgets where the clip is made
            self.accept(stray := self.new_id(), body["prompt"])
            self.strays.add(stray)
            return web.json_response({"id": stray, "status": "queued"})
        return self._accepted(body["prompt"], body, of=ref)

    def _accepted(
        self, prompt: str, fields: dict[str, Any], of: str | None = None
    ) -> web.Response:
        ref = self.new_id()
        self.fields = {**getattr(self, "fields", {}), ref: dict(fields)}
        render = self.accept(ref, prompt)
        if self.profile == "xai":
            return web.json_response({"request_id": ref})
        return web.json_response(self.video(render) | {"remixed_from_video_id": of})

    def video(self, render: Render) -> dict[str, Any]:
        fields = self.fields[render.id]
        word = {"done": "completed", "failed": "failed"}.get(render.state, "queued")
        done = render.state == "done"
        video: dict[str, Any] = {
            "id": render.id,
            "object": "video",
            "model": fields.get("model", "m"),
            "status": word,
            "progress": 100 if done else 0,
            "created_at": int(time.time()),
            "completed_at": int(time.time()) + 9 if done else None,
            "expires_at": None,
            "prompt": render.prompt,
            "size": fields.get("size", "64x36"),
            "seconds": str(fields.get("seconds", "4")),
            "remixed_from_video_id": None,
            "error": None,
        }
        if render.state == "failed":
            video["error"] = render.error
        if self.profile == "cometapi":
            video |= {"task_id": render.id, "size": "16x9", "seconds": ""}
        if self.profile in {"cometapi", "laozhang"} and done:
            video["video_url"] = f"{self.url}/elsewhere/{render.id}.mp4"
        return video

    async def _look(self, request: web.Request) -> web.StreamResponse:
        if request.match_info["id"] in self.strays:
            return web.json_response(error("InternalServerError"), status=500)
        render = self.look(request.match_info["id"])
        if render is None:
            return web.json_response(error("Video not found"), status=404)
        headers = {} if self.rest is None else {"openai-poll-after-ms": str(self.rest)}
        if self.profile == "xai":
            return web.json_response(self._as_xai(render))
        video = self.video(render)
        if self.profile == "together":
            link = f"{self.url}/elsewhere/{render.id}.mp4"
            video |= {"outputs": {"cost": 0.1, "video_url": link}}
        # vLLM-Omni puts a whole video object behind a bad status.
        bad = self.profile == "vllm-omni" and render.state == "failed"
        return web.json_response(video, status=500 if bad else 200, headers=headers)

    def _as_xai(self, render: Render) -> dict[str, Any]:
        if render.state == "failed":
            return {"status": "failed", **render.error}
        if render.state == "done":
            link = f"{self.url}/elsewhere/{render.id}.mp4"
            return {"status": "done", "video": {"url": link, "duration": 4}}
        return {"status": "pending"}

    async def _list(self, _: web.Request) -> web.StreamResponse:
        if self.profile == "litellm":
            told = error("custom_llm_provider is required")
            return web.json_response(told, status=400)
        data = [self.video(render) for render in reversed(self.renders.values())]
        ids = [video["id"] for video in data] or [None]
        return web.json_response(
            {
                "object": "list",
                "data": data,
                "first_id": ids[0],
                "last_id": ids[-1],
                "has_more": False,
            }
        )

    async def _content(self, request: web.Request) -> web.StreamResponse:
        render = self.renders.get(request.match_info["id"])
        no_content = {"xai", "together"}
        elsewhere = request.path.startswith("/elsewhere")
        if render is None or (self.profile in no_content and not elsewhere):
            return web.json_response(error("Not found"), status=404)
        if self.profile == "sglang" and request.query.get("variant") is not None:
            return web.json_response({"detail": "No such variant"}, status=404)
        if render.state != "done":
            told = {"detail": "Generation is still in-progress"}
            return web.json_response(told, status=404)
        return web.Response(body=self.clip, content_type="video/mp4")

    async def _delete(self, request: web.Request) -> web.StreamResponse:
        ref = request.match_info["id"]
        if self.profile == "litellm":
            return web.json_response({"detail": "Method Not Allowed"}, status=405)
        render = self.renders.pop(ref, None)
        if render is None:
            return web.json_response(error("Video not found"), status=404)
        gone = {"id": ref, "deleted": True, "object": "video.deleted"}
        was = "in_progress" if self.began else "queued"
        told = {"Vivant-Status": was} if self.profile == "vivant" else {}
        return web.json_response(gone, headers=told)

    async def _models(self, _: web.Request) -> web.StreamResponse:
        if self.profile == "together":
            return web.json_response([{"id": "m"}])
        return web.json_response({"object": "list", "data": [{"id": "m"}]})

    def is_keyed(self, request: web.Request) -> bool:
        if request.path.startswith("/elsewhere"):
            return "Authorization" not in request.headers
        return super().is_keyed(request)

    def call(self, ref: str, *, at: float) -> tuple[dict[str, str], bytes]:
        """A webhook as OpenAI signs it."""
        body = {"id": "evt_1", "object": "event", "type": "video.completed"}
        return sign_standard(json.dumps(body | {"data": {"id": ref}}).encode(), at=at)


XAI_ERRORS = {
    "wrong key": (400, {"code": "invalid-argument", "error": "Incorrect API key"}),
    "no money": (403, {"code": "forbidden", "error": "Your team has no credits"}),
    "refused": (400, {"code": "content_policy", "error": "Rejected by moderation."}),
    "gone": (404, {"code": "not-found", "error": "The model m does not exist"}),
    "busy": (429, {"code": "rate_limit", "error": "Too many requests"}),
}


def sign_standard(
    body: bytes, *, at: float, name: str = "msg_1", secret: str = SECRET
) -> tuple[dict[str, str], bytes]:
    """Headers as Standard Webhooks say, and the body."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    stamp = str(int(at))
    text = f"{name}.{stamp}.".encode() + body
    digest = base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()).decode()
    headers = {
        "Webhook-Id": name,
        "Webhook-Timestamp": stamp,
        "Webhook-Signature": f"v1,{digest}",
    }
    return headers, body
