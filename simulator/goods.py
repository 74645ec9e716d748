"""What the practice shop sells, and what is wrong with some of it: the catalogue and the truth about its products.

Sizes of one style share its faults of listing and size chart; a defect is one SKU's and begins with a batch.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from service.domain.words import Reason
from simulator.chance import stream
from simulator.scenario import Scenario

Fault = Literal["defective_batch", "misleading_listing", "wrong_size_chart"]
Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

REASONS: tuple[Reason, ...] = (
    "defect",
    "damaged_in_transit",
    "not_as_described",
    "size_fit",
    "wrong_item",
    "arrived_late",
    "changed_mind",
    "other",
)
NEVER = 1 << 30  # a day that does not come
_LOT_DAYS = 56
_SHOCK_DAYS = 21
_NEW_DAYS, _NEW_FACTOR = 28, 1.3
_USUALLY_AT_MOST, _ALWAYS_HIGH = 1.9, (2.0, 3.0)
_ONSET = (0.25, 0.7)  # of the time in which the product is sold
_FAULT_DAYS = (28, 84)
_BATCH_ENDING_SHARE = 0.5  # a defect ends with its batch this often, else the next ones have it too
_FAULTS_WITHOUT_SIZES: tuple[Fault, ...] = ("defective_batch", "misleading_listing")
FAULT_REASONS: dict[Fault, Reason] = {
    "defective_batch": "defect",
    "misleading_listing": "not_as_described",
    "wrong_size_chart": "size_fit",
}


@dataclass(frozen=True, slots=True)
class Category:
    """A category: vendors, things, usual price (euro cents), how often a unit comes back and why, and its season.

    `causes` are weights; `season` is the day of the year on which most is sold, `swing` by how much.
    """

    name: str
    vendors: tuple[str, ...]
    things: tuple[str, ...]
    price_minor: int
    return_rate: float
    causes: dict[Reason, float]
    sizes: tuple[str, ...] = ()
    season: int = 340
    swing: float = 0.2
    popularity: float = 1.0


CATEGORIES = (
    Category("dresses", ("Lindqvist", "苏绣坊", "Maison Avril"), ("Linen dress", "真丝连衣裙", "Wrap dress", "旗袍", "Knit dress"), 6900, 0.20, {"size_fit": 6, "changed_mind": 3, "not_as_described": 2, "defect": 0.5, "arrived_late": 0.3}, ("S", "M", "L", "XL"), 150, 0.4, 1.5),
    Category("shoes", ("Paso", "足迹", "Norrland"), ("Running shoe", "帆布鞋", "Ankle boot", "老北京布鞋", "Sandal"), 9900, 0.17, {"size_fit": 6, "changed_mind": 2, "defect": 1.2, "not_as_described": 1, "arrived_late": 0.2}, ("37", "39", "41", "43"), 270, 0.3, 1.3),
    Category("kitchen", ("Brenner", "景德窑", "Forno"), ("Stoneware mug", "陶瓷茶具", "Cast-iron pan", "不粘锅", "Chef's knife"), 3400, 0.05, {"damaged_in_transit": 4, "changed_mind": 2, "defect": 1.5, "wrong_item": 0.6, "not_as_described": 1}, (), 345, 0.5, 1.0),
    Category("electronics", ("Voltera", "明光电子", "Halden Audio"), ("Wireless earbuds", "蓝牙音箱", "Power bank", "充电宝", "Desk lamp"), 18900, 0.08, {"defect": 5, "not_as_described": 2, "changed_mind": 3, "wrong_item": 0.4, "damaged_in_transit": 0.6}, (), 330, 0.6, 1.2),
    Category("toys", ("Kindermann", "童乐"), ("Wooden train", "积木套装", "Plush panda", "拼图"), 2600, 0.045, {"defect": 2, "changed_mind": 3, "wrong_item": 1, "not_as_described": 1, "arrived_late": 0.8}, (), 345, 0.9, 0.9),
    Category("bedding", ("Nordsted", "江南棉"), ("Down pillow", "纯棉四件套", "Wool blanket", "蚕丝被"), 12900, 0.07, {"not_as_described": 3, "changed_mind": 3, "size_fit": 2, "defect": 0.6, "damaged_in_transit": 0.2}, (), 20, 0.3, 0.7),
    Category("bags", ("Marrone", "行囊"), ("Canvas tote", "双肩包", "Leather wallet", "行李箱"), 12900, 0.075, {"not_as_described": 3, "defect": 2, "changed_mind": 3, "damaged_in_transit": 0.4, "other": 0.3}, (), 210, 0.2, 0.9),
    Category("garden", ("Grünhof", "竹里"), ("Pruning shears", "竹编花篮", "Solar lantern", "园艺手套"), 2900, 0.05, {"defect": 3, "damaged_in_transit": 2, "changed_mind": 2, "wrong_item": 0.5, "other": 0.3}, (), 130, 0.7, 0.6),
)  # fmt: skip
CAUSES = np.array([[each.causes.get(reason, 0.0) for reason in REASONS] for each in CATEGORIES])
CAUSES = CAUSES / CAUSES.sum(axis=1, keepdims=True)
RATES = np.array([each.return_rate for each in CATEGORIES])


@dataclass(frozen=True, slots=True)
class ProductTruth:
    """What is planted in a product: `multiplier` times as much of it comes back, as far as more can come back than does.

    Days count from the play's first and are those on which it is sold; `end_day` is exclusive, None where it goes on.
    """

    sku: str
    fault: Fault
    from_day: int
    end_day: int | None
    multiplier: float
    reason: Reason


@dataclass(frozen=True, slots=True)
class Shock:
    """A category comes back more for a while: fashion, weather, a mood. Nothing is wrong with any product."""

    category: int
    from_day: int
    end_day: int
    factor: float


@dataclass(frozen=True, slots=True)
class Goods:
    """The catalogue as columns: one entry a SKU. Prices are euro cents; days count from the play's first.

    `rate_factor` is what this SKU comes back more or less than its category, always; `style` numbers what differs in size only.
    """

    sku: list[str]
    title: list[str]
    vendor: list[str]
    category: Integers
    style: Integers
    price_minor: Integers
    cost_minor: Integers
    popularity: Floats
    rate_factor: Floats
    launch_day: Integers
    lot_phase: Integers
    fault: list[ProductTruth | None]
    fault_from: Integers
    fault_end: Integers
    fault_factor: Floats
    fault_reason: Integers
    shocks: tuple[Shock, ...]

    def __len__(self) -> int:
        return len(self.sku)

    def parent(self, product: int) -> str | None:
        """What a product is a size of; None where its style has no sizes."""
        has_sizes = bool(CATEGORIES[self.category[product]].sizes)
        return self.sku[product].rsplit("-", 1)[0] if has_sizes else None

    def lot(self, product: int, day: int) -> str:
        """The batch of a product that is sold on a day."""
        return f"L{(day + int(self.lot_phase[product])) // _LOT_DAYS + 1:03}"

    def new_lots(self, day: int) -> Integers:
        """The products whose next batch begins on this day."""
        begins = (day + self.lot_phase) % _LOT_DAYS == 0
        return np.flatnonzero(begins & (self.launch_day < day))

    def batch_near(self, product: int, day: int, days: int) -> int:
        """The day on which the next batch begins; that of the last one before, where the play of so many days ends first."""
        begins = day + -(day + int(self.lot_phase[product])) % _LOT_DAYS
        return begins if begins < days else begins - _LOT_DAYS

    def return_factor(self, day: int) -> Floats:
        """By how much each SKU comes back more on a day than its category usually, faults aside."""
        factor = self.rate_factor.copy()
        for shock in self.shocks:
            if shock.from_day <= day < shock.end_day:
                factor[self.category == shock.category] *= shock.factor
        is_new = (self.launch_day > 0) & (day - self.launch_day < _NEW_DAYS)
        factor[is_new] *= _NEW_FACTOR  # what is new is misjudged more often
        return factor

    def extra_factor(self, day: int) -> Floats:
        """What a fault adds on a day, as a multiple of the usual: 0 where there is none."""
        is_faulty = (self.fault_from <= day) & (day < self.fault_end)
        return np.where(is_faulty, self.fault_factor - 1, 0.0)


def goods_of(scenario: Scenario, seed: int, days: int) -> Goods:
    """The catalogue of a play. The same scenario, seed and length give the same goods."""
    rng = stream(seed, "goods")
    number = scenario.shop.products
    category, style = _styles(number)
    prices = np.array([each.price_minor for each in CATEGORIES])[category]
    style_price = np.exp(rng.normal(0, 0.6, style.max() + 1))[style]
    price_minor = np.maximum(490, (prices * style_price / 100).round().astype(np.int64) * 100 - 10)
    launch_day = _launches(rng, scenario, style, days)
    rate_factor = np.minimum(rng.gamma(12.0, 1 / 12.0, number), _USUALLY_AT_MOST)
    high = rng.permutation(number)[: round(number * scenario.faults.always_high_share)]
    rate_factor[high] = rng.uniform(*_ALWAYS_HIGH, len(high))
    draft = Goods(
        sku=list(_skus(category, style)),
        title=[_title(int(c), int(s), size) for c, s, size in _sizes(category, style)],
        vendor=[_vendor(c, s) for c, s in zip(category.tolist(), style.tolist(), strict=True)],
        category=category,
        style=style,
        price_minor=price_minor,
        cost_minor=(price_minor * rng.uniform(0.35, 0.55, style.max() + 1)[style]).astype(np.int64),
        popularity=_popularity(rng, category, style),
        rate_factor=rate_factor,
        launch_day=launch_day,
        lot_phase=rng.integers(0, _LOT_DAYS, number),
        fault=[None] * number,
        fault_from=np.full(number, NEVER),
        fault_end=np.full(number, NEVER),
        fault_factor=np.ones(number),
        fault_reason=np.zeros(number, dtype=np.int64),
        shocks=tuple(_shocks(rng, scenario, days)),
    )
    _plant(rng, scenario, draft, set(high.tolist()), days)
    return draft


def _styles(number: int) -> tuple[Integers, Integers]:
    """Category and style of each SKU: categories by turns, sizes of a style together."""
    category: list[int] = []
    style: list[int] = []
    made = 0
    while len(category) < number:
        each = made % len(CATEGORIES)
        sizes = max(1, len(CATEGORIES[each].sizes))
        category += [each] * sizes
        style += [made] * sizes
        made += 1
    return np.array(category[:number]), np.array(style[:number])


def _sizes(category: Integers, style: Integers) -> Iterator[tuple[int, int, str]]:
    before, place = -1, 0
    for c, s in zip(category.tolist(), style.tolist(), strict=True):
        place = place + 1 if s == before else 0
        before = s
        sizes = CATEGORIES[c].sizes
        yield c, s, sizes[place] if sizes else ""


def _skus(category: Integers, style: Integers) -> Iterator[str]:
    for c, s, size in _sizes(category, style):
        yield f"{CATEGORIES[c].name[:2].upper()}-{s // len(CATEGORIES) + 1:04}{f'-{size}' if size else ''}"


def _title(category: int, style: int, size: str) -> str:
    things = CATEGORIES[category].things
    number = style // len(CATEGORIES)
    return f"{things[number % len(things)]} {number + 1:02}{f' {size}' if size else ''}"


def _vendor(category: int, style: int) -> str:
    vendors = CATEGORIES[category].vendors
    return vendors[style // len(CATEGORIES) % len(vendors)]


def _popularity(rng: np.random.Generator, category: Integers, style: Integers) -> Floats:
    """A few styles sell most: a lognormal, the same for all sizes of a style."""
    by_style = np.exp(rng.normal(0, 0.8, style.max() + 1))
    by_category = np.array([each.popularity for each in CATEGORIES])
    sizes = np.array([max(1, len(each.sizes)) for each in CATEGORIES])
    return np.asarray(by_style[style] * by_category[category] / sizes[category])


def _launches(rng: np.random.Generator, scenario: Scenario, style: Integers, days: int) -> Integers:
    """The day on which each style is first sold; 0 for what was there before."""
    styles = style.max() + 1
    launched = rng.random(styles) < scenario.faults.launched_share
    day = np.where(launched, rng.integers(1, max(2, round(days * 0.7)), styles), 0)
    return day[style]


def _shocks(rng: np.random.Generator, scenario: Scenario, days: int) -> Iterator[Shock]:
    for _ in range(rng.poisson(scenario.faults.shocks_a_year * days / 365)):
        begin = int(rng.integers(0, max(1, days - _SHOCK_DAYS // 2)))
        yield Shock(
            int(rng.integers(len(CATEGORIES))),
            begin,
            begin + _SHOCK_DAYS,
            scenario.faults.shock_factor,
        )


def _plant(
    rng: np.random.Generator, scenario: Scenario, goods: Goods, high: set[int], days: int
) -> None:
    """Plant the faults. What sells is likelier to be hit: a fault of what nobody buys is nobody's problem.

    What always comes back a lot is never hit.
    """
    number = len(goods)
    free = np.array([each for each in range(number) if each not in high], dtype=np.int64)
    wanted = min(len(free), round(number * scenario.faults.faulty_share))
    by_chance = rng.exponential(size=len(free)) / np.sqrt(goods.popularity[free])
    hit, styles = 0, set[int]()
    for product in free[np.argsort(by_chance)].tolist():
        style = int(goods.style[product])
        if hit < wanted and style not in styles:
            truth = _fault(rng, scenario, goods, product, days)
            first, end = np.searchsorted(goods.style, (style, style + 1)).tolist()
            is_batch = truth.fault == "defective_batch"
            same_style = [each for each in range(first, end) if each not in high]
            places = [product] if is_batch else same_style
            _put(goods, places, truth)
            styles.add(style)
            hit += len(places)


def _fault(
    rng: np.random.Generator, scenario: Scenario, goods: Goods, product: int, days: int
) -> ProductTruth:
    """A fault that fits the product, from somewhere in the middle of the time in which it is sold."""
    rules = scenario.faults
    has_sizes = bool(CATEGORIES[goods.category[product]].sizes)
    faults: tuple[Fault, ...] = get_args(Fault) if has_sizes else _FAULTS_WITHOUT_SIZES
    fault = faults[int(rng.integers(len(faults)))]
    first = int(goods.launch_day[product])
    from_day = first + int((days - first) * rng.uniform(*_ONSET))
    multiplier = float(rng.uniform(rules.multiplier_low, rules.multiplier_high))
    if fault == "defective_batch":
        from_day = goods.batch_near(product, from_day, days)
        ends = rng.random() < max(_BATCH_ENDING_SHARE, rules.ending_share)
        length = _LOT_DAYS
    else:
        ends = rng.random() < rules.ending_share
        length = int(rng.integers(*_FAULT_DAYS))
    end_day = from_day + length if ends else None
    return ProductTruth(
        goods.sku[product], fault, from_day, end_day, multiplier, FAULT_REASONS[fault]
    )


def _put(goods: Goods, places: list[int], truth: ProductTruth) -> None:
    for each in places:
        goods.fault[each] = replace(truth, sku=goods.sku[each])
    goods.fault_from[places] = truth.from_day
    goods.fault_end[places] = NEVER if truth.end_day is None else truth.end_day
    goods.fault_factor[places] = truth.multiplier
    goods.fault_reason[places] = REASONS.index(truth.reason)
