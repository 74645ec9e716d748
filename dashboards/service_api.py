"""What a buyer does about flags: through the service's API, with the buyer's own key, which is kept nowhere here."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any, Literal
from urllib.parse import quote, urlsplit

Fault = Literal["unreachable", "bad_key", "no_right", "changed", "no_buyer", "unfit"]
_PATIENCE_SECONDS = 5.0
_FAULTS: dict[int, Fault] = {401: "bad_key", 403: "no_right", 409: "changed"}


class Refused(Exception):
    """The service did not do it. `fault` says why, the message what the service says of it."""

    def __init__(self, fault: Fault, detail: str) -> None:
        super().__init__(detail)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Flag:
    """A flag as the service has it; `possible` is what can be done about it at this `version`."""

    flag_id: str
    sku: str
    status: str
    version: int
    possible: tuple[str, ...]
    owner: str | None
    changed_at: str
    history: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Comment:
    """What a customer wrote of a flagged product."""

    body: str
    written_at: str
    csat: int | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Service:
    """The service at an address, as the holder of a key may use it. Every call raises `Refused`."""

    address: str
    key: str

    def check(self) -> None:
        """Whether the service answers, and takes the key for one that may read flags."""
        self._ask("GET", "/v1/flags?limit=1")

    def flag(self, flag_id: str) -> Flag:
        """A flag with all that happened to it, the oldest first."""
        return _flag(self._ask("GET", f"/v1/flags/{quote(flag_id, safe='')}"))

    def comments(self, flag_id: str) -> tuple[Comment, ...]:
        """Some of what customers wrote of the flag's product since its problem began, the newest first."""
        told = self._ask("GET", f"/v1/flags/{quote(flag_id, safe='')}/comments")
        return tuple(
            Comment(each["body"], each["written_at"], each["csat"], each["reason"]) for each in told
        )

    def answer(self, flag: Flag, step: str, **said: str) -> Flag:
        """Take a step (`acknowledgement`, `assignment`, `action`, `dismissal`) on a flag as it was looked at.

        Sent twice, it is done once: the same step on the same version carries the same Idempotency-Key.
        """
        path = f"/v1/flags/{quote(flag.flag_id, safe='')}/{step}"
        return _flag(self._ask("POST", path, {"version": flag.version, **said}))

    def _ask(self, method: str, path: str, said: Mapping[str, object] | None = None) -> Any:
        if not (self.key.isascii() and self.key.isprintable()):
            raise Refused("bad_key", "a key is letters and digits alone")
        headers = {"Authorization": f"Bearer {self.key}", "Accept": "application/json"}
        body = None if said is None else json.dumps(said, sort_keys=True)
        if body is not None:
            headers["Content-Type"] = "application/json"
            headers["Idempotency-Key"] = hashlib.sha256(f"{path} {body}".encode()).hexdigest()
        try:
            status, text = self._exchange(method, path, body, headers)
            answer = json.loads(text)
        except (OSError, HTTPException, ValueError) as failed:
            raise Refused("unreachable", f"{self.address}: {failed}") from failed
        if status != 200:
            told = answer if isinstance(answer, dict) else {}
            raise Refused(_fault(status, str(told.get("type"))), str(told.get("detail", "")))
        return answer

    def _exchange(
        self, method: str, path: str, body: str | None, headers: Mapping[str, str]
    ) -> tuple[int, bytes]:
        """One request, which follows no redirect: the key goes to the address that was set and to no other."""
        place = urlsplit(self.address)
        kind = HTTPSConnection if place.scheme == "https" else HTTPConnection
        connection = kind(place.hostname or "", place.port, timeout=_PATIENCE_SECONDS)
        try:
            connection.request(method, f"{place.path}{path}", body, dict(headers))
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()


def _fault(status: int, kind: str) -> Fault:
    if kind == "/problems/no-such-buyer":
        return "no_buyer"
    return "unreachable" if status >= 500 else _FAULTS.get(status, "unfit")


def _flag(told: Mapping[str, Any]) -> Flag:
    return Flag(
        flag_id=told["flag_id"],
        sku=told["sku"],
        status=told["status"],
        version=told["version"],
        possible=tuple(told["possible"]),
        owner=told["owner"],
        changed_at=told["changed_at"],
        history=tuple(told.get("history", ())),
    )
