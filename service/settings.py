"""Settings, from the environment (prefix LEDGERLANE_) or a .env file. `.env.example` explains each one."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class QuickBooksSettings(BaseSettings):
    """An Intuit app. The URLs are Intuit's own unless they point at a simulator."""

    model_config = SettingsConfigDict(env_prefix="LEDGERLANE_QUICKBOOKS_", env_file=".env", extra="ignore")

    client_id: str = ""
    client_secret: SecretStr = SecretStr("")
    environment: Literal["sandbox", "production"] = "sandbox"
    verifier_token: SecretStr = SecretStr("")
    api_url: str = ""
    discovery_url: str = ""
    app_url: str = ""
    limits: Literal["real", "none"] = "real"

    @property
    def configured(self) -> bool:
        """True when there is an app to connect with."""
        return bool(self.client_id and self.client_secret.get_secret_value())


class XeroSettings(BaseSettings):
    """An app of Xero's developer portal. The URL is Xero's own unless it points at a simulator.

    An app of the PKCE kind has no secret: `public_client` says that its absence is meant.
    """

    model_config = SettingsConfigDict(env_prefix="LEDGERLANE_XERO_", env_file=".env", extra="ignore")

    client_id: str = ""
    client_secret: SecretStr = SecretStr("")
    public_client: bool = False
    webhook_key: SecretStr = SecretStr("")
    scopes: str = Field(default="", description="Blank-separated; empty asks for what the service does, and no more.")
    simulator_url: str = ""
    app_url: str = ""
    limits: Literal["real", "none"] = "real"

    @property
    def configured(self) -> bool:
        """True when there is an app to connect with."""
        return bool(self.client_id and (self.client_secret.get_secret_value() or self.public_client))


class Settings(BaseSettings):
    """What one installation needs to know."""

    model_config = SettingsConfigDict(env_prefix="LEDGERLANE_", env_file=".env", extra="ignore")

    host: str = "127.0.0.1"
    port: int = 8080
    public_url: str = Field(default="", description="Where browsers and ledgers reach us; default http://host:port.")
    database_url: str = "sqlite+aiosqlite:///var/ledgerlane.sqlite3"
    secret_key: SecretStr = Field(default=SecretStr(""), description="32 bytes in base64: encrypts tokens at rest.")
    previous_secret_keys: SecretStr = Field(default=SecretStr(""), description="Older keys, comma separated, to read.")
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    lanes: bool = Field(default=True, description="Run lanes in this process; off for an API-only process.")
    lanes_at_once: int = Field(default=20, ge=1, le=200)
    quickbooks: QuickBooksSettings = Field(default_factory=QuickBooksSettings)
    xero: XeroSettings = Field(default_factory=XeroSettings)

    @field_validator("secret_key")
    @classmethod
    def _is_a_key(cls, value: SecretStr) -> SecretStr:
        text = value.get_secret_value()
        if text and len(_decode_key(text)) != 32:
            raise ValueError("must be 32 bytes in base64; make one with `ledgerlane keys secret`")
        return value

    @property
    def base_url(self) -> str:
        """The address we are reached at, without a trailing slash."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    def encryption_keys(self) -> list[bytes]:
        """The key that encrypts, then those that may still be read."""
        texts = [self.secret_key.get_secret_value(), *self.previous_secret_keys.get_secret_value().split(",")]
        return [_decode_key(text.strip()) for text in texts if text.strip()]

    def sqlite_path(self) -> Path | None:
        """The database file, or None when the database is a server."""
        if not self.database_url.startswith("sqlite"):
            return None
        return Path(self.database_url.split("///", 1)[1])


def _decode_key(text: str) -> bytes:
    return base64.b64decode(text, validate=False)
