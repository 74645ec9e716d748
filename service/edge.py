"""What every endpoint shares: the application behind it, who calls for which customer, repeated requests, problems as documents (RFC 9457)."""

import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Annotated, Any, get_type_hints

from anyio import Semaphore, fail_after
from fastapi import Depends, FastAPI, Header, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection
from starlette.convertors import register_url_convertor
from starlette.exceptions import HTTPException

from service.application import Retour
from service.domain.events import Actor, Role
from service.domain.words import Language, Phrase
from service.platform.auth import Caller, Scope
from service.platform.db import DatabaseBusy, DatabaseUnavailable
from service.platform.fields import CustomerTokenText, IdempotencyKey, OrderId, Rma
from service.platform.idempotency import Attempt, Repeated
from service.platform.language import negotiate, say
from service.platform.problems import (
    BodyTooLarge,
    KeyNotValid,
    NotAllowed,
    NotAuthenticated,
    Problem,
)
from service.platform.proof import (
    CustomerTokenForAnother,
    CustomerTokenMissing,
    CustomerTokenNotValid,
)
from service.platform.telemetry import HEADER
from service.slashes import OwnNumber
from service.wording import in_words, place_of

register_url_convertor("own", OwnNumber())

_log = logging.getLogger("retour.service")
_ERRORS_IN_A_SENTENCE = 5
_WRITING_AT_ONCE = 20  # of the forty threads that answer; the others are left to those who read
_RETRY_AFTER_SECONDS = "5"
_READS = ("GET", "HEAD")
_bearer = HTTPBearer(auto_error=False, description="an API key: `retour keys create --role …`")

_A_TOKEN = (
    "WyJvcmRlciIsIkEtMTAwMSIsMTc3MjUzOTIwMDAwMDAwMF0.0wB2Jm7cQe4xTn1pVd8sKf6gHr3yLz5uXa9oEiM2Wk0"
)

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
                "request_id": "req_2wd6q0m4v8x1c5z7b9n3k6j0hf",
            }
        }
    )

    type: Annotated[str, Field(description="the kind of problem, for programs")]
    title: Annotated[str, Field(description="the kind of problem, for people")]
    status: Annotated[int, Field(description="the HTTP status, once more")]
    detail: Annotated[str, Field(description="what happened here, and the way out")]
    request_id: Annotated[str, Field(description="what the service's log knows the request by")]
    errors: Annotated[
        list[FieldError] | None, Field(description="each wrong field; with `invalid-request` only")
    ] = None


# What waits for nothing is `async`: FastAPI hands everything else to a thread, which costs more than most of it.
async def get_retour(request: Request) -> Retour:
    """The application that this server stands in front of."""
    retour: Retour = request.app.state.retour
    return retour


RetourDep = Annotated[Retour, Depends(get_retour)]


async def get_place(request: Request, retour: RetourDep) -> AsyncIterator[None]:
    """One of the places of those that write or wait to; without it their threads would be all that there are.

    Raises `DatabaseBusy` where none gets free in time.
    """
    if request.method in _READS:
        yield
        return
    places: Semaphore = request.app.state.places
    try:
        with fail_after(retour.context.db.patience_seconds):
            await places.acquire()
    except TimeoutError:
        raise DatabaseBusy from None
    try:
        yield
    finally:
        places.release()


def places_to_write() -> Semaphore:
    """As many places as requests may write or wait for it at once."""
    return Semaphore(_WRITING_AT_ONCE)


PLACE = Depends(get_place, scope="function")  # given back before a slow reader has its answer
CredentialsDep = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]


def get_caller(request: Request, retour: RetourDep, credentials: CredentialsDep) -> Caller:
    """Whoever's key the request brings; looked up once a request, and noted for its line in the log."""
    caller = retour.keys.caller(credentials.credentials if credentials else None)
    request.state.key_id = caller.key_id
    return caller


CallerDep = Annotated[Caller, Depends(get_caller)]


def caller_with(*scopes: Scope) -> Callable[..., Awaitable[Caller]]:
    """The dependency that lets only callers with one of these scopes pass."""

    async def caller(found: CallerDep) -> Caller:
        found.require(*scopes)
        return found

    return caller


async def get_customer_token(
    header: Annotated[
        CustomerTokenText | None,
        Header(
            alias="Retour-Customer",
            description="what the customer proves itself with; a shop's app needs one, staff do not",
            examples=[_A_TOKEN],
        ),
    ] = None,
    token: Annotated[
        CustomerTokenText | None,
        Query(
            description="the same in a link, where no header can be sent",
            examples=[_A_TOKEN],
        ),
    ] = None,
) -> str | None:
    """What the customer proves itself with, where it came with the request."""
    return header or token


CustomerTokenDep = Annotated[str | None, Depends(get_customer_token)]


