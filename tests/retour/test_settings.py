import stat
from pathlib import Path

import pytest

from retour.settings import BadSetting, Settings, load_settings


class TestSettings:
    def test_defaults_need_no_server(self) -> None:
        settings = load_settings()

        assert settings.database.startswith("sqlite:///")
        assert settings.database.endswith("/var/retour.db")
        assert settings.warehouse == Path("warehouse.duckdb")

    def test_the_environment_wins_and_is_named_as_the_source(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("RETOUR_VAR_DIR", "/somewhere")
        monkeypatch.setenv("RETOUR_SERVICE_PORT", "9000")

        settings = load_settings()

        assert settings.lake_dir == Path("/somewhere/lake")
        assert settings.service_port == 9000
        assert settings.sources()["service_port"] == "environment"
        assert settings.sources()["dagster_port"] == "default"

    def test_an_empty_variable_means_the_default(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("RETOUR_VAR_DIR", "")

        assert load_settings().var_dir == Path("var")

    @pytest.mark.parametrize(
        ("name", "value", "hint"),
        [
            ("RETOUR_TIMEZONE", "Mars/Olympus", "Europe/London"),
            ("RETOUR_TIMEZONE", "../etc", "Europe/London"),
            ("RETOUR_SERVICE_PORT", "70000", "65535"),
            ("RETOUR_SERVICE_PORT", "web", "integer"),
            ("RETOUR_PUBLIC_URL", "returns.example.com", "https://returns.example.com"),
            ("RETOUR_PUBLIC_URL", "https://a b", "https://returns.example.com"),
            ("RETOUR_MAIL_FROM", "Shop <a@b.example>", "returns@example.com"),
            ("RETOUR_MAIL_FROM", "a@b.example\nBcc: c@d.example", "returns@example.com"),
            ("RETOUR_SHOP_NAME", "Tea\nhouse", "one line"),
        ],
    )
    def test_a_value_that_cannot_be_is_refused_with_what_would_do(
        self, monkeypatch: pytest.MonkeyPatch, name: str, value: str, hint: str
    ) -> None:
        monkeypatch.setenv(name, value)

        with pytest.raises(BadSetting, match=hint):
            load_settings()

    def test_links_lead_to_the_public_address_or_to_host_and_port(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert load_settings().public_address == "http://127.0.0.1:8000"

        monkeypatch.setenv("RETOUR_PUBLIC_URL", "https://returns.example.com/shop/")

        assert load_settings().public_address == "https://returns.example.com/shop"

    def test_the_mail_servers_password_is_not_shown(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("RETOUR_SMTP_URL", "smtp://shop:top-secret@mail.example")

        assert "top-secret" not in f"{load_settings()!r} {load_settings()}"


class TestSecret:
    def test_a_fresh_machine_gets_a_key_that_stays_and_only_its_owner_reads(
        self, settings: Settings
    ) -> None:
        key = settings.secret()

        assert len(key) >= 32
        assert settings.secret() == key
        assert stat.S_IMODE((settings.var_dir / "secret.key").stat().st_mode) == 0o600
        assert settings.sources()["secret_key"] == "generated"

    def test_the_environment_key_wins_and_no_file_is_made(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setenv("RETOUR_SECRET_KEY", "given")
        monkeypatch.setenv("RETOUR_VAR_DIR", str(tmp_path / "var"))

        assert load_settings().secret() == b"given"
        assert not (tmp_path / "var").exists()

    def test_two_installations_have_different_keys(self, tmp_path: Path) -> None:
        first, second = Settings(var_dir=tmp_path / "a"), Settings(var_dir=tmp_path / "b")

        assert first.secret() != second.secret()

    def test_the_key_is_not_shown(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("RETOUR_SECRET_KEY", "top-secret-words")

        assert "top-secret-words" not in f"{load_settings()!r} {load_settings()}"
