"""Flags on products as a run concludes them, and buyers' answers over HTTP."""

from dataclasses import replace
from typing import Any

import httpx
from rivals import flag
from service_shop import Shop

from service.domain.events import Event, SkuCleared, SkuFlagged

BODIES: dict[str, dict[str, Any]] = {
    "acknowledgement": {},
    "assignment": {"owner": "s-1"},
    "action": {"action": "supplier_claim"},
    "dismissal": {"reason": "expected"},
}


def raise_flag(shop: Shop, sku: str = "MUG", **said: Any) -> Event:
    """What a run concludes, now."""
    event = flag(sku)
    told = SkuFlagged.model_validate({**event.data.model_dump(), **said})
    event = replace(event, data=told, time=shop.clock.now())
    shop.retour.conclusions.append([event])
    return event


def clear(shop: Shop, sku: str = "MUG") -> None:
    event = flag(sku)
    said = SkuCleared(sku=sku, lift=1.0, detector_version="1")
    shop.retour.conclusions.append([replace(event, data=said, time=shop.clock.now())])


def hire(shop: Shop, staff_id: str = "s-1", role: str = "buyer") -> None:
    body = {"role": role, "name": "Li", "languages": ["zh"], "capacity": 5, "is_active": True}
    assert shop.call("admin", "PUT", f"/v1/staff/{staff_id}", json=body).is_success


def answer(shop: Shop, flag_id: str, what: str, looked_at: int, **body: Any) -> httpx.Response:
    sent = {**BODIES[what], "version": looked_at, **body}
    return shop.call("buyer", "POST", f"/v1/flags/{flag_id}/{what}", json=sent)
