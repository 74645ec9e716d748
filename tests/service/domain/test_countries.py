import pytest

from service.domain.countries import country_code, zones_of


class TestZones:
    @pytest.mark.parametrize(
        ("country", "zones"),
        [
            ("Germany", {"Europe/Berlin", "Europe/Busingen"}),
            ("PT", {"Europe/Lisbon", "Atlantic/Madeira", "Atlantic/Azores"}),
            ("中国", {"Asia/Shanghai"}),  # all of it has Beijing's time by law
            ("Unspecified", set()),
            (None, set()),
        ],
    )
    def test_a_country_has_those_of_its_parts(self, country: str | None, zones: set[str]) -> None:
        assert {each.key for each in zones_of(country)} == zones


class TestCountryCode:
    @pytest.mark.parametrize(
        ("written", "code"),
        [
            ("DE", "DE"),
            ("de", "DE"),
            ("Germany", "DE"),
            (" united  kingdom ", "GB"),
            ("UK", "GB"),
            ("EIRE", "IE"),
            ("USA", "US"),
            ("Czech Republic", "CZ"),
            ("Hong Kong", "HK"),
            ("China", "CN"),
            ("中国", "CN"),
            ("德国", "DE"),
        ],
    )
    def test_a_country_is_known_by_its_code_and_by_the_names_that_shops_write(
        self, written: str, code: str
    ) -> None:
        assert country_code(written) == code

    @pytest.mark.parametrize(
        "written", [None, "", "EU", "European Community", "Unspecified", "ZZ", "XX", "276"]
    )
    def test_what_is_no_country_is_none(self, written: str | None) -> None:
        assert country_code(written) is None
