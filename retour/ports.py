"""A port in use is said before anything is started on it."""

import socket

from retour.errors import UserError


class PortTaken(UserError):
    """Another program listens where a part of ours wants to."""


def refuse_taken_port(host: str, port: int, part: str) -> None:
    """Raises `PortTaken`, naming the part and the setting that moves it."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as taken:
            raise PortTaken(
                f"port {port} on {host}, wanted for the {part}, is in use ({taken.strerror}); "
                f"end that program or set RETOUR_{part.upper()}_PORT"
            ) from taken
