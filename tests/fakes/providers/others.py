"""OpenRouter, fal, Gemini and Replicate, as the fact sheet and their SDKs have them."""

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar

from aiohttp import web
from nacl.signing import SigningKey

from tests.fakes.providers.service import KEY, FakeService, Render
from tests.fakes.providers.videos import sign_standard

Errors = Mapping[str, tuple[int, Any]]
HMAC_SECRET = "or-secret"


class FakeOpenRouter(FakeService):
    """Errors are a string beside a code; the state has no progress."""

    errors: ClassVar[Errors] = {
        "wrong key": (401, {"error": {"message": "No auth credentials", "code": 401}}),
        "no money": (402, {"error": {"message": "Insufficient credits", "code": 402}}),
        "refused": (403, {"error": {"message": "Flagged by moderation", "code": 403}}),
        "gone": (404, {"error": {"message": "Model acme/m not found", "code": 404}}),
        "busy": (429, {"error": {"message": "Rate limited", "code": 429}}),
        "invalid": (400, {"error": {"message": "Bad duration", "code": 400}}),
    }
    base = "/api/v1"

    def __init__(self, clip: bytes = b"") -> None:
        super().__init__(clip)
        self.listed: list[dict[str, Any]] = []
        base = self.base
        self.route("POST", f"{base}/videos", "create", self._create)
        self.route("GET", f"{base}/videos/models", "models", self._models)
        self.route("GET", f"{base}/videos/{{id}}/content", "content", self._content)
        self.route("GET", f"{base}/videos/{{id}}", "look", self._look)
        self.route("GET", f"{base}/key", "check", self._models)

    async def _create(self, _: web.Request) -> web.StreamResponse:
        body = self.seen[-1].json
        before = body.get("previous_job_id")
        if before is not None and before not in self.renders:
            told = {"error": {"message": "Job not found", "code": 404}}
            return web.json_response(told, status=404)
        render = self.accept(f"gen-vid-1-{secrets.token_hex(10)}", body["prompt"])
        answer = {
            "id": render.id,
            "polling_url": f"/api/v1/videos/{render.id}",
            "status": "pending",
        }
        return web.json_response(answer, status=202)

    async def _look(self, request: web.Request) -> web.StreamResponse:
        render = self.look(request.match_info["id"])
        if render is None:
            told = {"error": {"message": "Job not found", "code": 404}}
            return web.json_response(told, status=404)
        word = {"done": "completed", "failed": "failed"}.get(render.state, "pending")
        answer: dict[str, Any] = {"id": render.id, "status": word}
        if word == "completed":
            link = f"{self.url}/api/v1/videos/{render.id}/content?index=0"
            answer |= {"unsigned_urls": [link], "usage": {"cost": 0.4}}
        if word == "failed":
            answer["error"] = render.error
        return web.json_response(answer)

    async def _content(self, _: web.Request) -> web.StreamResponse:
        return web.Response(body=self.clip, content_type="video/mp4")

    async def _models(self, _: web.Request) -> web.StreamResponse:
        return web.json_response({"data": self.listed})

    def call(self, ref: str, *, at: float) -> tuple[dict[str, str], bytes]:
        event = {"type": "video.generation.completed", "data": {"id": ref}}
        body = json.dumps(event).encode()
        text = f"{int(at)},".encode() + body
        digest = hmac.new(HMAC_SECRET.encode(), text, hashlib.sha256).hexdigest()
        return {
            "X-OpenRouter-Idempotency-Key": f"{ref}-completed",
            "X-OpenRouter-Signature": f"t={int(at)},v1={digest}",
        }, body


