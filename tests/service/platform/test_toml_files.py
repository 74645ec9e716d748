from pathlib import Path
from typing import Self

import pytest
from pydantic import BaseModel, model_validator

from retour.errors import UserError
from service.platform.toml_files import FileKind, read_model


class Desk(BaseModel):
    opens: int = 9
    closes: int = 18
    people: int = 1

    @model_validator(mode="after")
    def _opens_first(self) -> Self:
        if self.opens >= self.closes:
            raise ValueError("desk.opens must be before desk.closes")
        return self


class House(BaseModel):
    desk: Desk = Desk()


class BadHouse(UserError):
    pass


HOUSE_FILE = FileKind(
    model=House,
    bad=BadHouse,
    name="house",
    if_unreadable="name another",
    if_incomplete="copy one",
    sample_text='"x"',
    sample_table="{ x = 1 }",
    patterns={},
)


def complaint(path: Path, text: str) -> str:
    path.write_text(text)
    with pytest.raises(BadHouse) as refused:
        read_model(path, HOUSE_FILE)
    return str(refused.value).removeprefix(f"{path}:")


class TestReadModel:
    def test_a_file_is_read_into_its_model(self, tmp_path: Path) -> None:
        path = tmp_path / "house.toml"
        path.write_text("desk.opens = 10")

        assert read_model(path, HOUSE_FILE) == House(desk=Desk(opens=10))

    def test_a_file_that_is_not_there_is_named_in_the_words_of_its_kind(
        self, tmp_path: Path
    ) -> None:
        with pytest.raises(BadHouse, match=r"cannot read the house .*none\.toml .*; name another"):
            read_model(tmp_path / "none.toml", HOUSE_FILE)

    @pytest.mark.parametrize(
        ("text", "line"),
        [
            ("[desk]\npeople = 2\nopens = 20", 3),
            ("[desk]\npeople = 2\ncloses = 8", 3),
            ("[desk]\npeople = 2\ncloses = 8\nopens = 8", 4),
        ],
    )
    def test_a_fault_of_a_whole_section_is_told_at_the_first_key_that_it_names(
        self, tmp_path: Path, text: str, line: int
    ) -> None:
        words = complaint(tmp_path / "house.toml", text)

        assert words == f"{line}: desk.opens must be before desk.closes"
