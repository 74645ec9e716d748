"""What the shop tells: products, orders, deliveries; and who claims that nothing came."""

from collections.abc import Iterator

import numpy as np
import polars as pl

from simulator.bulk.applications import CURRENCIES, Sales, customer_keys, language_of
from simulator.bulk.ending import Desk, claims
from simulator.bulk.events.follow_up import cases_of, texts_of_cases
from simulator.bulk.happening import Events, Items, events, text
from simulator.bulk.ids import order_ids, tokens
from simulator.bulk.shop import Shop
from simulator.columns import Words, rows_taken, taken
from simulator.goods import CATEGORIES
from simulator.world import DAY_US, HOUR_US, Flags, Integers

_CATEGORIES = Words([each.name for each in CATEGORIES])
_DELIVERIES = Words(["1", "2"])
_MORNING_US = 6 * HOUR_US


def catalogue(shop: Shop, days: range) -> Iterator[Events]:
    """Everything at the beginning; what is launched, and each new batch, in the morning of its day."""
    goods, told = shop.world.goods, []
    for day in days:
        launched = goods.launch_day == day if day else goods.launch_day <= 0
        fresh = np.flatnonzero(launched)
        told.append(np.union1d(fresh, goods.new_lots(day)) if day else fresh)
    yield _products(shop, np.concatenate(told), np.repeat(list(days), [len(each) for each in told]))


def _products(shop: Shop, product: Integers, day: Integers) -> Events:
    goods, sku = shop.world.goods, taken(shop.skus, product)
    parents = pl.Series([goods.parent(each) for each in range(len(goods))], dtype=pl.String)
    lots = [goods.lot(*each) for each in zip(product.tolist(), day.tolist(), strict=True)]
    return events(
        "product.upserted",
        day * DAY_US + np.where(day > 0, _MORNING_US, 0),
        sku,
        "shop",
        sku=sku,
        title=taken(pl.Series(goods.title), product),
        category=_CATEGORIES.at(goods.category[product]),
        vendor=taken(pl.Series(goods.vendor), product),
        cost_minor=goods.cost_minor[product],
        price_minor=goods.price_minor[product],
        currency=CURRENCIES.always("EUR", len(product)),
        lot=pl.Series(lots, dtype=pl.String),
        parent=taken(parents, product),
    )


def ordered(shop: Shop, sales: Sales) -> Iterator[Events]:
    orders = sales.orders
    order_id = order_ids(orders["order"].to_numpy())
    bought = sales.lines
    lines = pl.DataFrame(
        {
            "line_no": bought["line_no"],
            "sku": taken(shop.skus, bought["product"].to_numpy()),
            "quantity": bought["quantity"],
            "unit_price_minor": bought["price_minor"],
            "discount_minor": bought["discount_minor"],
            "exclusion": bought["exclusion"],
        }
    )
    counts = np.bincount(sales.order_of_line(), minlength=orders.height)
    yield events(
        "order.placed",
        orders["placed_us"].to_numpy(),
        order_id,
        "shop",
        None,
        {"lines": Items(counts, lines)},
        order_id=order_id,
        customer_key=customer_keys(shop.seed, orders["customer"].to_numpy()),
        currency=orders["currency"].cast(CURRENCIES.kind),
        country=orders["country"].cast(pl.Enum(shop.world.countries)),
        discount_minor=0,
        shipping_minor=orders["shipping_minor"],
    )
    yield from _delivered(sales, order_id)


def identified(shop: Shop, sales: Sales, is_first: Flags) -> Events:
    """By what a customer's first order came; later ones come by the same."""
    place = np.flatnonzero(is_first)
    orders = rows_taken(
        sales.orders.select("order", "customer", "address", "device", "placed_us"), place
    )
    customer = orders["customer"].to_numpy()
    keys = customer_keys(shop.seed, customer)
    return events(
        "customer.identified",
        orders["placed_us"].to_numpy(),
        keys,
        "shop",
        customer_key=keys,
        order_id=order_ids(orders["order"].to_numpy()),
        address_key=tokens("adr", shop.seed, orders["address"].to_numpy()),
        device_key=tokens("dev", shop.seed, orders["device"].to_numpy()),
        phone_key=tokens("pho", shop.seed, customer),
        payment_key=tokens("pay", shop.seed, customer),
    )


def _delivered(sales: Sales, order_id: pl.Series) -> Iterator[Events]:
    parcel, of_line = sales.lines["parcel"].to_numpy(), sales.order_of_line()
    for number, at_us in enumerate(sales.parcels_us(), 1):
        comes = at_us >= 0
        line = np.flatnonzero((parcel == number) & comes[of_line])
        counts = np.bincount(of_line[line], minlength=len(order_id))
        place = np.flatnonzero(counts)
        names = ("line_no", "quantity")
        lines = pl.DataFrame({name: sales.lines[name].to_numpy()[line] for name in names})
        subject = taken(order_id, place)
        yield events(
            "order.delivered",
            at_us[place],
            subject,
            "shop",
            None,
            {"lines": Items(counts[place], lines)},
            order_id=subject,
            delivery_id=_DELIVERIES.always(str(number), len(place)),
        )


def claimed(shop: Shop, desk: Desk, sales: Sales) -> Iterator[Events]:
    """Cases about orders of which nothing came, as their customers say."""
    said, place = sales.claims, sales.claims["order"].to_numpy() - sales.first
    cases = claims(desk, said["claimed_us"].to_numpy(), said["is_abusive"].to_numpy())
    orders = rows_taken(sales.orders.select("customer", "is_chinese"), place)
    return cases_of(
        shop,
        cases,
        text(None, len(cases)),
        order_ids(said["order"].to_numpy()),
        customer_keys(shop.seed, orders["customer"].to_numpy()),
        language_of(orders["is_chinese"]),
        texts_of_cases(shop, cases),
    )
