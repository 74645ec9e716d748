"""A shop with everything running, as `retour run` starts it, on ports of its own."""

import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cli_shop import Shop

PARTS = ("service", "dashboard", "dagster")


@dataclass(frozen=True)
class RunningShop(Shop):
    """A shop with everything running under one parent."""

    ports: dict[str, int]
    process: "subprocess.Popen[str]"

    @property
    def environment(self) -> dict[str, str]:
        return super().environment | port_settings(self.ports)

    def url(self, part: str) -> str:
        return f"http://127.0.0.1:{self.ports[part]}"


def port_settings(ports: dict[str, int]) -> dict[str, str]:
    return {f"RETOUR_{part.upper()}_PORT": str(port) for part, port in ports.items()}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(folder: Path, ports: dict[str, int]) -> "subprocess.Popen[str]":
    shop = Shop(folder)
    return subprocess.Popen(
        shop.command("run"),
        env=shop.environment | port_settings(ports),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def wait_until_said(process: "subprocess.Popen[str]", words: str) -> str:
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if words in line:
            return said
    raise AssertionError(f"it ended without saying {words!r}:\n{said}")


@contextmanager
def a_running_shop(folder: Path) -> Iterator[RunningShop]:
    """Everything runs, and the practice shop's past is played, until the end of the block."""
    ports = {part: free_port() for part in PARTS}
    process = start(folder, ports)
    try:
        wait_until_said(process, "Ctrl-C")
        yield RunningShop(folder, ports, process)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
