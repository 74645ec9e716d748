"""Starts one part alone: the service or the dashboards."""

import os
import sys
from pathlib import Path

from retour.settings import Settings


def serve_service(settings: Settings) -> None:
    """Serve the API until a signal ends it."""
    import uvicorn

    from retour.assembly import open_retour
    from retour.ports import refuse_taken_port
    from service.api import create_app

    refuse_taken_port(settings.host, settings.service_port, "service")
    app = create_app(open_retour(settings))
    uvicorn.run(app, host=settings.host, port=settings.service_port, log_level="warning")


def serve_dashboard(settings: Settings) -> None:
    """Become the dashboards' server."""
    import dashboards
    from retour.ports import refuse_taken_port

    refuse_taken_port(settings.host, settings.dashboard_port, "dashboard")
    page = Path(dashboards.__path__[0]) / "streamlit_app.py"
    words = {
        "server.address": settings.host,
        "server.port": str(settings.dashboard_port),
        "server.headless": "true",
        "browser.gatherUsageStats": "false",
    }
    options = [f"--{name}={value}" for name, value in words.items()]
    os.execv(sys.executable, [sys.executable, "-m", "streamlit", "run", str(page), *options])  # noqa: S606  # the process becomes Streamlit, so that signals reach it
