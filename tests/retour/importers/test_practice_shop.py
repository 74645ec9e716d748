from pathlib import Path

import pytest

from retour.assembly import open_practice, open_retour
from retour.errors import UserError
from retour.importers.run import import_online_retail
from retour.settings import Settings
from service.catalog.schemas import ProductBody
from service.platform.clock import SystemClock


class TestPracticeShop:
    def test_a_real_history_is_not_mixed_with_a_practice_one(
        self, settings: Settings, tmp_path: Path
    ) -> None:
        with open_practice(settings, SystemClock().now(), seed=1) as (practice, _):
            practice.catalog.put("MUG", ProductBody(title="Mug"))

        with pytest.raises(UserError, match="make clean"):
            import_online_retail(settings, tmp_path / "any.parquet")

        assert open_retour(settings).log_head() == 1