def customer_of_return(
    request: Request,
    rma: Rma,
    retour: RetourDep,
    credentials: CredentialsDep,
    token: CustomerTokenDep,
) -> bool:
    """The dependency that lets staff pass, and whoever has a token of this return or of its order: a letter's link has it.

    Whether it is the return's customer who reads.
    """
    if credentials is None and token:
        retour.customers.check_return(token, rma)
        return True
    caller = get_caller(request, retour, credentials)
    caller.require("returns:read", "returns:own")
    if caller.may("returns:read"):
        return False
    retour.customers.check_return(token, rma)
    return True


def customer_of_order(
    order_id: OrderId, retour: RetourDep, caller: CallerDep, token: CustomerTokenDep
) -> Caller:
    """The dependency that lets staff pass, and a shop's app with a token of this order."""
    caller.require("returns:read", "returns:own")
    if not caller.may("returns:read"):
        retour.customers.check_order(token, order_id)
    return caller


def customer_changing_return(
    rma: Rma, retour: RetourDep, caller: CallerDep, token: CustomerTokenDep
) -> Actor:
    """The dependency for what a customer does to a return: through a shop's app with the token, or through after-sales."""
    caller.require("returns:write")
    if not caller.may("returns:read"):
        retour.customers.check_return(token, rma)
    return Actor("customer", caller.staff_id)


CustomerDep = Annotated[Actor, Depends(customer_changing_return)]


def acting(*scopes: Scope) -> Callable[..., Awaitable[Actor]]:
    """The dependency that lets callers with one of these scopes act, in their own role."""

    async def actor(caller: CallerDep) -> Actor:
        caller.require(*scopes)
        return actor_of(caller)

    return actor


def actor_of(caller: Caller) -> Actor:
    """A caller in their own role, under the name of the member of staff, else of the key."""
    role: Role = "customer" if caller.role == "storefront" else caller.role
    return Actor(role, caller.staff_id or caller.key_id)


async def get_language(
    accept_language: Annotated[
        str | None,
        Header(description="the language of all that is for people: zh or en", examples=["zh"]),
    ] = None,
) -> Language:
    """The language that the caller's reader likes best."""
    return negotiate(accept_language)


LanguageDep = Annotated[Language, Depends(get_language)]

NOT_PROVEN = (CustomerTokenMissing, CustomerTokenNotValid, CustomerTokenForAnother)


RepeatKey = Annotated[
    IdempotencyKey | None,
    Header(
        alias="Idempotency-Key",
        description="1 to 200 printable ASCII characters of your choice, new for each request, such as a UUID; the same "
        "key with the same request is answered with what that made, with another request it is refused (409)",
        examples=["0b7c2f0e-5d0e-4a53-9a39-6a4c1f6a2a11"],
    ),
]


async def get_attempt(
    request: Request,
    retour: RetourDep,
    caller: CallerDep,
    idempotency_key: RepeatKey = None,
) -> Attempt | None:
    """The request as an attempt that may be repeated, where it brings a key. Every `POST` takes one."""
    return await _attempt(request, retour, caller.key_id, idempotency_key)


async def get_anonymous_attempt(
    request: Request, retour: RetourDep, idempotency_key: RepeatKey = None
) -> Attempt | None:
    """As `get_attempt`, where a link is all that a caller needs."""
    return await _attempt(request, retour, "anonymous", idempotency_key)


async def _attempt(
    request: Request, retour: Retour, caller: str, key: str | None
) -> Attempt | None:
    if key is None:
        return None
    asked = f"{request.method} {request.url.path}\n{_canonical(await request.body())}"
    fingerprint = retour.context.identity.keyed_hash("request", asked)
    return Attempt(caller, key, fingerprint)


AnonymousAttemptDep = Annotated[Attempt | None, Depends(get_anonymous_attempt)]
AttemptDep = Annotated[Attempt | None, Depends(get_attempt)]


def done(command: Callable[[], object]) -> None:
    """Carry a command out, unless its attempt did so before: the answer is how things are now, either way."""
    with suppress(Repeated):
        command()


def once(command: Callable[[], str]) -> tuple[str, bool]:
    """What a command makes, or what its attempt made before; and whether it is new."""
    try:
        return command(), True
    except Repeated as repeated:
        return repeated.subject, False


def _canonical(body: bytes) -> str:
    """The same text for the same JSON, however it is spaced and ordered; what is no JSON stands for itself."""
    try:
        return json.dumps(json.loads(body), sort_keys=True)
    except (ValueError, RecursionError):
        return body.hex()


def problems(*kinds: type[Problem], has_body: bool = True, needs_key: bool = True) -> Responses:
    """The problem responses of an endpoint, for its description; those that every endpoint has are added."""
    general = [*_EVERYWHERE, *(_OF_KEYS if needs_key else ())]
    meanings = [*general, *((each.status, each.slug(), each.title) for each in kinds)]
    if has_body:
        meanings.append((400, "malformed-json", "The body is no JSON"))
        meanings.append((BodyTooLarge.status, BodyTooLarge.slug(), BodyTooLarge.title))
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    described: Responses = {}
    for status, slug, title in sorted(meanings):
        before = f"{described[status]['description']}; " if status in described else ""
        described[status] = {"description": f"{before}{title} (`{slug}`)", "content": content}
    described[503]["headers"] = {
        "Retry-After": {
            "description": "after how many seconds to try again",
            "schema": {"type": "integer"},
        }
    }
    return described


