"""What the shop tells about its products."""

from typing import Annotated, Self

from pydantic import ConfigDict, Field, model_validator

from service.platform.fields import Body, CurrencyCode, MinorAmount, Ref, Sku, Words


class ProductBody(Body):
    """A product as it is now: the newest word replaces the one before, field by field."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "title": "陶瓷杯 Stoneware mug",
                "category": "kitchen",
                "vendor": "Brenner Keramik",
                "cost_minor": 410,
                "price_minor": 1290,
                "currency": "EUR",
                "lot": "2026-02",
                "parent": "MUG-STONE",
            }
        }
    )

    title: Annotated[Words, Field(description="its name, as merchandisers know it")]
    category: Annotated[Ref | None, Field(description="what it is compared with")] = None
    vendor: Annotated[Ref | None, Field(description="who makes or supplies it")] = None
    cost_minor: MinorAmount | None = None
    price_minor: MinorAmount | None = None
    currency: CurrencyCode | None = None
    lot: Annotated[Ref | None, Field(description="the batch that is sold now")] = None
    parent: Annotated[
        Ref | None,
        Field(description="what it is a size or a colour of; all of these name the same"),
    ] = None

    @model_validator(mode="after")
    def _money_has_a_currency(self) -> Self:
        has_money = self.cost_minor is not None or self.price_minor is not None
        if has_money and self.currency is None:
            raise ValueError("cost_minor and price_minor need a currency")
        return self


class ProductTaken(Body):
    """The product is known as it was told. `is_changed` says whether this request changed anything."""

    sku: Sku
    is_changed: Annotated[bool, Field(description="whether this request changed anything")]
