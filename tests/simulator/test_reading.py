import re
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import simulator
from simulator.reading import SHIPPED, BadScenario, scenario_named
from simulator.scenario import Scenario

SCENARIOS = Path(simulator.__path__[0]) / "scenarios"
Complaint = Callable[[str], str]


@pytest.fixture
def complaint(tmp_path: Path) -> Complaint:
    """What is said of a file with this text, from the line's number on."""

    def _complaint(text: str) -> str:
        path = tmp_path / "my.toml"
        path.write_text(text, encoding="utf-8")
        with pytest.raises(BadScenario) as refused:
            scenario_named(str(path))
        return str(refused.value).removeprefix(f"{path}:")

    return _complaint


def keys(values: dict[str, object], section: str = "") -> Iterator[str]:
    """Every key of a scenario: "abuse.archetypes.worn"."""
    for key, value in values.items():
        if isinstance(value, dict):
            yield from keys(value, f"{section}{key}.")
        else:
            yield f"{section}{key}"


def keys_written(text: str) -> set[str]:
    """The keys that a file writes, those of examples in comments included."""
    section, found = "", set()
    for line in text.splitlines():
        if header := re.fullmatch(r"\[(.*)\]", line):
            section = f"{header[1]}."
        elif pair := re.fullmatch(r"(?:# )?([a-zA-Z_]+) = \S+", line):
            found.add(section + pair[1])
    return found


class TestShippedScenarios:
    def test_usual_is_what_holds_without_a_word(self) -> None:
        assert scenario_named("usual") == Scenario()

    def test_usual_says_every_key(self) -> None:
        text = (SCENARIOS / "usual.toml").read_text(encoding="utf-8")

        assert keys_written(text) == set(keys(Scenario().model_dump()))

    def test_in_usual_only_what_is_not_there_stands_in_a_comment(self) -> None:
        text = (SCENARIOS / "usual.toml").read_text(encoding="utf-8")

        assert Scenario.model_validate(tomllib.loads(text)).model_dump(exclude_unset=True) == (
            Scenario().model_dump(exclude={"abuse": {"late"}})
        )

    @pytest.mark.parametrize("name", SHIPPED)
    def test_each_is_called_what_its_file_is_called(self, name: str) -> None:
        assert scenario_named(name).name == name

    def test_those_are_all_of_the_files(self) -> None:
        assert sorted(SHIPPED) == sorted(path.stem for path in SCENARIOS.iterdir())

    @pytest.mark.parametrize("name", ["calm", "rough"])
    def test_the_others_say_only_what_differs(self, name: str) -> None:
        said = tomllib.loads((SCENARIOS / f"{name}.toml").read_text(encoding="utf-8"))
        usual = Scenario().model_dump()

        for section, values in said.items():
            pairs = values.items() if isinstance(values, dict) else [(section, values)]
            of_usual = usual[section] if isinstance(values, dict) else usual
            assert [key for key, value in pairs if value == of_usual[key]] == []

    def test_they_grow_rougher(self) -> None:
        calm, usual, rough = (scenario_named(name) for name in ("calm", "usual", "rough"))

        assert (calm.abuse.share, usual.abuse.share, rough.abuse.share) == (0.03, 0.09, 0.15)
        assert calm.faults.faulty_share < usual.faults.faulty_share < rough.faults.faulty_share
        assert rough.abuse.late == "ring"
        assert rough.abuse.adapting is not None
        assert rough.staff.review_hours > usual.staff.review_hours
        assert rough.returns.withdrawal_share > usual.returns.withdrawal_share


class TestScenarioNamed:
    def test_a_file_says_only_what_differs(self, tmp_path: Path) -> None:
        path = tmp_path / "mine.toml"
        path.write_text('name = "mine"\n[abuse]\nshare = 0.2\n')

        scenario = scenario_named(str(path))

        assert scenario.abuse.share == 0.2
        assert scenario.abuse.archetypes == Scenario().abuse.archetypes
        assert scenario.staff == Scenario().staff

    def test_a_name_that_is_none_is_told_which_there_are(self) -> None:
        with pytest.raises(BadScenario) as refused:
            scenario_named("ruff")

        assert str(refused.value) == (
            "cannot read the scenario ruff (No such file or directory); "
            "name a file, or one of the scenarios that Retour brings: calm, usual, rough, practice"
        )


