from pathlib import Path

import pytest
from small_practice import SMALL

from retour.assembly import open_retour
from retour.errors import UserError
from retour.importers.run import import_online_retail
from retour.settings import Settings
from retour.simulate import simulate


class TestPracticeShop:
    def test_a_real_history_is_not_mixed_with_a_practice_one(
        self, settings: Settings, tmp_path: Path
    ) -> None:
        simulate(settings, SMALL, days=1, orders_per_day=1, seed=1)
        head = open_retour(settings).log_head()

        with pytest.raises(UserError, match="make clean"):
            import_online_retail(settings, tmp_path / "any.parquet")

        assert open_retour(settings).log_head() == head
