"""What every endpoint shares: the application behind it, who calls, and problems as documents (RFC 9457)."""

import logging
from collections.abc import Callable, Sequence
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Path, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, ConfigDict
from sqlalchemy.exc import OperationalError
from starlette.exceptions import HTTPException

from service.application import Retour
from service.platform.auth import Caller, Scope
from service.platform.db import DatabaseUnavailable
from service.platform.fields import PATTERNS, Ref
from service.platform.problems import Problem

_log = logging.getLogger("retour.service")
_bearer = HTTPBearer(auto_error=False, description="an API key: `retour keys create --role …`")

OrderId = Annotated[Ref, Path(description="the order's number in the shop", examples=["A-1001"])]
DeliveryId = Annotated[
    Ref, Path(description="the parcel's number, unique within its order", examples=["DHL-00340434"])
]
Sku = Annotated[Ref, Path(description="the product's number in the shop", examples=["MUG-01"])]

Responses = dict[int | str, dict[str, Any]]


class FieldError(BaseModel):
    """What is wrong with one field. The value itself is never echoed: it may be personal."""

    field: str
    detail: str


class ProblemDocument(BaseModel):
    """RFC 9457: `detail` names the thing, the place and the way out."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "type": "/problems/more-than-delivered",
                "title": "More would come back than is there to be returned",
                "status": 409,
                "detail": "line 1 of order 'A-1001': 2 delivered, 1 in other returns, so 1 can be "
                "returned, not 2; lower the quantity",
            }
        }
    )

    type: str
    title: str
    status: int
    detail: str
    errors: list[FieldError] | None = None


def get_retour(request: Request) -> Retour:
    """The application that this server stands in front of."""
    retour: Retour = request.app.state.retour
    return retour


RetourDep = Annotated[Retour, Depends(get_retour)]


def caller_with(scope: Scope) -> Callable[..., Caller]:
    """The dependency that lets only callers with this scope pass."""

    def caller(
        retour: RetourDep,
        credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
    ) -> Caller:
        found = retour.keys.caller(credentials.credentials if credentials else None)
        found.require(scope)
        return found

    return caller


def problems(*statuses: int) -> Responses:
    """The problem responses of an endpoint, for its description; those that every endpoint has are added."""
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {
        status: {"description": _MEANINGS[status], "content": content}
        for status in sorted({400, 401, 403, 422, 503, *statuses})
    }


_MEANINGS = {
    400: "The body is no JSON",
    401: "No valid API key",
    403: "The key's role may not do this",
    404: "No such thing",
    409: "It contradicts what is recorded",
    422: "A field is missing or wrong",
    503: "The database does not answer",
}


def add_problem_handlers(app: FastAPI) -> None:
    """Every failure leaves as a problem document."""
    app.add_exception_handler(Problem, _on_problem)
    app.add_exception_handler(RequestValidationError, _on_invalid_request)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(OperationalError, _on_database_down)
    app.add_exception_handler(DatabaseUnavailable, _on_database_down)
    app.add_exception_handler(Exception, _on_fault)


def _on_problem(_: Request, problem: Exception) -> JSONResponse:
    assert isinstance(problem, Problem)  # noqa: S101  # registered for this class
    headers = {"WWW-Authenticate": "Bearer"} if problem.status == 401 else None
    return _document(problem.status, problem.slug, problem.title, str(problem), headers=headers)


def _on_invalid_request(_: Request, invalid: Exception) -> JSONResponse:
    assert isinstance(invalid, RequestValidationError)  # noqa: S101  # registered for this class
    first = invalid.errors()[0]
    if first["type"] == "json_invalid":
        detail = f"the body is no JSON: {first['ctx']['error']} at character {first['loc'][-1]}; mend it there"
        return _document(400, "malformed-json", "The body is no JSON", detail)
    errors = [_field_error(each) for each in invalid.errors()]
    more = f"; and {len(errors) - _TOLD} more" if len(errors) > _TOLD else ""
    detail = "; ".join(f"{each.field}: {each.detail}" for each in errors[:_TOLD]) + more
    return _document(422, "invalid-request", "A field is missing or wrong", detail, errors)


def _field_error(error: dict[str, Any]) -> FieldError:
    place, *path = error["loc"]
    field = "".join(f"[{each}]" if isinstance(each, int) else f".{each}" for each in path)
    if not path and error["type"] == "model_attributes_type":
        detail = "must be a JSON object, sent with `Content-Type: application/json`"
    else:
        detail = _in_words(error)
    return FieldError(field=field.lstrip(".") or str(place), detail=detail)


def _in_words(error: dict[str, Any]) -> str:
    """What is wrong with a value, with an example of a right one where the library's words have none."""
    if error["type"] == "string_pattern_mismatch":
        return PATTERNS[error["ctx"]["pattern"]]
    if error["type"].startswith("datetime"):
        return f"must be a time such as {_A_TIME}"
    words: str = error["msg"].removeprefix("Value error, ")
    return _WORDS.get(error["type"], words)


_TOLD = 5
_A_TIME = "2026-03-02T09:30:00Z"
_WORDS = {
    "missing": "is missing",
    "extra_forbidden": "there is no such field; /docs shows those there are",
    "timezone_aware": f"must carry its offset from UTC, as in {_A_TIME}",
    "too_short": "must hold at least one",
}


def _on_http_exception(request: Request, refused: Exception) -> JSONResponse:
    assert isinstance(refused, HTTPException)  # noqa: S101  # registered for this class
    if refused.status_code == 400:
        cause = type(refused.__cause__).__name__ if refused.__cause__ else "no more is known"
        detail = f"the body cannot be read as JSON in UTF-8 ({cause}); mend it and send it again"
        return _document(400, "malformed-json", "The body is no JSON", detail)
    if refused.status_code == 405:
        takes = (refused.headers or {}).get("Allow", "another method")
        detail = f"{request.method} does nothing at this address; it takes {takes}"
    else:
        detail = f"{request.method} leads nowhere at this address; /docs shows what there is"
    slug = str(refused.detail).lower().replace(" ", "-")
    headers = dict(refused.headers or {})
    return _document(refused.status_code, slug, str(refused.detail), detail, headers=headers)


def _on_database_down(_: Request, failure: Exception) -> JSONResponse:
    _log.error("the database does not answer: %s", type(failure).__name__)
    detail = "the database does not answer or is too busy; nothing was recorded, try again"
    return _document(503, "database-unavailable", "The database does not answer", detail)


def _on_fault(_: Request, fault: Exception) -> JSONResponse:
    """A fault of ours. The server logs its traceback; the caller learns that nothing was recorded."""
    detail = "a fault of the service, noted in its log; nothing was recorded"
    return _document(500, "fault", "The service failed", detail)


def _document(
    status: int,
    slug: str,
    title: str,
    detail: str,
    errors: Sequence[FieldError] | None = None,
    headers: dict[str, str] | None = None,
) -> JSONResponse:
    document = ProblemDocument(
        type=f"/problems/{slug}",
        title=title,
        status=status,
        detail=detail,
        errors=None if errors is None else list(errors),
    )
    return JSONResponse(
        document.model_dump(exclude_none=True),
        status,
        headers=headers,
        media_type="application/problem+json",
    )
