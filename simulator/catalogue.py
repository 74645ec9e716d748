"""What the practice shop sells: eight categories, titles in 中文 and English, and which products go wrong."""

import random
from dataclasses import dataclass

from service.catalog.schemas import ProductBody
from service.domain.words import Reason

PRODUCTS_A_CATEGORY = 15


@dataclass(frozen=True, slots=True)
class Category:
    """A category: its name, vendors, things with a usual price, and how often which reason brings them back."""

    name: str
    vendors: tuple[str, ...]
    things: tuple[str, ...]
    price_minor: int
    return_rate: float
    reasons: tuple[Reason, ...]


CATEGORIES = (
    Category("dresses", ("Lindqvist", "苏绣坊"), ("Linen dress", "真丝连衣裙", "Wrap dress"), 5900, 0.14, ("size_fit", "changed_mind", "not_as_described")),
    Category("shoes", ("Paso", "足迹"), ("Running shoe", "帆布鞋", "Ankle boot"), 7900, 0.13, ("size_fit", "defect", "changed_mind")),
    Category("kitchen", ("Brenner", "景德窑"), ("Stoneware mug", "陶瓷茶具", "Cast-iron pan"), 3400, 0.04, ("damaged_in_transit", "changed_mind", "defect")),
    Category("electronics", ("Voltera", "明光电子"), ("Wireless earbuds", "蓝牙音箱", "Power bank"), 4900, 0.07, ("defect", "not_as_described", "changed_mind")),
    Category("toys", ("Kindermann", "童乐"), ("Wooden train", "积木套装", "Plush panda"), 2600, 0.04, ("defect", "changed_mind", "wrong_item")),
    Category("bedding", ("Nordsted", "江南棉"), ("Down pillow", "纯棉四件套", "Wool blanket"), 6900, 0.06, ("not_as_described", "changed_mind", "size_fit")),
    Category("bags", ("Marrone", "行囊"), ("Canvas tote", "双肩包", "Leather wallet"), 4500, 0.06, ("not_as_described", "defect", "changed_mind")),
    Category("garden", ("Grünhof", "竹里"), ("Pruning shears", "竹编花篮", "Solar lantern"), 2900, 0.04, ("defect", "damaged_in_transit", "changed_mind")),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fault:
    """From `week` on, a product comes back five times as often, mostly for one reason."""

    sku: str
    week: int
    reason: Reason
    factor: float = 5.0


FAULTS = (
    Fault("DR-03", 11, "size_fit"),
    Fault("EL-02", 14, "defect"),
    Fault("SH-01", 9, "defect"),
    Fault("BA-04", 13, "not_as_described"),
)


@dataclass(frozen=True, slots=True)
class Product:
    """A product with its category and how well it sells beside the others."""

    sku: str
    category: Category
    body: ProductBody
    popularity: float


def products(rng: random.Random) -> list[Product]:
    """The catalogue; the faulty ones sell well, so that there is something to find."""
    return [
        _product(category, number, rng)
        for category in CATEGORIES
        for number in range(1, PRODUCTS_A_CATEGORY + 1)
    ]


def _product(category: Category, number: int, rng: random.Random) -> Product:
    sku = f"{category.name[:2].upper()}-{number:02}"
    price_minor = round(category.price_minor * rng.uniform(0.6, 1.6) / 100) * 100 - 10
    thing = category.things[number % len(category.things)]
    body = ProductBody(
        title=f"{thing} {number:02}",
        category=category.name,
        vendor=category.vendors[number % len(category.vendors)],
        cost_minor=round(price_minor * rng.uniform(0.35, 0.55)),
        price_minor=price_minor,
        currency="EUR",
    )
    is_faulty = any(fault.sku == sku for fault in FAULTS)
    return Product(sku, category, body, popularity=1.5 if is_faulty else number**-0.8)
