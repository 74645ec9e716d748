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

from pipelines.refresh import ensure_dagster_home, who_decides
from retour.errors import UserError
from retour.ports import refuse_shared_ports, refuse_taken_port
from retour.practice_policy import lay_down_policy
from retour.progress import forget_progress, read_progress
from retour.settings import Settings
from retour.simulate import progress_bar

_READY_SECONDS = 180
_STOP_SECONDS = 15
_MAY_END = ("practice", "refresh")
_WORTH_A_LOOK = 0.25  # of the past: enough for pages that are not empty
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
        if data:
            _own_command("import", "online-retail", data)
        else:
            forget_progress(settings)
            lay_down_policy(settings)
            parts.append(_practice())
        _say("Starting service, dashboard and Dagster …")
        with _started(settings, parts) as processes:
            if data:
                _refresh()
            for part in parts:
                _say(f"  {part.name:<10} {_ready(settings, part, processes)}")
            _say("  API keys   .venv/bin/retour keys create --role shop --name my-shop")
            if not data:
                _wait_for_the_past(settings, processes)
            processes["worker"] = _start(settings, _worker())
            _say("  worker     sends mail and keeps deadlines")
            _say("Ctrl-C ends it all.")
            _watch(settings, processes)


def _wait_for_the_past(settings: Settings, processes: dict[str, subprocess.Popen[bytes]]) -> None:
    """Show how far the practice shop's past is played; refresh when there is something to see, and at the end.

    The worker comes after it: deadlines of a past that is being played are not due by this machine's clock.
    """
    with progress_bar() as shown:
        task = shown.add_task("Playing the practice shop's past", total=1.0, events=0)
        while (how_far := read_progress(settings)) is None or how_far.share < 1:
            if how_far:
                shown.update(task, completed=how_far.share, events=how_far.events)
                if "refresh" not in processes and how_far.share > _WORTH_A_LOOK:
                    processes["refresh"] = _start(settings, _refreshing())
            _refuse_dead(settings, processes)
            time.sleep(0.5)
    if "refresh" in processes:
        processes["refresh"].wait()
    _refresh()
    _say(f"  model      {who_decides(settings.published_dir)}")
    if how_far.events:
        _say(
            f"  practice   {how_far.events:,} events, {how_far.returns:,} returns in seven months; the shop goes on growing"
        )


def _parts(settings: Settings) -> list[Part]:
    retour = _retour()
    dagster = str(Path(sys.executable).with_name("dagster"))
    return [
        Part("service", [retour, "serve"], Site(settings.service_port, "/healthz", "/docs")),
        Part(
            "dashboard",
            [retour, "dashboard"],
            Site(settings.dashboard_port, "/_stcore/health", ""),
        ),
        Part(
            "dagster",
            [
                dagster,
                "dev",
                *("--log-level", "warning"),  # sensors say every few seconds that they looked
                *("-h", settings.host, "-p", str(settings.dagster_port)),
            ],
            Site(settings.dagster_port, "/server_info", "/asset-groups"),
        ),
    ]


def _worker() -> Part:
    return Part("worker", [_retour(), "worker"])


def _practice() -> Part:
    return Part(
        "practice", [_retour(), "practice", "--keep-growing"], does="plays a shop, day after day"
    )


def _refreshing() -> Part:
    return Part("refresh", [_retour(), "refresh"])


def _refresh() -> None:
    _own_command("refresh")


def _retour() -> str:
    return str(Path(sys.executable).with_name("retour"))


def _own_command(*words: str) -> None:
    if subprocess.run([_retour(), *words], check=False).returncode:
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
        if process.poll() is not None and (process.returncode or name not in _MAY_END):
            log = _log_file(settings, name)
            last = "\n".join(log.read_text(errors="replace").splitlines()[-8:])
            raise UserError(f"the {name} ended by itself; the end of {log}:\n{last}")


def _log_file(settings: Settings, name: str) -> Path:
    return settings.var_dir / "logs" / f"{name}.log"
