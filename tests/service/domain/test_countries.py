import pytest

from service.domain.countries import country_code


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
