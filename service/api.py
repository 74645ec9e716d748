"""The service over HTTP: a thin edge around `Retour`."""

from typing import Any

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline

from service.application import Retour
from service.catalog.endpoints import router as products
from service.edge import ProblemDocument, RetourDep, add_problem_handlers
from service.orders.endpoints import router as orders
from service.returns.endpoints import router as returns

_ABOUT = """
A shop's systems tell of products, orders and deliveries (key of role `shop`); its app applies for returns and shows
them (role `storefront`). Every `PUT` can be repeated. Money is in minor units, times carry their offset.
Failures are problem documents (RFC 9457).
"""
_TAGS = [
    {"name": "products", "description": "What the shop sells; the newest word counts."},
    {"name": "orders", "description": "What was bought, and which parcels reached the customer."},
    {"name": "returns", "description": "What customers want to send back, and where that stands."},
    {"name": "health", "description": "Whether the service lives; no key is needed."},
]


def create_app(retour: Retour) -> FastAPI:
    """The HTTP application of one `Retour`. Its /docs load nothing from elsewhere."""
    app = FastAPIOffline(
        title="Retour",
        version="1",
        description=_ABOUT,
        openapi_tags=_TAGS,
        redoc_url=None,  # it shows a logo from another host
        swagger_ui_parameters={"validatorUrl": None},  # else it sends the address away to be judged
    )
    app.state.retour = retour
    for router in (products, orders, returns):
        app.include_router(router)
    add_problem_handlers(app)
    _add_health(app)
    _describe_problems(app)
    return app


def _add_health(app: FastAPI) -> None:
    @app.get("/healthz", tags=["health"])
    def healthz() -> dict[str, str]:
        """The process answers."""
        return {"status": "ok"}

    @app.get("/readyz", tags=["health"])
    def readyz(retour: RetourDep) -> dict[str, str | int]:
        """The database answers too."""
        return {"status": "ok", "log_head": retour.log_head()}


def _describe_problems(app: FastAPI) -> None:
    """The schema that every endpoint's problem responses refer to."""
    describe = app.openapi

    def openapi() -> dict[str, Any]:
        schema = describe()
        ours = ProblemDocument.model_json_schema(ref_template="#/components/schemas/{model}")
        schema["components"]["schemas"].update({**ours.pop("$defs", {}), "Problem": ours})
        return schema

    app.openapi = openapi  # type: ignore[method-assign]
