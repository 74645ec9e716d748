import tomllib

from service.platform.toml_places import Place, lines_by_place
from service.policies import default_text

TRICKY = '''# a comment with [brackets] and "quotes
title = "a # that is no comment"
"quoted.key" = 'C:\\'
text = """
[not.a.section]
key = "no key" \\"""
""""
literal = \'\'\'
x = 1
\'\'\'
[a.b] # a section
c.d = 1
list = [ # one a line
  "x, y", # with a comma
  [1, 2], { e = "]", f = { g = 1 } },
]
when = 1979-05-27 07:32:00
[[a.tables]]
n = 1
[[a.tables]]
n = 2
[a.tables.below]
deep = true
'''


def _leaves(value: object, place: Place = ()) -> dict[Place, object]:
    """Every value that is no table, by its place."""
    if isinstance(value, dict):
        steps = list(value.items())
    elif isinstance(value, list):
        steps = list(enumerate(value))
    else:
        return {place: value}
    return {
        key: leaf for step, each in steps for key, leaf in _leaves(each, (*place, step)).items()
    }


class TestLinesByPlace:
    def test_each_value_has_the_line_on_which_it_stands(self) -> None:
        lines = lines_by_place(TRICKY)

        assert _leaves(tomllib.loads(TRICKY)).keys() <= lines.keys()
        assert lines["title",] == 2
        assert lines["quoted.key",] == 3
        assert lines["text",] == 4
        assert lines["literal",] == 8
        assert lines["a", "b"] == lines["a",] == 11
        assert lines["a", "b", "c", "d"] == 12
        assert lines["a", "b", "list"] == 13
        assert lines["a", "b", "list", 0] == 14
        assert lines["a", "b", "list", 1, 1] == 15
        assert lines["a", "b", "list", 2, "f", "g"] == 15
        assert lines["a", "b", "when"] == 17
        assert lines["a", "tables", 1] == 20
        assert lines["a", "tables", 1, "n"] == 21
        assert lines["a", "tables", 1, "below", "deep"] == 23

    def test_every_line_of_the_built_in_policy_is_found(self) -> None:
        text = default_text().splitlines()
        lines = lines_by_place(default_text())

        for place in _leaves(tomllib.loads(default_text())):
            key = next(step for step in reversed(place) if isinstance(step, str))
            assert key in text[lines[place] - 1] or isinstance(place[-1], int)

    def test_windows_line_ends_count_as_lines(self) -> None:
        assert lines_by_place("a = 1\r\nb = [\r\n  2,\r\n]\r\n")["b", 0] == 3
