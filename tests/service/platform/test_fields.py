import pytest
from house import House
from pydantic import TypeAdapter, ValidationError

from service.platform.fields import Prose

PROSE: TypeAdapter[str] = TypeAdapter(Prose)


class TestProse:
    @pytest.mark.parametrize(
        ("written", "kept"),
        [
            ("one\r\ntwo\r\n\r\nthree", "one\ntwo\n\nthree"),
            ("one\rtwo", "one\ntwo"),
            ("one\n\rtwo", "one\n\ntwo"),
            ("\tone\n two \r\n", "one\n two"),
        ],
    )
    def test_has_one_kind_of_line_break_however_it_was_written(
        self, written: str, kept: str
    ) -> None:
        assert PROSE.validate_python(written) == kept

    def test_is_as_long_as_what_is_kept_of_it(self) -> None:
        assert len(PROSE.validate_python("a\r\n" * 2000)) == 3999
        with pytest.raises(ValidationError):
            PROSE.validate_python("a\r\n" * 2001)

    @pytest.mark.parametrize("control", ["\x00", "\x0b", "\x0c", "\x1b", "\x7f"])
    def test_holds_no_other_control_characters(self, control: str) -> None:
        with pytest.raises(ValidationError):
            PROSE.validate_python(f"a{control}b")

    @pytest.mark.parametrize("blank", ["", "\r\n", " \r"])
    def test_is_not_empty(self, blank: str) -> None:
        with pytest.raises(ValidationError):
            PROSE.validate_python(blank)

    def test_comes_from_a_form_of_a_browser(self, house: House) -> None:
        house.begin_late().does("reviewer", "question", question="Where?")

        house.does("storefront", "answer", answer="On the lid.\r\nAnd below.")

        (said,) = house.told("evidence.received")
        kept = house.call("reviewer", "GET", f"/v1/texts/{said['text_ref']}").json()
        assert kept["body"] == "On the lid.\nAnd below."
