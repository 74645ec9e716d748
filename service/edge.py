"""What every endpoint shares: the application behind it, who calls, and problems as documents (RFC 9457)."""

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, get_type_hints

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.exc import OperationalError
from starlette.exceptions import HTTPException

from service.application import Retour
from service.platform.auth import Caller, Scope
from service.platform.db import DatabaseUnavailable
from service.platform.problems import KeyNotValid, NotAllowed, NotAuthenticated, Problem
from service.wording import in_words, place_of

_log = logging.getLogger("retour.service")
_ERRORS_IN_A_SENTENCE = 5
_bearer = HTTPBearer(auto_error=False, description="an API key: `retour keys create --role …`")

Responses = dict[int | str, dict[str, Any]]


class FieldError(BaseModel):
    """What is wrong with one field. The value itself is never echoed: it may be personal."""

    field: Annotated[str, Field(description="its place", examples=["lines[1].line_no"])]
    detail: Annotated[str, Field(description="what is wrong, with the right form")]


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

    type: Annotated[str, Field(description="the kind of problem, for programs")]
    title: Annotated[str, Field(description="the kind of problem, for people")]
    status: Annotated[int, Field(description="the HTTP status, once more")]
    detail: Annotated[str, Field(description="what happened here, and the way out")]
    errors: Annotated[
        list[FieldError] | None, Field(description="each wrong field; with `invalid-request` only")
    ] = None


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


def problems(*kinds: type[Problem], has_body: bool = True) -> Responses:
    """The problem responses of an endpoint, for its description; those that every endpoint has are added."""
    meanings = [*_EVERYWHERE, *((each.status, each.slug(), each.title) for each in kinds)]
    if has_body:
        meanings.append((400, "malformed-json", "The body is no JSON"))
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    described: Responses = {}
    for status, slug, title in sorted(meanings):
        before = f"{described[status]['description']}; " if status in described else ""
        described[status] = {"description": f"{before}{title} (`{slug}`)", "content": content}
    return described


_EVERYWHERE = [
    *(
        (each.status, each.slug(), each.title)
        for each in (NotAuthenticated, KeyNotValid, NotAllowed)
    ),
    (422, "invalid-request", "A field is missing or wrong"),
    (503, "database-unavailable", "The database does not answer"),
]


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
    return _document(problem.status, problem.slug(), problem.title, str(problem), headers=headers)


def _on_invalid_request(request: Request, invalid: Exception) -> JSONResponse:
    assert isinstance(invalid, RequestValidationError)  # noqa: S101  # registered for this class
    first = invalid.errors()[0]
    if first["type"] == "json_invalid":
        return _malformed(f"{first['ctx']['error']} at character {first['loc'][-1]}; mend it there")
    body = get_type_hints(request.scope["endpoint"]).get("body")
    errors = [
        FieldError(field=place_of(each), detail=in_words(each, body)) for each in invalid.errors()
    ]
    detail = "; ".join(f"{each.field}: {each.detail}" for each in errors[:_ERRORS_IN_A_SENTENCE])
    if more := len(errors[_ERRORS_IN_A_SENTENCE:]):
        detail += f"; and {more} more, in `errors`"
    return _document(422, "invalid-request", "A field is missing or wrong", detail, errors)


def _on_http_exception(request: Request, refused: Exception) -> JSONResponse:
    assert isinstance(refused, HTTPException)  # noqa: S101  # registered for this class
    if refused.status_code == 400 and refused.__cause__ is not None:
        return _malformed(_why_unreadable(refused.__cause__))
    detail = f"{request.method} leads nowhere at this address; /docs shows what there is"
    if allowed := (refused.headers or {}).get("Allow"):
        detail = f"{request.method} is not possible at this address, only {allowed} is"
    slug = str(refused.detail).lower().replace(" ", "-")
    return _document(
        refused.status_code, slug, str(refused.detail), detail, headers=refused.headers
    )


def _malformed(why: str) -> JSONResponse:
    return _document(400, "malformed-json", "The body is no JSON", f"the body is no JSON: {why}")


def _why_unreadable(cause: BaseException) -> str:
    if isinstance(cause, UnicodeDecodeError):
        return f"byte {cause.start} is not UTF-8; encode the body as UTF-8"
    if isinstance(cause, RecursionError):
        return "it is nested too deeply; /docs shows the form that is wanted"
    return "a number in it has too many digits; /docs shows the form that is wanted"


def _on_database_down(_: Request, failure: Exception) -> JSONResponse:
    why = str(failure) if isinstance(failure, DatabaseUnavailable) else type(failure).__name__
    _log.error("the database does not answer: %s", why)
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
    headers: Mapping[str, str] | None = None,
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
