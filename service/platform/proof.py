"""What customers prove themselves with: signed tokens that stand for one thing and end by themselves.

They are kept nowhere. Who holds one was given it: by the shop's app, by a letter, or with the answer to an application.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from itsdangerous import BadData, URLSafeSerializer

from service.domain.words import Phrase
from service.platform.clock import Clock, from_us, to_us
from service.platform.problems import Problem

Purpose = Literal["return", "order", "survey", "withdrawal"]

# A link in a letter lives as long as its return may; what an app asks for anew, no longer than a visit.
LIFETIMES: dict[Purpose, timedelta] = {
    "return": timedelta(days=180),
    "order": timedelta(days=1),
    "survey": timedelta(days=60),
    "withdrawal": timedelta(hours=1),
}


class CustomerTokenMissing(Problem):
    status = 403
    title = "The customer's token is needed"

    def __init__(self) -> None:
        super().__init__(
            Phrase(
                "send the customer's token in the header `Retour-Customer`, or as `?token=` in a link; "
                "POST /v1/customer-tokens gives one for an order and its customer's mail address"
            )
        )


class CustomerTokenNotValid(Problem):
    status = 403
    title = "This customer token is not valid"


class CustomerTokenForAnother(Problem):
    status = 403
    title = "This customer token is for something else"

    def __init__(self) -> None:
        super().__init__(
            Phrase(
                "this customer token is not for what is asked; "
                "ask for one of its order with POST /v1/customer-tokens"
            )
        )


@dataclass(frozen=True, slots=True)
class Proof:
    """A token, and the moment from which on it is refused."""

    token: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Claim:
    """What a token stands for: its purpose, and the RMA, order or other thing that it is about."""

    purpose: Purpose
    subject: str


class Proofs:
    """Makes and reads the tokens of one installation."""

    def __init__(self, secret: bytes, clock: Clock) -> None:
        self._clock = clock
        self._signed = URLSafeSerializer(
            secret,
            salt="retour.proof",
            signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
        )

    def make(self, purpose: Purpose, subject: str) -> Proof:
        """A token for one subject, valid from now on for its purpose's lifetime."""
        expires_at = self._clock.now() + LIFETIMES[purpose]
        token = self._signed.dumps([purpose, subject, to_us(expires_at)])
        return Proof(str(token), expires_at)

    def read(self, token: str | None) -> Claim:
        """What a token stands for. Raises `CustomerTokenMissing`, `CustomerTokenNotValid`."""
        if not token:
            raise CustomerTokenMissing
        try:
            purpose, subject, expires_at_us = self._signed.loads(token)
        except BadData as forged:
            raise CustomerTokenNotValid(
                Phrase(
                    "this customer token was not made here or was changed on its way; send it as it was given"
                )
            ) from forged
        if self._clock.now() >= from_us(expires_at_us):
            raise CustomerTokenNotValid(
                Phrase(
                    "this customer token ended at {until}; ask for a new one with POST /v1/customer-tokens",
                    {"until": f"{from_us(expires_at_us):%Y-%m-%dT%H:%M:%SZ}"},
                )
            )
        return Claim(purpose, subject)
