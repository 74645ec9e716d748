"""No body is read without end: what is larger than any that is wanted is refused, whoever sends it."""

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.edge import refusal
from service.platform.problems import MOST_BODY_BYTES, BodyTooLarge


class BodyLimit:
    """ASGI middleware: refuses by the length that the request declares, before anything is read, and by what is read of it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if _declared_bytes(scope) > MOST_BODY_BYTES:
            await refusal(Request(scope), BodyTooLarge())(scope, receive, send)
            return
        read_bytes = 0

        async def counted() -> Message:
            nonlocal read_bytes
            message = await receive()
            read_bytes += len(message.get("body", b""))
            if read_bytes > MOST_BODY_BYTES:
                raise BodyTooLarge
            return message

        await self._app(scope, counted, send)


def _declared_bytes(scope: Scope) -> int:
    """What the request says of itself; 0 where it says nothing, or nothing that can be understood."""
    said = Headers(scope=scope).get("content-length", "")
    return int(said) if said.isdecimal() and len(said) < 20 else 0
