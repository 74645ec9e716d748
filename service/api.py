"""The service over HTTP: a thin edge around `Retour`."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline
from pydantic import BaseModel, Field

from service.application import Retour
from service.body_limit import BodyLimit
from service.cases.endpoints import router as cases
from service.catalog.endpoints import router as products
from service.customers.endpoints import router as customers
from service.domain.risk import RiskHealth
from service.edge import (
    PLACE,
    ProblemDocument,
    RetourDep,
    add_problem_handlers,
    places_to_write,
)
from service.flags.endpoints import router as flags
from service.orders.endpoints import router as orders
from service.platform.problems import MOST_BODY_BYTES
from service.platform.telemetry import Requests
from service.receiving.endpoints import router as receiving
from service.returns.endpoints import router as returns
from service.reviews.endpoints import router as reviews
from service.settlements.endpoints import router as refunds
from service.shipments.endpoints import router as shipments
from service.slashes import EncodedSlashes
from service.staff.endpoints import router as staff
from service.stock.endpoints import router as stock
from service.surveys.endpoints import router as surveys
from service.texts.endpoints import router as texts

_ABOUT = f"""
A shop's systems tell of products, orders and deliveries (key of role `shop`); its app applies for returns and shows
them (role `storefront`), each to its customer, whom a token proves. Every `PUT` can be repeated, and every `POST` that
brings an `Idempotency-Key`. Money is in minor units, times carry their offset. In a path a number's slash is written `%2F`. A body
has at most {MOST_BODY_BYTES:,} bytes.
Failures are problem documents (RFC 9457). Every answer has an `X-Request-Id`, the caller's own where it sent one of 16 to 64
letters, digits, `-` and `_`; log and events know the request by it.
"""
_TAGS = [
    {"name": "products", "description": "What the shop sells; the newest word counts."},
    {"name": "orders", "description": "What was bought, and which parcels reached the customer."},
    {"name": "customers", "description": "How a shop's app proves who its customer is."},
    {"name": "returns", "description": "What customers want to send back, and where that stands."},
    {"name": "shipments", "description": "How the goods come, and where they are on their way."},
    {"name": "reviews", "description": "What a person decides, and asks the customer."},
    {"name": "receiving", "description": "The dock: parcels, inspections, where goods go."},
    {"name": "stock", "description": "Returned goods, by product and place."},
    {"name": "refunds", "description": "Money on its way back."},
    {"name": "cases", "description": "What needs somebody: complaints, dangers, what stalls."},
    {"name": "surveys", "description": "How it was; by the link of a letter, without a key."},
    {"name": "flags", "description": "Products that come back too often, and what buyers do."},
    {"name": "texts", "description": "What customers wrote; each reading is noted."},
    {"name": "staff", "description": "Who works on returns, and when somebody is away."},
    {"name": "health", "description": "Whether the service lives; no key is needed."},
]


_ROUTERS = (
    products,
    orders,
    customers,
    returns,
    shipments,
    reviews,
    receiving,
    stock,
    refunds,
    cases,
    surveys,
    flags,
    texts,
    staff,
)


class RiskReadiness(BaseModel):
    """Who decides on applications. Without a model that can, people and rules do: it is a warning, no failure."""

    deciding: Annotated[
        str,
        Field(
            description="what the next decision rests on: model, no_model, uncertified, suspended or unavailable"
        ),
    ]
    model_version: Annotated[str | None, Field(description="the model that is named to decide")]
    challenger_version: Annotated[str | None, Field(description="the model that scores beside it")]
    assessed: Annotated[Mapping[str, int], Field(description="decisions, by what they rest on")]
    discarded: Annotated[
        Mapping[str, int], Field(description="answers of models that were not heard, by why not")
    ]


class Readiness(BaseModel):
    """The service can do its work."""

    status: Annotated[Literal["ok"], Field(description="it can")]
    log_head: Annotated[int, Field(description="the number of the newest event")]
    risk: RiskReadiness

    @classmethod
    def of(cls, log_head: int, health: RiskHealth) -> Self:
        risk = RiskReadiness(
            deciding=health.deciding,
            model_version=health.model_version,
            challenger_version=health.challenger_version,
            assessed=health.assessed,
            discarded=health.discarded,
        )
        return cls(status="ok", log_head=log_head, risk=risk)


def create_app(retour: Retour) -> FastAPI:
    """The HTTP application of one `Retour`. Its /docs load nothing from elsewhere."""
    app = FastAPIOffline(
        title="Retour",
        version="1",
        description=_ABOUT,
        openapi_tags=_TAGS,
        redoc_url=None,  # it shows a logo from another host
        swagger_ui_parameters={"validatorUrl": None},  # else it sends the address away to be judged
        dependencies=[PLACE],
    )
    app.state.retour, app.state.places = retour, places_to_write()
    for router in _ROUTERS:
        app.include_router(router)
    add_problem_handlers(app)
    app.add_middleware(EncodedSlashes)
    app.add_middleware(BodyLimit)
    app.add_middleware(Requests, clock=retour.context.clock, ids=retour.context.ids)
    _add_health(app)
    _describe_problems(app)
    return app


def _add_health(app: FastAPI) -> None:
    @app.get("/healthz", tags=["health"])
    async def healthz() -> dict[str, str]:
        """The process answers."""
        return {"status": "ok"}

    @app.get("/readyz", tags=["health"])
    def readyz(retour: RetourDep) -> Readiness:
        """The database answers too; and who decides on applications, with what was counted since the process began."""
        health = retour.context.risk.health(retour.context.policy.risk)
        return Readiness.of(retour.log_head(), health)


def _describe_problems(app: FastAPI) -> None:
    """The schema that every endpoint's problem responses refer to."""
    describe = app.openapi

    def openapi() -> dict[str, Any]:
        schema = describe()
        ours = ProblemDocument.model_json_schema(ref_template="#/components/schemas/{model}")
        schema["components"]["schemas"].update({**ours.pop("$defs", {}), "Problem": ours})
        return schema

    app.openapi = openapi  # type: ignore[method-assign]
