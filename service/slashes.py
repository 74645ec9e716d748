"""A shop's own numbers may hold slashes: in a path they are written %2F, and stay apart from those between its parts."""

import re
from urllib.parse import unquote

from starlette.convertors import StringConvertor
from starlette.types import ASGIApp, Receive, Scope, Send

_MARK, _NO_MARK = "\x00", "\x01"  # nobody's number holds either
_SLASH = re.compile(rb"%2f", re.IGNORECASE)
_TO_READ = re.compile(rb"%2f|%00", re.IGNORECASE)


class EncodedSlashes:
    """ASGI middleware: servers hand on a path in which %2F is `/` already; here it is a mark until the path is taken apart."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        raw: bytes = scope.get("raw_path") or b""
        if _TO_READ.search(raw):
            scope = {**scope, "path": _marked(raw)}
        await self._app(scope, receive, send)


class OwnNumber(StringConvertor):
    """`{sku:own}` in a route's path: a number of the shop's own."""

    def convert(self, value: str) -> str:
        return value.replace(_MARK, "/")


def _marked(raw: bytes) -> str:
    parts = (unquote(part.decode("ascii", "replace")) for part in _SLASH.split(raw))
    return _MARK.join(part.replace(_MARK, _NO_MARK) for part in parts)
