from collections.abc import Callable
from pathlib import Path

import pytest

from service.policies import default_policy, default_text
from service.policies.reading import BadPolicy, read_policy

Change = Callable[[str, str], Path]


@pytest.fixture
def change(tmp_path: Path) -> Change:
    """Writes the built-in policy with one change into my.toml."""

    def _change(before: str, after: str) -> Path:
        text = default_text()
        assert text.count(before) >= 1
        path = tmp_path / "my.toml"
        path.write_text(text.replace(before, after, 1), encoding="utf-8")
        return path

    return _change


def complaint(path: Path) -> str:
    with pytest.raises(BadPolicy) as refused:
        read_policy(path)
    return str(refused.value)


class TestReadPolicy:
    def test_the_built_in_text_reads_as_the_built_in_policy(self, change: Change) -> None:
        assert read_policy(change("days = 30", "days = 30")) == default_policy()

    def test_a_files_own_words_count(self, change: Change) -> None:
        assert read_policy(change("days = 30", "days = 14")).window.days == 14

    def test_a_file_with_a_byte_order_mark_and_windows_lines_is_read(self, tmp_path: Path) -> None:
        path = tmp_path / "my.toml"
        path.write_bytes(b"\xef\xbb\xbf" + default_text().replace("\n", "\r\n").encode())

        assert read_policy(path) == default_policy()