class FakeFal(FakeService):
    """A queue; results and refusals come from the result's own address."""

    errors: ClassVar[Errors] = {
        "wrong key": (401, {"detail": "Authentication is required"}),
        "no money": (403, {"detail": "User is locked. Reason: Exhausted balance."}),
        "refused": (
            422,
            {"detail": [{"loc": ["body"], "type": "content_policy_violation"}]},
        ),
        "gone": (404, {"detail": "Application 'm' not found"}),
        "busy": (429, {"detail": "Too many requests"}),
        "invalid": (422, {"detail": [{"loc": ["body"], "type": "value_error"}]}),
    }
    base = ""

    def __init__(self, clip: bytes = b"") -> None:
        super().__init__(clip)
        self.signing = SigningKey.generate()
        self.stored: dict[str, bytes] = {}
        requests = "/acme/m/requests/{id}"
        self.route("GET", f"{requests}/status", "look", self._look)
        self.route("PUT", f"{requests}/cancel", "cancel", self._cancel)
        self.route("GET", requests, "result", self._result)
        self.route("GET", "/files/{id}.mp4", "content", self._content)
        self.route("GET", "/.well-known/jwks.json", "keys", self._keys)
        self.route("POST", "/storage/upload/initiate", "upload", self._upload)
        self.route("PUT", "/put/{name}", "put", self._put)
        self.route("GET", "/fal-ai/any/requests/{id}/status", "check", self._unknown)
        self.route("POST", "/acme/m/{what:[a-z-]+}", "create", self._create)

    async def _create(self, request: web.Request) -> web.StreamResponse:
        render = self.accept(secrets.token_hex(16), self.seen[-1].json["prompt"])
        base = f"{self.url}/acme/m/requests/{render.id}"
        return web.json_response(
            {
                "request_id": render.id,
                "status_url": f"{base}/status",
                "response_url": base,
                "cancel_url": f"{base}/cancel",
            }
        )

    async def _look(self, request: web.Request) -> web.StreamResponse:
        render = self.look(request.match_info["id"])
        if render is None:
            return web.json_response({"detail": "Request not found"}, status=404)
        waiting = "IN_PROGRESS" if self.began else "IN_QUEUE"
        word = "COMPLETED" if render.state else waiting
        return web.json_response(
            {"status": word, "request_id": render.id, "queue_position": 3},
            status=200 if render.state else 202,
        )

    async def _result(self, request: web.Request) -> web.StreamResponse:
        render = self.renders[request.match_info["id"]]
        if render.state == "failed":
            return web.json_response(render.error, status=422)
        return web.json_response(
            {"video": {"url": f"{self.url}/files/{render.id}.mp4"}}
        )

    async def _cancel(self, request: web.Request) -> web.StreamResponse:
        render = self.renders.get(request.match_info["id"])
        if render is None:
            return web.json_response({"status": "NOT_FOUND"}, status=404)
        if render.state:
            return web.json_response({"status": "ALREADY_COMPLETED"}, status=400)
        if self.began:  # only a signal: what runs may go on
            told = {"status": "CANCELLATION_REQUESTED"}
            return web.json_response(told, status=202)
        render.state = "cancelled"
        return web.json_response({"status": "OK"})

    async def _content(self, _: web.Request) -> web.StreamResponse:
        return web.Response(body=self.clip, content_type="video/mp4")

    async def _keys(self, _: web.Request) -> web.StreamResponse:
        raw = bytes(self.signing.verify_key)
        x = base64.urlsafe_b64encode(raw).decode().rstrip("=")
        key = {"kty": "OKP", "crv": "Ed25519", "x": x, "kid": "1"}
        return web.json_response({"keys": [key]})

    async def _upload(self, _: web.Request) -> web.StreamResponse:
        name = secrets.token_hex(4)
        put, found = f"{self.url}/put/{name}", f"https://v3.fal.media/{name}.jpg"
        return web.json_response({"upload_url": put, "file_url": found})

    async def _put(self, request: web.Request) -> web.StreamResponse:
        self.stored[request.match_info["name"]] = self.seen[-1].body
        return web.Response()

    async def _unknown(self, _: web.Request) -> web.StreamResponse:
        return web.json_response({"detail": "Request not found"}, status=404)

    def is_keyed(self, request: web.Request) -> bool:
        if request.path.startswith(("/put/", "/files/")):
            return "Authorization" not in request.headers
        return request.headers.get("Authorization") == f"Key {KEY}"

    def call(self, ref: str, *, at: float) -> tuple[dict[str, str], bytes]:
        body = json.dumps({"request_id": ref, "status": "OK", "payload": {}}).encode()
        stamp, user = str(int(at)), "user-1"
        digest = hashlib.sha256(body).hexdigest()
        text = f"{ref}\n{user}\n{stamp}\n{digest}".encode()
        return {
            "X-Fal-Webhook-Request-Id": ref,
            "X-Fal-Webhook-User-Id": user,
            "X-Fal-Webhook-Timestamp": stamp,
            "X-Fal-Webhook-Signature": self.signing.sign(text).signature.hex(),
        }, body