class TestBadScenario:
    @pytest.mark.parametrize(
        ("text", "told"),
        [
            ("[abuse]\nshares = 0.1", "2: abuse.shares is not known; known there are share, archetypes, late, late_from, adapting"),
            ("[shop]\n[weather]", "2: weather is not known; known there are name, shop, demand, returns, abuse, faults, staff"),
            ("[abuse]\n\nshare = 0.6", "3: abuse.share is 0.6; it must be 0 to 0.5"),
            ("returns.withdrawal_share = 15", "1: returns.withdrawal_share is 15; it must be 0 to 1"),
            ("[staff]\nslow_share = -0.1", "2: staff.slow_share is -0.1; it must be 0 to 1"),
            ("[shop]\nproducts = -1", "2: shop.products is -1; it must be 20 to 1,000,000"),
            ("[demand]\npromotion_lift = 0", "2: demand.promotion_lift is 0; it must be 0.01 to 100"),
            ('[staff]\nreviewers = "two"', '2: staff.reviewers is "two"; it must be a whole number, such as 30'),
            ("[shop]\ncountries = { Germany = 1 }", '2: shop.countries.Germany is "Germany"; it must be two capital letters of ISO 3166, such as DE or CN'),
            ("[shop]\ncountries = 3", "2: shop.countries is 3; it must be a table, such as { DE = 22.0 }"),
            ("[shop.countries]", "1: shop.countries holds too little; name 1 or more"),
            ("name = 3", '1: name is 3; it must be text in quotes, such as "usual"'),
            ('name = "My shop"', '1: name is "My shop"; it must be small letters, digits and underscores, such as my_shop'),
            ("[abuse]\nadapting = 1", '2: abuse.adapting is 1; allowed are "worn", "swapped", '),
            ("[abuse.archetypes]\nworn = 1\nthief = 1", '3: abuse.archetypes.thief is "thief"; allowed are "worn", "swapped", "empty_box", "short_count", '),
            ("[abuse.archetypes]\nworn = -1", "2: abuse.archetypes.worn is -1; it must be 0 to 100"),
        ],
    )  # fmt: skip
    def test_it_names_the_line_the_key_and_what_is_allowed(
        self, complaint: Complaint, text: str, told: str
    ) -> None:
        assert complaint(text).startswith(told)

    @pytest.mark.parametrize(
        ("text", "told"),
        [
            ("[staff]\nreviewers = 2\nopens = 20", "3: staff.opens must be before staff.closes"),
            ("[staff]\nreviewers = 2\ncloses = 8", "3: staff.opens must be before staff.closes"),
            ("[faults]\nfaulty_share = 0.1\nmultiplier_low = 9", "3: faults.multiplier_low is more than multiplier_high; swap them"),
            ("[faults]\nfaulty_share = 0.1\nmultiplier_high = 1", "3: faults.multiplier_low is more than multiplier_high; swap them"),
            ("[abuse]\nshare = 0.1\n[abuse.archetypes]\nworn = 0", "3: abuse.archetypes weighs every archetype 0; give one more than 0, or set share = 0"),
        ],
    )  # fmt: skip
    def test_what_does_not_fit_together_is_told_at_a_line_that_has_to_do_with_it(
        self, complaint: Complaint, text: str, told: str
    ) -> None:
        assert complaint(text) == told

    def test_every_fault_is_told(self, complaint: Complaint) -> None:
        words = complaint("[abuse]\nshare = 3\n[faults]\nending_share = -1\n[staff]\nopens = 25")

        assert [line.rpartition("my.toml:")[2][:2] for line in words.splitlines()] == [
            "2:",
            "4:",
            "6:",
        ]

    def test_what_is_no_toml_is_told_with_its_line(self, complaint: Complaint) -> None:
        assert complaint('name = "x"\nshare: 3').startswith("2: this is not TOML: ")

    def test_what_is_not_utf_8_is_told_with_its_line(self, tmp_path: Path) -> None:
        path = tmp_path / "latin.toml"
        path.write_bytes('# a\nname = "\xfc"'.encode("latin-1"))

        with pytest.raises(BadScenario, match=r"latin\.toml:2: this is not UTF-8; save the file"):
            scenario_named(str(path))
