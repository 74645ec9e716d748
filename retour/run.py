"""What `make run` starts: a shop's history, a first refresh, and three servers and a worker under one parent."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from urllib.error import URLError
from urllib.request import urlopen

from rich.console import Console

from pipelines.refresh import ensure_dagster_home
from retour.errors import UserError
from retour.ports import refuse_shared_ports, refuse_taken_port
from retour.settings import Settings

_READY_SECONDS = 180
_STOP_SECONDS = 15
_say = Console(highlight=False).print


@dataclass(frozen=True, slots=True)
class Site:
    """Where a server answers: the port, the path that does once it is up, and the page for people."""

    port: int
    health: str
    page: str


@dataclass(frozen=True, slots=True)
class Part:
    """One process: what to start, where it answers if it is a server, else what it does."""

    name: str
    command: Sequence[str]
    site: Site | None = None
    does: str = ""


def run_everything(settings: Settings, data: str) -> None:
    """Fill the shop, start every part, refresh, and stay until Ctrl-C. Raises `UserError`."""
    parts = _parts(settings)
    ports = {part.name: part.site.port for part in parts if part.site}
    refuse_shared_ports(ports)
    for name, port in ports.items():
        refuse_taken_port(settings.host, port, name)
    ensure_dagster_home(settings)
    with _interruptible():
        _fill(data)
        _say("Starting service, worker, dashboard and Dagster, and refreshing …")
        with _started(settings, parts) as processes:
            _refresh()
            for part in parts:
                _say(f"  {part.name:<10} {_ready(settings, part, processes)}")
            _say("  API keys   .venv/bin/retour keys create --role shop --name my-shop")
            _say("Ctrl-C ends it all.")
            _watch(settings, processes)


def _parts(settings: Settings) -> list[Part]:
    retour = str(Path(sys.executable).with_name("retour"))
    dagster = str(Path(sys.executable).with_name("dagster"))
    return [
        Part("service", [retour, "serve"], Site(settings.service_port, "/healthz", "/docs")),
        Part("worker", [retour, "worker"], does="sends mail and keeps deadlines"),
        Part(
            "dashboard",
            [retour, "dashboard"],
            Site(settings.dashboard_port, "/_stcore/health", ""),
        ),
        Part(
            "dagster",
            [dagster, "dev", "-h", settings.host, "-p", str(settings.dagster_port)],
            Site(settings.dagster_port, "/server_info", "/asset-groups"),
        ),
    ]


def _fill(data: str) -> None:
    """A given history is imported (again, if need be: it adds nothing); else an empty shop gets a practice one."""
    command = ["import", "online-retail", data] if data else ["practice"]
    _own_command(*command)


def _refresh() -> None:
    _own_command("refresh")


def _own_command(*words: str) -> None:
    retour = str(Path(sys.executable).with_name("retour"))
    if subprocess.run([retour, *words], check=False).returncode:
        raise UserError(f"`retour {' '.join(words)}` failed; its message stands above")


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    """SIGTERM ends the run as Ctrl-C does; either is a clean end."""

    def _interrupt(_: int, __: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt:
        _say("\nStopped.")
    finally:
        signal.signal(signal.SIGTERM, before)


@contextlib.contextmanager
def _started(
    settings: Settings, parts: Sequence[Part]
) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    processes: dict[str, subprocess.Popen[bytes]] = {}
    try:
        for part in parts:
            processes[part.name] = _start(settings, part)
        yield processes
    finally:
        _stop(list(processes.values()))


def _start(settings: Settings, part: Part) -> subprocess.Popen[bytes]:
    log = _log_file(settings, part.name)
    log.parent.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "DAGSTER_HOME": str(settings.dagster_home.resolve())}
    with log.open("wb") as output:
        return subprocess.Popen(
            part.command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
            start_new_session=True,  # Ctrl-C reaches the parent alone, which ends each group in turn
        )


def _stop(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    _signal_groups(processes, signal.SIGTERM)
    deadline = time.monotonic() + _STOP_SECONDS
    for process in processes:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(max(0.1, deadline - time.monotonic()))
    _signal_groups(processes, signal.SIGKILL)


def _signal_groups(processes: Sequence[subprocess.Popen[bytes]], number: signal.Signals) -> None:
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)


def _ready(settings: Settings, part: Part, processes: dict[str, subprocess.Popen[bytes]]) -> str:
    """Where to find the part, once it is there; or what it does."""
    if part.site is None:
        return part.does
    address = f"http://{settings.host}:{part.site.port}"
    deadline = time.monotonic() + _READY_SECONDS
    while not _answers(f"{address}{part.site.health}"):
        _refuse_dead(settings, processes)
        if time.monotonic() > deadline:
            raise UserError(
                f"the {part.name} does not answer at {address} after {_READY_SECONDS} s; "
                f"see {_log_file(settings, part.name)}"
            )
        time.sleep(0.3)
    return f"{address}{part.site.page}"


def _answers(address: str) -> bool:
    try:
        with urlopen(address, timeout=5) as answer:  # noqa: S310  # our own loopback address
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


def _watch(settings: Settings, processes: dict[str, subprocess.Popen[bytes]]) -> None:
    while True:
        _refuse_dead(settings, processes)
        time.sleep(1)


def _refuse_dead(settings: Settings, processes: dict[str, subprocess.Popen[bytes]]) -> None:
    for name, process in processes.items():
        if process.poll() is not None:
            log = _log_file(settings, name)
            last = "\n".join(log.read_text(errors="replace").splitlines()[-8:])
            raise UserError(f"the {name} ended by itself; the end of {log}:\n{last}")


def _log_file(settings: Settings, name: str) -> Path:
    return settings.var_dir / "logs" / f"{name}.log"
