"""Every setting, read from `RETOUR_*` environment variables; `retour settings` prints them with their source.

Anything may import this module; it imports nothing of ours but the kind of error.
"""

import os
import re
import secrets
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from retour.errors import UserError

PREFIX = "RETOUR_"
Source = Literal["environment", "default", "generated"]


class Settings(BaseSettings):
    """Where things are and on which ports they answer. Defaults need no server of any kind."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, env_ignore_empty=True)

    var_dir: Path = Field(
        Path("var"), description="everything a run makes: database, lake, published marts"
    )
    warehouse: Path = Field(Path("warehouse.duckdb"), description="the DuckDB file that runs build")
    database_url: str = Field(
        "", description="SQLAlchemy address of the service's database; empty: SQLite in var_dir"
    )
    cache_dir: str = Field(
        "", description="what programs may read instead of working it out anew; empty: var_dir"
    )
    timezone: str = Field(
        "",
        description="the shop's IANA time zone; empty: that of the newest import, else UTC",
    )
    host: str = Field(
        "127.0.0.1", description="address on which service, dashboard and Dagster listen"
    )
    service_port: int = Field(8000, ge=1, le=65535, description="where the service answers")
    dashboard_port: int = Field(8501, ge=1, le=65535, description="where the dashboards answer")
    dagster_port: int = Field(3000, ge=1, le=65535, description="where `retour run` starts Dagster")
    policy: str = Field(
        "",
        description="the shop's policy file (TOML); empty: the practice shop's where one is played, else the built-in one",
    )
    costs: str = Field(
        "",
        description="what parcels, inspections and lost value cost (TOML); empty: built-in rates",
    )
    shop_name: str = Field("Practice shop", description="the shop's name, as customers know it")
    public_url: str = Field(
        "",
        description="where customers reach the service, for links in mails; empty: host and port",
    )
    smtp_url: str = Field(
        "",
        repr=False,
        description="mail server, smtp://USER:PASSWORD@HOST:587 or smtps://…; empty: mail goes to files in var_dir/mail",
    )
    mail_from: str = Field(
        "returns@localhost", description="the address that mails to customers come from"
    )
    alert_mail: str = Field(
        "",
        description="whom a mail tells when a run or a check of the pipeline fails; empty: nobody",
    )
    longest_run_hours: float = Field(
        3,
        gt=0,
        description="how long a run of the pipeline may take; one that takes longer is ended as failed",
    )
    service_url: str = Field(
        "",
        description="where dashboards reach the service, for what buyers answer; empty: host and port",
    )
    dagster_url: str = Field(
        "",
        description="where people reach Dagster, for links in such mails; empty: host and port",
    )
    payments_url: str = Field(
        "",
        repr=False,
        description="the shop's payment system (docs/payments.md); empty: refunds are paid by hand",
    )
    payments_secret: SecretStr = Field(
        SecretStr(""), description="what the worker shows to the payment system"
    )
    secret_key: SecretStr = Field(
        SecretStr(""),
        description="keys the look-up of customer tokens; empty: made once in var_dir/secret.key",
    )

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        if name:
            try:
                ZoneInfo(name)
            except (ZoneInfoNotFoundError, ValueError, OSError) as unknown:
                raise ValueError(
                    f"{name!r} is not an IANA time zone; write one such as Europe/London or Asia/Shanghai"
                ) from unknown
        return name

    @field_validator("public_url", "service_url", "dagster_url")
    @classmethod
    def _web_address(cls, url: str) -> str:
        if url and not re.fullmatch(r"https?://[^\s?#]+", url):
            raise ValueError("it must be a web address such as https://returns.example.com")
        return url.rstrip("/")

    @field_validator("shop_name")
    @classmethod
    def _one_line(cls, name: str) -> str:
        if not name.isprintable():
            raise ValueError("it must be one line without control characters")
        return name

    @field_validator("mail_from")
    @classmethod
    def _mail_address(cls, address: str) -> str:
        if not re.fullmatch(r"[\w.+-]+@[\w-]+(\.[\w-]+)*", address, re.ASCII):
            raise ValueError("it must be one mail address such as returns@example.com")
        return address

    @field_validator("alert_mail")
    @classmethod
    def _mail_address_or_none(cls, address: str) -> str:
        return cls._mail_address(address) if address else address

    @property
    def public_address(self) -> str:
        """Where links in mails lead, without a slash at the end."""
        return self.public_url or f"http://{self.host}:{self.service_port}"

    @property
    def service_address(self) -> str:
        """Where dashboards reach the service, without a slash at the end."""
        return self.service_url or f"http://{self.host}:{self.service_port}"

    @property
    def dagster_address(self) -> str:
        """Where links to runs lead, without a slash at the end."""
        return self.dagster_url or f"http://{self.host}:{self.dagster_port}"

    @property
    def mail_dir(self) -> Path:
        return self.var_dir / "mail"

    @property
    def database(self) -> str:
        """The database's address, with the default filled in."""
        return self.database_url or f"sqlite:///{(self.var_dir / 'retour.db').resolve()}"

    @property
    def relations_dir(self) -> Path:
        return Path(self.cache_dir or self.var_dir)

    @property
    def practice_policy(self) -> Path:
        return self.var_dir / "practice" / "policy.toml"

    @property
    def lake_dir(self) -> Path:
        return self.var_dir / "lake"

    @property
    def quarantine_dir(self) -> Path:
        return self.var_dir / "quarantine"

    @property
    def quality_dir(self) -> Path:
        return self.var_dir / "quality"

    @property
    def risk_dir(self) -> Path:
        return self.var_dir / "models" / "risk"

    @property
    def published_dir(self) -> Path:
        return self.var_dir / "published"

    @property
    def health_dir(self) -> Path:
        return self.published_dir / "health"

    @property
    def dagster_home(self) -> Path:
        return self.var_dir / "dagster"

    def secret(self) -> bytes:
        """The key of the customer look-up. A fresh machine gets one of its own, readable by its owner only."""
        if given := self.secret_key.get_secret_value():
            return given.encode()
        path = self.var_dir / "secret.key"
        if not path.exists():
            self.var_dir.mkdir(parents=True, exist_ok=True)
            draft = path.with_name(f"secret.key.{os.getpid()}")
            draft.touch(mode=0o600)
            draft.write_text(secrets.token_hex(32))
            try:
                os.link(draft, path)  # the first process wins; a second one reads the winner's
            except FileExistsError:
                pass
            finally:
                draft.unlink()
        return path.read_bytes()

    def sources(self) -> dict[str, Source]:
        """Where each setting's value came from."""
        found: dict[str, Source] = {
            name: "environment" if name in self.model_fields_set else "default"
            for name in type(self).model_fields
        }
        if not self.secret_key.get_secret_value():
            found["secret_key"] = "generated"
        return found


class BadSetting(UserError):
    """A variable holds what cannot be."""


def load_settings() -> Settings:
    """The settings of this process, read anew from the environment. Raises `BadSetting`."""
    try:
        return Settings()
    except ValidationError as invalid:
        first = invalid.errors()[0]
        name = "_".join(str(part) for part in first["loc"]).upper()
        fault = first["msg"].removeprefix("Value error, ")
        raise BadSetting(f"{PREFIX}{name} is {first['input']!r}: {fault}") from invalid