class FakeGemini(FakeService):
    """The Interactions API.

    Attributes:
        background: Whether it answers at once; else with the finished clip, once
            `finished` is set.
        inline: Whether a clip is inside the answer.
    """

    errors: ClassVar[Errors] = {
        "wrong key": (
            400,
            {"error": {"code": 400, "message": "API key not valid: invalid key"}},
        ),
        "no money": (
            403,
            {"error": {"code": 403, "message": "Billing is required for this model"}},
        ),
        "refused": (
            400,
            {"error": {"code": 400, "message": "Blocked by safety filters"}},
        ),
        "gone": (
            404,
            {"error": {"code": 404, "message": "models/m is not found"}},
        ),
        "busy": (
            429,
            {"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "message": "?"}},
        ),
        "invalid": (
            400,
            {"error": {"code": 400, "status": "INVALID_ARGUMENT", "message": "?"}},
        ),
    }
    base = "/v1beta"

    def __init__(self, clip: bytes = b"") -> None:
        super().__init__(clip)
        self.background = True
        self.inline = False
        self.active = 0
        base = self.base
        one = f"{base}/interactions/{{id}}"
        self.route("POST", f"{base}/interactions", "create", self._create)
        self.route("GET", one, "look", self._look)
        self.route("DELETE", one, "delete", self._delete)
        self.route("POST", f"{one}/cancel", "cancel", self._cancel)
        self.route("GET", f"{base}/files/{{id}}:download", "content", self._content)
        self.route("GET", f"{base}/files/{{id}}", "file", self._file)
        self.route("GET", f"{base}/models", "check", self._models)

    async def _create(self, request: web.Request) -> web.StreamResponse:
        body = self.seen[-1].json
        before = body.get("previous_interaction_id")
        if before is not None and before not in self.renders:
            told = {"error": {"code": 404, "message": "Interaction not found"}}
            return web.json_response(told, status=404)
        render = self.accept(f"v1_{secrets.token_hex(20)}", body["input"][-1]["text"])
        if self.background:
            return web.json_response({"id": render.id, "status": "in_progress"})
        await self.released.wait()
        render.state = "failed" if render.error else "done"
        return web.json_response(self._interaction(render))

    def _interaction(self, render: Render) -> dict[str, Any]:
        word = {"done": "completed", "failed": "failed", "cancelled": "cancelled"}
        answer: dict[str, Any] = {
            "id": render.id,
            "status": word.get(render.state, "in_progress"),
        }
        if render.state == "failed":
            answer["error"] = render.error
        if render.state == "done":
            data = base64.b64encode(self.clip).decode()
            uri = f"{self.url}/v1beta/files/{render.id}"
            video = {"data": data} if self.inline else {"uri": uri}
            content = [{"type": "video", "mime_type": "video/mp4"} | video]
            answer["steps"] = [{"type": "model_output", "content": content}]
        return answer

    async def _look(self, request: web.Request) -> web.StreamResponse:
        render = self.look(request.match_info["id"])
        if render is None:
            told = {"error": {"code": 404, "message": "Interaction not found"}}
            return web.json_response(told, status=404)
        return web.json_response(self._interaction(render))

    async def _file(self, _: web.Request) -> web.StreamResponse:
        self.active -= 1
        state = "PROCESSING" if self.active >= 0 else "ACTIVE"
        return web.json_response({"name": "files/x", "state": state})

    async def _content(self, _: web.Request) -> web.StreamResponse:
        return web.Response(body=self.clip, content_type="video/mp4")

    async def _delete(self, request: web.Request) -> web.StreamResponse:
        self.renders.pop(request.match_info["id"], None)
        return web.json_response({})

    async def _cancel(self, request: web.Request) -> web.StreamResponse:
        render = self.renders[request.match_info["id"]]
        render.state = render.state or "cancelled"
        return web.json_response(self._interaction(render))

    async def _models(self, _: web.Request) -> web.StreamResponse:
        return web.json_response({"models": [{"name": "models/m"}]})

    def is_keyed(self, request: web.Request) -> bool:
        return request.headers.get("x-goog-api-key") == KEY


class FakeReplicate(FakeService):
    """Predictions; the clip lies on another host."""

    errors: ClassVar[Errors] = {
        "wrong key": (401, {"title": "Unauthenticated", "status": 401, "detail": "x"}),
        "no money": (
            402,
            {"title": "Insufficient credit", "status": 402, "detail": "x"},
        ),
        "refused": (
            422,
            {"title": "Input flagged as sensitive", "detail": "NSFW", "status": 422},
        ),
        "gone": (404, {"detail": "The requested resource could not be found."}),
        "busy": (429, {"detail": "Request was throttled.", "status": 429}),
        "invalid": (422, {"title": "Input validation failed", "status": 422}),
    }
    base = "/v1"
    STARTED = "2026-11-25T12:00:00Z"

    def __init__(self, clip: bytes = b"") -> None:
        super().__init__(clip)
        self.made: dict[str, dict[str, Any]] = {}
        self.models: dict[str, str] = {}
        base = self.base
        self.route(
            "POST", f"{base}/models/{{owner}}/{{name}}/predictions", "create", self._new
        )
        self.route("POST", f"{base}/predictions", "create", self._new)
        self.route("GET", f"{base}/predictions", "list", self._list)
        self.route("POST", f"{base}/predictions/{{id}}/cancel", "cancel", self._cancel)
        self.route("GET", f"{base}/predictions/{{id}}", "look", self._look)
        self.route("GET", f"{base}/account", "check", self._account)
        self.route("GET", "/delivery/{id}/out.mp4", "content", self._content)

    async def _account(self, _: web.Request) -> web.StreamResponse:
        return web.json_response({"type": "user", "username": "acme"})

    async def _new(self, request: web.Request) -> web.StreamResponse:
        body, named = self.seen[-1].json, request.match_info
        owner, name = named.get("owner", "acme"), named.get("name", "m")
        render = self.accept(secrets.token_hex(13), body["input"]["prompt"])
        self.made[render.id] = body["input"]
        self.models[render.id] = f"{owner}/{name}"
        return web.json_response(self._prediction(render), status=201)

    def _prediction(self, render: Render) -> dict[str, Any]:
        word = {"done": "succeeded", "failed": "failed", "cancelled": "canceled"}
        return {
            "id": render.id,
            "model": self.models[render.id],
            "version": "hidden",
            "status": word.get(
                render.state, "processing" if self.began else "starting"
            ),
            "input": self.made[render.id],
            "started_at": self.STARTED if self.began else None,
            "created_at": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
            "output": f"{self.url}/delivery/{render.id}/out.mp4"
            if render.state == "done"
            else None,
            "error": render.error if render.state == "failed" else None,
            "metrics": {"total_time": 9.0} if render.state == "done" else {},
        }

    async def _look(self, request: web.Request) -> web.StreamResponse:
        render = self.look(request.match_info["id"])
        if render is None:
            return web.json_response({"detail": "Not found"}, status=404)
        return web.json_response(self._prediction(render))

    async def _list(self, _: web.Request) -> web.StreamResponse:
        results = [self._prediction(render) for render in self.renders.values()]
        return web.json_response({"results": results[::-1], "next": None})

    async def _cancel(self, request: web.Request) -> web.StreamResponse:
        render = self.renders[request.match_info["id"]]
        render.state = render.state or "cancelled"
        return web.json_response(self._prediction(render))

    async def _content(self, _: web.Request) -> web.StreamResponse:
        return web.Response(body=self.clip, content_type="video/mp4")

    def call(self, ref: str, *, at: float) -> tuple[dict[str, str], bytes]:
        body = {"id": ref, "status": "succeeded"}
        return sign_standard(json.dumps(body).encode(), at=at)
