"""What is wrong with an address is said before anything is started on it."""

import errno
import socket
from collections.abc import Mapping

from retour.errors import UserError


class PortTaken(UserError):
    """Another program, or another part of ours, listens where a part wants to."""


class HostUnknown(UserError):
    """The address is not one of this machine."""


def refuse_taken_port(host: str, port: int, part: str) -> None:
    """Raises `PortTaken`, naming the part and the setting that moves it, or `HostUnknown`."""
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError as unknown:
        raise HostUnknown(_no_host(host, unknown)) from unknown
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as refused:
            if refused.errno == errno.EADDRNOTAVAIL:
                raise HostUnknown(_no_host(host, refused)) from refused
            raise PortTaken(
                f"port {port} on {host}, wanted for the {part}, cannot be used ({refused.strerror}); "
                f"end the program that has it or set RETOUR_{part.upper()}_PORT"
            ) from refused


def refuse_shared_ports(ports: Mapping[str, int]) -> None:
    """Raises `PortTaken` where two parts are to have the same port."""
    seen: dict[int, str] = {}
    for part, port in ports.items():
        if other := seen.get(port):
            raise PortTaken(
                f"{other} and {part} are both to listen on port {port}; "
                f"set RETOUR_{other.upper()}_PORT or RETOUR_{part.upper()}_PORT to another"
            )
        seen[port] = part


def _no_host(host: str, reason: OSError) -> str:
    return (
        f"{host!r} is not an address of this machine ({reason.strerror}); set RETOUR_HOST to one that is, "
        "such as 127.0.0.1, or 0.0.0.0 for all"
    )
