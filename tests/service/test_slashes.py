"""A shop whose numbers hold slashes, over a real socket: what the server makes of a path is the server's."""

import httpx
import pytest
from busy_service import served
from service_shop import ORDER, PARCEL, Shop

from service.application import Retour

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_orders_parcels_and_products_are_told_and_asked_for_by_numbers_with_slashes(
    retour: Retour, database_url: str
) -> None:
    key = {"Authorization": f"Bearer {retour.keys.create('admin', 'test')}"}
    with (
        served(database_url, 60) as address,
        httpx.Client(base_url=address, headers=key, timeout=60) as client,
    ):
        order = client.put("/v1/orders/2026%2F10%2f01", json=ORDER)
        parcel = client.put("/v1/orders/2026%2F10%2F01/deliveries/%E5%8C%85%2F1", json=PARCEL)
        asked = client.get("/v1/orders/2026%2F10%2F01/eligibility")
        product = client.put("/v1/products/A%2FB", json={"title": "Mug"})
        stock = client.get("/v1/stock/A%2FB")
        apart = client.put("/v1/orders/2026/10", json=ORDER)
        control = client.put("/v1/orders/2026%0010", json=ORDER)

    assert (order.status_code, order.json()["order_id"]) == (201, "2026/10/01")
    assert (parcel.status_code, parcel.json()["delivery_id"]) == (201, "包/1")
    assert (asked.status_code, asked.json()["order_id"]) == (200, "2026/10/01")
    assert (product.status_code, product.json()["sku"]) == (200, "A/B")
    assert stock.status_code == 200, stock.text
    assert apart.status_code == 404
    assert control.status_code == 422
    assert "control characters" in control.json()["detail"]
    told = [(each.type, each.subject) for each in retour.read_log(0, 10)]
    assert ("order.placed", "2026/10/01") in told
    assert ("product.upserted", "A/B") in told


def test_the_description_names_parameters_and_no_way_of_reading_them(shop: Shop) -> None:
    paths = shop.client.get("/openapi.json").json()["paths"]

    assert {"/v1/orders/{order_id}", "/v1/products/{sku}", "/v1/stock/{sku}"} <= set(paths)
    assert not [each for each in paths if ":" in each]
