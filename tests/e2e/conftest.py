"""Shops in folders of their own, for the tests that go all the way."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from cli_shop import Shop
from running_shop import RunningShop, a_running_shop


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


@pytest.fixture(scope="module")
def real_shop(tmp_path_factory: pytest.TempPathFactory, shop_file: Path) -> Shop:
    """The real shop's history, imported and refreshed once for all tests of a module."""
    shop = Shop(tmp_path_factory.mktemp("real"))
    shop.retour("import", "online-retail", str(shop_file))
    shop.retour("refresh")
    return shop


@pytest.fixture(scope="module")
def running(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    _running_shops: dict[str, tuple[ExitStack, RunningShop]],
) -> Iterator[RunningShop]:
    """Everything runs on the practice shop, once for all modules that need it, and no longer: it keeps a machine busy."""
    if "it" not in _running_shops:
        stack = ExitStack()
        shop = stack.enter_context(a_running_shop(tmp_path_factory.mktemp("running")))
        _running_shops["it"] = stack, shop
    yield _running_shops["it"][1]
    needed_by = [each.path for each in request.session.items if _needs(each, "running")]
    if request.path == needed_by[-1]:
        _running_shops.pop("it")[0].close()


@pytest.fixture(scope="session")
def _running_shops() -> Iterator[dict[str, tuple[ExitStack, RunningShop]]]:
    shops: dict[str, tuple[ExitStack, RunningShop]] = {}
    yield shops
    for stack, _ in shops.values():
        stack.close()


def _needs(item: pytest.Item, fixture: str) -> bool:
    return fixture in getattr(item, "fixturenames", ())
