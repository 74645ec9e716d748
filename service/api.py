"""The service over HTTP: a thin edge around `Retour`."""

from fastapi import FastAPI

from service.application import Retour


def create_app(retour: Retour) -> FastAPI:
    """The HTTP application of one `Retour`."""
    app = FastAPI(title="Retour", version="1")
    app.state.retour = retour

    @app.get("/healthz", include_in_schema=False)
    def healthz() -> dict[str, str]:
        return {"status": "ok"}

    return app
