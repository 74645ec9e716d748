"""Each request has an id: its answer, its line in the log and its events carry it. What was said in it is logged nowhere."""

import json
import logging
import re
import sys
from contextvars import ContextVar
from time import perf_counter

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.platform.clock import Clock
from service.platform.ids import Ids

HEADER = "X-Request-Id"
# It enters the log for good. Ids of this form are common, names and telephone numbers are shorter.
_FORM = re.compile(r"[0-9A-Za-z_-]{16,64}")
_log = logging.getLogger("retour.requests")
_request_id: ContextVar[str | None] = ContextVar("request_id", default=None)


def current_request() -> str | None:
    """The id of the request that is answered here; None outside of any."""
    return _request_id.get()


def log_to_stdout() -> None:
    """Let each request's line go to standard output, nothing before or after it."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(logging.Formatter("%(message)s"))
    _log.addHandler(handler)
    _log.setLevel(logging.INFO)
    _log.propagate = False


class Requests:
    """ASGI middleware: takes the caller's `X-Request-Id` or makes one, returns it, and logs a line of JSON a request.

    The line has the route's template and never the path, the query or a body: those may be personal.
    """

    def __init__(self, app: ASGIApp, clock: Clock, ids: Ids) -> None:
        self._app, self._clock, self._ids = app, clock, ids

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _given(scope) or self._ids.token("req")
        scope.setdefault("state", {})["request_id"] = request_id
        status = 500  # what is answered outside of here where a fault ends the request

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[HEADER] = request_id
            await send(message)

        at, begun, before = self._clock.now(), perf_counter(), _request_id.set(request_id)
        try:
            await self._app(scope, receive, answer)
        finally:
            _request_id.reset(before)
            ms = round((perf_counter() - begun) * 1000, 1)
            line = {"at": at.isoformat(), **_about(scope), "status": status, "ms": ms}
            _log.info(json.dumps(line))


def _given(scope: Scope) -> str | None:
    given = Headers(scope=scope).get(HEADER, "")
    return given if _FORM.fullmatch(given) else None


def _about(scope: Scope) -> dict[str, str | None]:
    return {
        "request_id": scope["state"]["request_id"],
        "method": scope["method"],
        "route": getattr(scope.get("route"), "path_format", None),
        "key_id": scope["state"].get("key_id"),
    }
