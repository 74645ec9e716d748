"""What a test's shop tells of an order and its parcel; apart, so that a process that needs no more starts sooner."""

ORDER = {
    "customer": "anna@example.com",
    "currency": "EUR",
    "country": "DE",
    "placed_at": "2026-02-20T09:00:00Z",
    "lines": [
        {"line_no": 1, "sku": "MUG", "quantity": 3, "unit_price_minor": 1290},
        {"line_no": 2, "sku": "POT", "quantity": 1, "unit_price_minor": 4900},
    ],
}
MAIL = "anna@example.org"
PARCEL = {
    "delivered_at": "2026-02-24T10:00:00Z",
    "lines": [{"line_no": 1, "quantity": 3}],
}
