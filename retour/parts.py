"""Starts one part alone: the service, a worker or the dashboards."""

import logging
import os
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from retour.settings import Settings

_PATIENCE_SECONDS = 10  # callers of the service go away sooner than commands do


def serve_service(settings: Settings) -> None:
    """Serve the API until a signal ends it."""
    import uvicorn

    from retour.assembly import open_retour
    from retour.ports import refuse_taken_port
    from service.api import create_app
    from service.platform.telemetry import log_to_stdout

    refuse_taken_port(settings.host, settings.service_port, "service")
    retour = open_retour(settings, patience_seconds=_PATIENCE_SECONDS)
    app = create_app(retour)
    log_to_stdout()
    # The model is read now, so that no customer waits for that.
    retour.context.risk.health(retour.context.policy.risk)
    uvicorn.run(app, host=settings.host, port=settings.service_port, log_level="warning")


def work(settings: Settings) -> None:
    """Work off jobs until Ctrl-C or SIGTERM; the jobs in hand are finished.

    What waits for the mail server or the payment system does so in a thread of its own.
    """
    from retour.assembly import open_handlers, open_retour
    from service.handlers import plan_housekeeping
    from service.worker import workers_apart

    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.WARNING)
    retour = open_retour(settings)
    plan_housekeeping(retour)
    workers = workers_apart(retour.context, open_handlers(settings, retour))
    stop = threading.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, lambda *_: stop.set())
    # In threads of their own: a signal that came while this one waits on the event would set it from within.
    with ThreadPoolExecutor(len(workers)) as pool:
        for ended in as_completed([pool.submit(each.run_forever, stop) for each in workers]):
            stop.set()  # one that died ends all, so that it is seen
            ended.result()


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
