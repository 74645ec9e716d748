"""Shops in folders of their own, for the tests that go all the way."""

from collections.abc import Iterator
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


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningShop]:
    """Everything runs on the practice shop, once for all tests that need it."""
    with a_running_shop(tmp_path_factory.mktemp("running")) as shop:
        yield shop