_OF_KEYS = [
    (each.status, each.slug(), each.title) for each in (NotAuthenticated, KeyNotValid, NotAllowed)
]
_EVERYWHERE = [
    (422, "invalid-request", "A field is missing or wrong"),
    (503, "database-unavailable", "The database does not answer"),
]


def add_problem_handlers(app: FastAPI) -> None:
    """Every failure leaves as a problem document."""
    app.add_exception_handler(Problem, _on_problem)
    app.add_exception_handler(RequestValidationError, _on_invalid_request)
    app.add_exception_handler(HTTPException, _on_http_exception)
    for each in (OperationalError, InterfaceError, NoConnection, DatabaseUnavailable):
        app.add_exception_handler(each, _on_database_down)
    app.add_exception_handler(Exception, _on_fault)


def _on_problem(request: Request, problem: Exception) -> JSONResponse:
    assert isinstance(problem, Problem)  # noqa: S101  # registered for this class
    return refusal(request, problem)


def refusal(request: Request, problem: Problem) -> JSONResponse:
    """The document of a problem."""
    return _document(
        request,
        problem.status,
        problem.slug(),
        problem.title,
        problem.detail,
        headers=problem.headers(),
    )


def _on_invalid_request(request: Request, invalid: Exception) -> JSONResponse:
    assert isinstance(invalid, RequestValidationError)  # noqa: S101  # registered for this class
    first = invalid.errors()[0]
    if first["type"] == "json_invalid":
        return _malformed(
            request, f"{first['ctx']['error']} at character {first['loc'][-1]}; mend it there"
        )
    body = get_type_hints(request.scope["endpoint"]).get("body")
    errors = [
        FieldError(field=place_of(each), detail=in_words(each, body)) for each in invalid.errors()
    ]
    detail = "; ".join(f"{each.field}: {each.detail}" for each in errors[:_ERRORS_IN_A_SENTENCE])
    if more := len(errors[_ERRORS_IN_A_SENTENCE:]):
        detail += f"; and {more} more, in `errors`"
    return _document(request, 422, "invalid-request", "A field is missing or wrong", detail, errors)


def _on_http_exception(request: Request, refused: Exception) -> JSONResponse:
    assert isinstance(refused, HTTPException)  # noqa: S101  # registered for this class
    if isinstance(
        refused.__cause__, Problem
    ):  # FastAPI takes whatever ends the reading for bad JSON
        return refusal(request, refused.__cause__)
    if refused.status_code == 400 and refused.__cause__ is not None:
        return _malformed(request, _why_unreadable(refused.__cause__))
    detail = f"{request.method} leads nowhere at this address; /docs shows what there is"
    if allowed := (refused.headers or {}).get("Allow"):
        detail = f"{request.method} is not possible at this address, only {allowed} is"
    slug = str(refused.detail).lower().replace(" ", "-")
    return _document(
        request, refused.status_code, slug, str(refused.detail), detail, headers=refused.headers
    )


def _malformed(request: Request, why: str) -> JSONResponse:
    return _document(
        request, 400, "malformed-json", "The body is no JSON", f"the body is no JSON: {why}"
    )


def _why_unreadable(cause: BaseException) -> str:
    if isinstance(cause, UnicodeDecodeError):
        return f"byte {cause.start} is not UTF-8; encode the body as UTF-8"
    if isinstance(cause, RecursionError):
        return "it is nested too deeply; /docs shows the form that is wanted"
    return "a number in it has too many digits; /docs shows the form that is wanted"


def _on_database_down(request: Request, failure: Exception) -> JSONResponse:
    why = str(failure) if isinstance(failure, DatabaseUnavailable) else type(failure).__name__
    _log.error("the database does not answer: %s", why)
    detail = Phrase("the database does not answer or is too busy; nothing was recorded, try again")
    return _document(
        request,
        503,
        "database-unavailable",
        "The database does not answer",
        detail,
        headers={"Retry-After": _RETRY_AFTER_SECONDS},
    )


def _on_fault(request: Request, fault: Exception) -> JSONResponse:
    """A fault of ours. The server logs its traceback; the caller learns that nothing was recorded."""
    detail = Phrase("a fault of the service, noted in its log; nothing was recorded")
    return _document(request, 500, "fault", "The service failed", detail)


def _document(
    request: Request,
    status: int,
    slug: str,
    title: str,
    detail: str | Phrase,
    errors: Sequence[FieldError] | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    language = negotiate(request.headers.get("accept-language"))
    document = ProblemDocument(
        type=f"/problems/{slug}",
        title=say(title, language),
        status=status,
        detail=say(detail, language),
        request_id=request.state.request_id,
        errors=None if errors is None else list(errors),
    )
    return JSONResponse(
        document.model_dump(exclude_none=True),
        status,
        headers={**(headers or {}), HEADER: document.request_id},
        media_type="application/problem+json",
    )
