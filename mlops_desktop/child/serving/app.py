"""The server's routes as one plain ASGI application: authorise, answer, record, count."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import orjson

from mlops_desktop import __version__
from mlops_desktop.child.serving import guard as rules
from mlops_desktop.child.serving import inference, openapi
from mlops_desktop.child.serving.active import Active, Canary
from mlops_desktop.child.serving.answers import Answers, ClientGone, read_body
from mlops_desktop.child.serving.checks import shown
from mlops_desktop.child.serving.invocations import loads
from mlops_desktop.child.serving.model import LoadedModel
from mlops_desktop.child.serving.protocols import BodyKind, Csv, Infer, Json
from mlops_desktop.child.serving.refused import Refused
from mlops_desktop.child.serving.stats import Stats, plain
from mlops_desktop.child.serving.transport import Answer, reply

log = logging.getLogger(__name__)
Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
M = TypeVar("M")
T = TypeVar("T")
Headers = dict[bytes, bytes]
Extra = list[tuple[bytes, bytes]]
Reply = tuple[bytes, Extra]
Handler = Callable[[Headers, Receive], Awaitable[Reply]]
KindOf = Callable[[Headers], BodyKind]
Page = Callable[[], Reply]
_JSON = (b"content-type", b"application/json")
_TEXT = (b"content-type", b"text/plain; charset=utf-8")
_PROMETHEUS = (b"content-type", b"text/plain; version=0.0.4; charset=utf-8")
_CSV, _RECORDS, _INFER = Csv(), Json(), Infer()
_EXPLAINED: dict[BodyKind, BodyKind] = {_CSV: Csv(explain=True), _RECORDS: Json(explain=True)}


class App:
    """What uvicorn calls, always on the event loop."""

    def __init__(
        self,
        answers: Answers,
        guard: rules.Guard,
        stats: Stats,
        load: Callable[[dict[str, Any]], Active],
        shadow: Callable[[dict[str, Any] | None], None],
        describe: Callable[[], dict[str, Any]],
    ) -> None:
        """load makes a model ready to answer; shadow starts the process of another one, or ends
        it; describe adds what the process knows of itself."""
        self._answers = answers
        self._guard = guard
        self._stats = stats
        self._load = load
        self._shadow = shadow
        self._describe = describe
        self._swapping = asyncio.Lock()
        self._use(answers.active.model)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        began = time.perf_counter()
        stats = self._stats
        stats.in_progress[scope["method"]] += 1
        endpoint = (scope["method"], "other")
        status, version = 200, None
        extra: Extra
        try:
            headers = self._guard.admit(scope)
            method, path = scope["method"], scope["path"]
            if method == "POST" and (kind_of := self._predictions.get(path)):
                endpoint = ("POST", path)
                kind = kind_of(headers)
                if scope["query_string"] and _explain(scope["query_string"]):
                    kind = _explained(kind)
                    path += "?explain"  # Another request, even of the same id and body.
                body, extra = await self._answers.answer(kind, headers, receive, path)
            elif method == "POST" and (handler := self._handlers.get(path)):
                endpoint = ("POST", path)
                body, extra = await handler(headers, receive)
            elif method in ("GET", "HEAD") and (page := self._pages.get(path)):
                endpoint = ("GET", path)
                body, extra = page()
            else:
                raise self._no_route(method, path)
        except ClientGone:
            status = 499
            return
        except Refused as refused:
            status, extra, body = _refused(refused)
            version = refused.version
        except Exception:
            log.exception("request failed: %s %s", *endpoint)
            status, extra, body = _failed()
        finally:
            stats.in_progress[scope["method"]] -= 1
            stats.finished(endpoint, status, time.perf_counter() - began, version)
        await reply(send, status, extra, body)

    def at_once(self, scope: Scope, body: bytes) -> Answer | None:
        """The answer to a small prediction whose body is here; None for anything else."""
        path = scope["path"]
        kind_of = self._predictions.get(path)
        if kind_of is None or scope["method"] != "POST" or scope["query_string"]:
            return None
        began = time.perf_counter()
        status, version = 200, None
        extra: Extra
        try:
            headers = self._guard.admit(scope)
            kind = kind_of(headers)
            if kind.explains(body):
                return None
            answer, extra = self._answers.at_once(kind, headers, body, path)
        except Refused as refused:
            status, extra, answer = _refused(refused)
            version = refused.version
        except Exception:
            log.exception("request failed: POST %s", path)
            status, extra, answer = _failed()
        self._stats.finished(("POST", path), status, time.perf_counter() - began, version)
        return status, extra, answer

    def _no_route(self, method: str, path: str) -> Refused:
        if path in self._pages or path in self._handlers or path in self._predictions:
            allow = "GET" if path in self._pages else "POST"
            return Refused(405, f"{method} is not taken here.", allow=allow)
        if path.startswith("/v2/models/"):
            model = self._answers.active.model
            return Refused(404, f"This server answers for {model.name}, version {model.version}.")
        return Refused(404, "There is no such route; /openapi.json lists them.")

    def _use(self, model: LoadedModel) -> None:
        """Make the routes; those of the protocols name the model that is served now."""
        self._stats.serving = (model.name, model.version)
        self._predictions: dict[str, KindOf] = {"/invocations": _invocations}
        self._handlers: dict[str, Handler] = {
            "/admin/swap": self._swap,
            "/admin/second": self._second,
        }
        self._pages: dict[str, Page] = {
            "/ping": _alive,
            "/healthz": _alive,
            "/health": _alive,
            "/v2/health/live": _alive,
            "/v2/health/ready": _alive,
            "/version": lambda: (__version__.encode(), [_TEXT]),
            "/metrics": lambda: (self._stats.prometheus(), [_PROMETHEUS]),
            "/openapi.json": lambda: _json(
                openapi.document(
                    model.name, model.version, model.signature, list(model.labels.values())
                )
            ),
            "/v2": lambda: _json(
                {"name": "mlops_desktop", "version": __version__, "extensions": []}
            ),
            "/admin/stats": lambda: _json({**plain(self._stats), **self._describe()}),
        }
        base = f"/v2/models/{model.name}"
        about = inference.metadata(
            model.name, model.version, model.signature, list(model.labels.values())
        )
        for path in (base, f"{base}/versions/{model.version}"):
            self._pages[path] = lambda: _json(about)
            self._pages[f"{path}/ready"] = _alive
            self._predictions[f"{path}/infer"] = _infer

    async def _swap(self, headers: Headers, receive: Receive) -> Reply:
        rules.check_json(headers)
        request = loads(await read_body(receive))
        if not isinstance(request, dict) or not isinstance(request.get("model"), dict):
            raise Refused(400, 'The body is not an object with a "model".')
        async with self._swapping:
            fresh = await self._tried(self._load, request["model"])
            await self._tried(self._shadow, None)
            self._answers.exchange(fresh)
            self._use(fresh.model)
        log.info("swapped to %s version %s", fresh.model.name, fresh.model.version)
        return _json({"model": fresh.model.name, "version": fresh.model.version})

    async def _second(self, headers: Headers, receive: Receive) -> Reply:
        """{"role": "canary", "share": 0.1, "model": {...}}, {"role": "shadow", "model": {...}}, or
        {"role": null}: try a second version beside the first, in place of any other."""
        rules.check_json(headers)
        request = loads(await read_body(receive))
        asked = request if isinstance(request, dict) else {}
        role, share = asked.get("role", ""), asked.get("share", 0)
        model = asked.get("model", None if role else {})
        if role not in (None, "canary", "shadow") or not isinstance(model, dict):
            raise Refused(400, 'The body is not an object with a "role" and a "model".')
        if type(share) not in (int, float) or not 0 <= share <= 1:
            raise Refused(400, "The share is not a number from 0 to 1.")
        async with self._swapping:
            fresh = await self._tried(self._load, model) if role == "canary" else None
            await self._tried(self._shadow, model if role == "shadow" else None)
            self._answers.try_beside(None if fresh is None else Canary(fresh, share))
        log.info("second version: %s", role or "none")
        return _json({"role": role})

    async def _tried(self, work: Callable[[M], T], model: M) -> T:
        try:
            return await asyncio.to_thread(work, model)
        except Exception as error:
            log.exception("model refused")
            raise Refused(422, f"The model could not be loaded: {error}") from error


def _invocations(headers: Headers) -> BodyKind:
    return _CSV if rules.is_csv(headers) else _RECORDS


def _infer(headers: Headers) -> BodyKind:
    if b"inference-header-content-length" in headers:
        raise Refused(400, inference.NO_BINARY)
    rules.check_json(headers, may_be_absent=True)  # Triton's client names none.
    return _INFER


def _explain(query: bytes) -> bool:
    """What a prediction's address asks for beside the path."""
    try:
        given = parse_qsl(query.decode(), keep_blank_values=True, strict_parsing=True)
    except ValueError:
        raise Refused(400, "The address is not well-formed after its question mark.") from None
    wanted = False
    for name, value in given:
        if name != "explain":
            raise Refused(400, f"Unknown parameter {shown(name)}; there is explain=true.")
        if value not in ("true", "false"):
            raise Refused(400, f"explain is {shown(value)}, not true or false.")
        wanted = value == "true"
    return wanted


def _explained(kind: BodyKind) -> BodyKind:
    found = _EXPLAINED.get(kind)
    if found is None:
        raise Refused(
            400, 'This protocol asks for it in the body: "parameters": {"explain": true}.'
        )
    return found


def _refused(refused: Refused) -> Answer:
    extra = [_JSON, *((n.encode(), v.encode()) for n, v in refused.headers.items())]
    return refused.status, extra, orjson.dumps({"error": refused.message})


def _failed() -> Answer:
    return 500, [_JSON], b'{"error":"The server failed on this request; its log says why."}'


def _json(value: object) -> Reply:
    return orjson.dumps(value), [_JSON]


def _alive() -> Reply:
    return b'{"status":"ok"}', [_JSON]
