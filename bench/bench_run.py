"""How long a newcomer waits: `retour run` on an empty folder, from its start until each part answers."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from bench.figures import Figure
from retour.progress import read_progress
from retour.settings import Settings

_LIMIT_SECONDS = 900
_HEALTH = {"service": "/healthz", "dashboard": "/_stcore/health", "dagster": "/server_info"}
_AIMS = {"service": 60, "dashboard": 60, "dagster": 90}


def run() -> list[Figure]:
    """Start everything on the practice history once, and end it by the parent's process id."""
    ports = {name: _free_port() for name in _HEALTH}
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            **os.environ,
            "RETOUR_VAR_DIR": f"{folder}/var",
            "RETOUR_WAREHOUSE": f"{folder}/warehouse.duckdb",
            **{f"RETOUR_{name.upper()}_PORT": str(port) for name, port in ports.items()},
        }
        started = time.monotonic()
        parent = subprocess.Popen(
            [str(Path(sys.executable).with_name("retour")), "run"],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            answered = _wait(ports, started)
            data = _published_after(Path(folder) / "var" / "published" / "manifest.json", started)
            past = _past_after(Path(folder) / "var", started)
        finally:
            parent.send_signal(signal.SIGINT)
            parent.communicate(timeout=60)
    figures = [
        Figure(f"{name} answers after", answered[name], "s", f"≤ {_AIMS[name]} s")
        for name in _HEALTH
    ]
    return [
        *figures,
        Figure("first marts published after", data, "s"),
        Figure("the practice shop's past is played after", past[0], "s", "≤ 240 s"),
        Figure("returns in it", past[1], "", "≥ 3,000"),
    ]


def _wait(ports: dict[str, int], started: float) -> dict[str, float]:
    answered: dict[str, float] = {}
    while len(answered) < len(ports) and time.monotonic() - started < _LIMIT_SECONDS:
        for name in ports.keys() - answered.keys():
            if _answers(f"http://127.0.0.1:{ports[name]}{_HEALTH[name]}"):
                answered[name] = time.monotonic() - started
        time.sleep(0.2)
    return {name: answered.get(name, float("nan")) for name in ports}


def _published_after(manifest: Path, started: float) -> float:
    while not manifest.exists() and time.monotonic() - started < _LIMIT_SECONDS:
        time.sleep(0.2)
    return time.monotonic() - started if manifest.exists() else float("nan")


def _past_after(var_dir: Path, started: float) -> tuple[float, float]:
    """Seconds until the past is played, and how many returns it has."""
    settings = Settings(var_dir=var_dir)
    while time.monotonic() - started < _LIMIT_SECONDS:
        how_far = read_progress(settings)
        if how_far and how_far.share == 1:
            return time.monotonic() - started, how_far.returns
        time.sleep(0.2)
    return float("nan"), float("nan")


def _answers(address: str) -> bool:
    try:
        with urlopen(address, timeout=2) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