class TestBadPolicy:
    @pytest.mark.parametrize(
        ("before", "after", "told"),
        [
            ('late = "review"', 'late = "maybe"', 'window.late is "maybe"; allowed are "review", "decline"'),
            ("days = 30", "days = true", "window.days is true; it must be a whole number, such as 30"),
            ("days = 30", "days = 3.5", "window.days is 3.5; it must be a whole number, such as 30"),
            ("days = 30", "days = -1", "window.days is -1; it must be 0 to 3,650"),
            ("days = 30", "days = 9999", "window.days is 9999; it must be 0 to 3,650"),
            ("share = 0.03", "share = 3", "audit.share is 3; it must be 0 to 1"),
            ("bootstrap_share = 0.30", "bootstrap_share = -1", "audit.bootstrap_share is -1; it must be 0 to 1"),
            ("confidence = 0.95", "confidence = 1.0", "risk.confidence is 1.0; it must be 0.5 or more and less than 1"),
            ("answer_within_ms = 50", "answer_within_ms = 0", "risk.answer_within_ms is 0; it must be 1 to 10,000"),
            ('if_suspended = "rules"', 'if_suspended = "decline"', 'risk.if_suspended is "decline"; allowed are "rules", "review"'),
            ('"authorized", "first_scan" or "received".\non = "first_scan"', '"authorized", "first_scan" or "received".\non = "inspected"', 'risk.early_refund.on is "inspected"; allowed are "authorized", "first_scan", "received"'),
            ("abuse_cap = 0.005", "abuse_cap = 5", "risk.early_refund.abuse_cap is 5; it must be more than 0 and less than 1"),
            ("share = 0.03", "share = nan", "audit.share is NaN; it must be a number, such as 0.5"),
            ("warn_at = 0.8", "warn_at = 1", "clocks.warn_at is 1; it must be more than 0 and less than 1"),
            ("EUR = 50000", "euro = 1", "rules.value.auto_up_to_minor.euro is \"euro\"; it must be three capital letters"),
            ("EUR = 50000", 'EUR = "1"', 'rules.value.auto_up_to_minor.EUR is "1"; it must be a whole number'),
            ("EUR = 50000", "EUR = -1", "rules.value.auto_up_to_minor.EUR is -1; it must be 0 to 1,000,000,000,000"),
            ("= 09:00:00", '= "09:00"', 'clocks.business_opens is "09:00"; it must be a time without quotes, such as 09:00:00'),
            ("holidays = []", 'holidays = ["2026-12-25"]', 'clocks.business_holidays[0] is "2026-12-25"; it must be a date without quotes, such as 2026-12-25'),
            ("= 18:00:00", "= 08:00:00", "clocks.business_closes is 08:00:00, but business_opens is 09:00:00; close later"),
            ('default = "basic"', 'default = ""', 'inspection.default is ""; allowed are "basic", "full"'),
            ("low_score = 2", "low_score = 2\nhi = 1", "survey.hi is not known; known there are low_score"),
            ("[regimes.cn_7_day]", '[regimes."7 days"]', 'regimes.7 days is "7 days"; it must be small letters'),
            ('"NO",', '"EU",', 'regimes.eu_14_day.countries[29] is "EU", which is no country; write its two capital letters'),
            ("refunds_outbound_shipping = false", "refunds_outbound_shipping = 0", "regimes.cn_7_day.refunds_outbound_shipping is 0; it must be true or false"),
            ('allowed = ["pickup", "drop_off", "own_carrier"]', "allowed = []", "methods.allowed holds too little; name 1 or more"),
            ("reasons = []", 'reasons = "defect"', 'rules.evidence.reasons is "defect"; it must be a list'),
            ("up_to_minor = {}", "up_to_minor = 5", "keep_item.up_to_minor is 5; it must be a table, such as { EUR = 500 }"),
            ('version = "2026-11"', 'version = ""', "version is empty; write something"),
            ('version = "2026-11"', "version = 2", 'version is 2; it must be text in quotes'),
        ],
    )  # fmt: skip
    def test_it_names_the_line_what_is_wrong_and_what_would_be_right(
        self, change: Change, before: str, after: str, told: str
    ) -> None:
        path = change(before, after)

        words = complaint(path)

        place, _, rest = words.removeprefix(f"{path}:").partition(": ")
        assert rest.startswith(told)
        line = path.read_text().splitlines()[int(place) - 1]
        assert after.splitlines()[-1] in line

    def test_the_law_knows_no_fee_and_no_refund_after_inspection(self, change: Change) -> None:
        fee = complaint(change("withdrawal_days = 14", "withdrawal_days = 14\nfee_percent = 5"))
        late = complaint(change('refund_on = "received"', 'refund_on = "inspected"'))

        assert "regimes.eu_14_day.fee_percent is not known; known there are countries" in fee
        assert 'allowed are "authorized", "first_scan", "received"' in late

    def test_one_country_has_one_law(self, change: Change) -> None:
        assert "names CN in both cn_7_day and eu_14_day" in complaint(change('"NO",', '"CN",'))

    def test_the_shops_fault_has_no_fee(self, change: Change) -> None:
        twice = complaint(change('["changed_mind"]', '["changed_mind", "defect"]'))

        assert "shop_fault_reasons names defect, for which restocking_reasons has a fee" in twice

    @pytest.mark.parametrize(
        ("before", "after", "told"),
        [
            ('default = "partial_refund"', 'default = "accept"', "failed.default is \"accept\", which is not among its options partial_refund"),
            ('default_without_offer = "send_back"', "", "failed.default_without_offer must name another option"),
            ('default_without_offer = "send_back"', 'default_without_offer = "partial_refund"', "failed.default_without_offer must name another option"),
        ],
    )  # fmt: skip
    def test_what_happens_without_a_choice_is_one_of_the_options(
        self, change: Change, before: str, after: str, told: str
    ) -> None:
        assert told in complaint(change(before, after))

    def test_in_a_list_over_several_lines_it_names_the_elements_line(self, change: Change) -> None:
        path = change("reasons = []", 'reasons = [\n  "defect",\n  # not yet\n  "ugly",\n]')

        words = complaint(path)

        number = path.read_text().splitlines().index('  "ugly",') + 1
        assert words.startswith(
            f'{path}:{number}: rules.evidence.reasons[1] is "ugly"; allowed are'
        )

    def test_what_is_missing_is_missed_where_its_section_begins(self, change: Change) -> None:
        path = change("days = 30", "dayz = 30")

        first, second = complaint(path).splitlines()

        section = path.read_text().splitlines().index("[window]") + 1
        assert first.startswith(f"{path}:{section}: window.days is missing; `retour policy show`")
        assert "window.dayz is not known; known there are days, late" in second

    def test_the_shops_holidays_are_told_even_where_there_are_none(self, change: Change) -> None:
        words = complaint(change("business_holidays = []", ""))

        assert "clocks.business_holidays is missing; `retour policy show`" in words

    @pytest.mark.parametrize(
        ("text", "told"),
        [
            ('a = 1\nversion = "x\n', ":2: this is not TOML: Illegal character"),
            ("a = 1\na = 2\n", ":2: this is not TOML: Cannot overwrite a value"),
            ("a = 1\n[b\n", ":2: this is not TOML: Expected ']'"),
            ("a = 1\nb = [\n", ":2: this is not TOML: Invalid value"),
            ("a = 1\nb = '", ":2: this is not TOML"),
            (f"a = 1{'0' * 5000}", ":1: this is not TOML: Exceeds the limit"),
            (f"a = {'[' * 100_000}", ": brackets are nested too deeply"),
        ],
    )
    def test_what_is_no_toml_is_told_with_its_line(
        self, tmp_path: Path, text: str, told: str
    ) -> None:
        path = tmp_path / "my.toml"
        path.write_text(text)

        assert complaint(path).startswith(f"{path}{told}")

    def test_many_faults_are_told_ten_at_a_time(self, tmp_path: Path) -> None:
        path = tmp_path / "my.toml"
        path.write_text("")

        *faults, last = complaint(path).splitlines()

        assert len(faults) == 10
        assert last == "… and 5 more"

    def test_a_file_that_is_not_there_or_not_text_is_named(self, tmp_path: Path) -> None:
        (tmp_path / "latin.toml").write_bytes('a = 1\nb = "\xfc"'.encode("latin-1"))

        assert "latin.toml:2: this is not UTF-8" in complaint(tmp_path / "latin.toml")
        assert "none.toml (No such file or directory)" in complaint(tmp_path / "none.toml")
        assert "(Is a directory)" in complaint(tmp_path)
