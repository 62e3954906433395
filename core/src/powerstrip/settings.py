"""The operator's settings: one object, read from the environment once and passed by hand."""

import hashlib
import ipaddress
import json
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from powerstrip.adapter.secret import Secret
from powerstrip.folder import data_folder
from powerstrip.urls import BadUrl, parse_base, parse_url

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

POSTGRESQL = ("postgresql", "postgres", "postgresql+psycopg")
"""Schemes of a database URL."""
ENGINE_NAME = re.compile(r"[a-z][a-z0-9-]{0,39}", re.ASCII)
MODEL_KEY = "POWERSTRIP_MODEL_KEY"
"""The variable with the language model's key. A hub that has read it takes it out of the environment."""


class SettingsError(Exception):
    """A setting that cannot be used; the message says which and how to mend it."""


class Settings(BaseModel):
    """What the operator decides. Every exception from the safe default is listed by `powerstrip doctor`."""

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True, hide_input_in_errors=True)

    data: Path
    database_url: str = ""
    engine: str = "journal"
    """What makes runs durable, by name: the embedded journal, or a plugin."""
    allow_addresses: tuple[Network, ...] = ()
    """Networks that the address guard lets pass, with plain http and any port."""
    provider_urls: dict[str, str] = {}
    """Provider id → base URL, for emulators and private deployments."""
    rate_limit: int = Field(default=5000, ge=1)
    """Requests a second that one API key may make."""
    plugins_block: tuple[str, ...] = ()
    """Plugins or distributions, by name, that are never loaded."""
    catalog: Path | None = None
    """Where what is known of the installed plugins is kept between starts; in the data folder where it is None."""
    keep_raw_days: int = Field(default=7, ge=0, le=365)
    """How long raw deliveries of webhooks are kept, sealed, and refused ones at all."""
    public_url: str = ""
    """Where browsers reach this hub; a served hub's own address where it is empty."""
    return_to: tuple[str, ...] = ()
    """The addresses, letter by letter, to which a browser may be sent after a consent."""

    model_url: str = ""
    """Base URL of an OpenAI-compatible server that helps to understand sentences; empty: none is asked."""
    model_name: str = ""
    model_key: Secret = Field(default_factory=lambda: Secret(""), repr=False)
    """Its key; servers of one's own often want none."""

    @field_validator("model_url")
    @classmethod
    def _model(cls, url: str) -> str:
        try:
            return parse_base(url).text if url else url
        except BadUrl as error:
            raise ValueError(f"POWERSTRIP_MODEL_URL: {error}") from None

    @model_validator(mode="after")
    def _named(self) -> "Settings":
        if bool(self.model_url) != bool(self.model_name):
            raise ValueError("POWERSTRIP_MODEL_URL and POWERSTRIP_MODEL_NAME belong together: set both or neither")
        return self

    @field_validator("public_url")
    @classmethod
    def _public(cls, url: str) -> str:
        try:
            return parse_base(url).text if url else url
        except BadUrl as error:
            raise ValueError(f"POWERSTRIP_PUBLIC_URL: {error}") from None

    @field_validator("return_to")
    @classmethod
    def _returns(cls, urls: tuple[str, ...]) -> tuple[str, ...]:
        try:
            return tuple(parse_url(url).text for url in urls)
        except BadUrl as error:
            raise ValueError(f"POWERSTRIP_RETURN_TO: {error}") from None

    @field_validator("provider_urls")
    @classmethod
    def _absolute(cls, urls: dict[str, str]) -> dict[str, str]:
        for provider, url in urls.items():
            try:
                parse_base(url)
            except BadUrl as error:
                raise ValueError(f"POWERSTRIP_PROVIDER_URLS: the base URL of {provider}: {error}") from None
        return urls

    @field_validator("database_url")
    @classmethod
    def _postgresql(cls, url: str) -> str:
        """PostgreSQL alone: a second hub on somebody's SQLite file would not be noticed."""
        if url and not _is_postgresql(url):
            raise ValueError("POWERSTRIP_DATABASE_URL: write postgresql://user:password@host:5432/database, or leave it out")
        return url

    @property
    def index(self) -> Path:
        """The folder of the catalogue's index. It can be made anew at any time."""
        return self.catalog or self.data / "catalog"

    @property
    def sqlite(self) -> bool:
        """True where the hub keeps its own file, false on PostgreSQL."""
        return not self.database_url

    @property
    def url(self) -> str:
        """The database's SQLAlchemy URL."""
        if self.database_url:
            scheme, _, rest = self.database_url.partition("://")
            return f"postgresql+psycopg://{rest}" if scheme in ("postgres", "postgresql") else self.database_url
        return f"sqlite:///{self.data / 'powerstrip.db'}"

    @property
    def database(self) -> str:
        """Where the data lies, in words that hold no user name and no password."""
        if self.sqlite:
            return "SQLite in the data folder"
        from sqlalchemy import make_url

        return f"PostgreSQL at {make_url(self.database_url).host or 'a local socket'}"

    def exceptions(self) -> list[str]:
        """Each exception from the safe default in force, as a sentence."""
        lines = [f"Addresses in {network} may be reached, with plain http and any port" for network in self.allow_addresses]
        lines += [f"Calls of {provider} go to {parse_base(url).origin}" for provider, url in self.provider_urls.items()]
        if self.model_url:
            lines.append(
                f"Sentences, without their secrets, go to the model {self.model_name} at {parse_base(self.model_url).origin}"
            )
        return lines


def from_environment(environ: Mapping[str, str] = os.environ, data: Path | None = None) -> Settings:
    """Read `POWERSTRIP_*`. `data` (from `--data`) wins over `POWERSTRIP_DATA`. Raises `SettingsError`."""
    try:
        return Settings(
            data=data_folder(environ, data),
            database_url=environ.get("POWERSTRIP_DATABASE_URL", ""),
            engine=_engine(environ.get("POWERSTRIP_ENGINE", "").strip() or "journal"),
            allow_addresses=_networks(environ.get("POWERSTRIP_ALLOW_ADDRESSES", "")),
            provider_urls=_urls(environ.get("POWERSTRIP_PROVIDER_URLS", "")),
            catalog=installation_index(environ),
            plugins_block=tuple(environ.get("POWERSTRIP_PLUGINS_BLOCK", "").replace(",", " ").split()),
            public_url=environ.get("POWERSTRIP_PUBLIC_URL", "").strip(),
            model_url=environ.get("POWERSTRIP_MODEL_URL", "").strip(),
            model_name=environ.get("POWERSTRIP_MODEL_NAME", "").strip(),
            model_key=Secret(environ.get(MODEL_KEY, "").strip()),
            return_to=tuple(environ.get("POWERSTRIP_RETURN_TO", "").split()),
            **({"keep_raw_days": _days(text)} if (text := environ.get("POWERSTRIP_KEEP_RAW_DAYS", "").strip()) else {}),
            **({"rate_limit": _rate(text)} if (text := environ.get("POWERSTRIP_RATE_LIMIT", "").strip()) else {}),
        )
    except ValidationError as error:
        reasons = [found["msg"].removeprefix("Value error, ") for found in error.errors(include_url=False, include_input=False)]
        raise SettingsError("; ".join(reasons)) from None


def installation_index(environ: Mapping[str, str]) -> Path | None:
    """Where the catalogue's index is kept: it belongs to an installation, whatever hubs are run from it.

    In the user's cache, where there can be one; None where it has to be in a hub's data folder.
    """
    if given := environ.get("POWERSTRIP_CATALOG", "").strip():
        return Path(given).expanduser().resolve()
    home = environ.get("XDG_CACHE_HOME") or (f"{environ['HOME']}/.cache" if environ.get("HOME") else "")
    if not home:
        return None
    folder = Path(home) / "powerstrip" / f"catalog-{hashlib.blake2b(sys.prefix.encode(), digest_size=6).hexdigest()}"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError:
        return None  # a home that cannot be written to is usual in containers: the data folder can
    return folder if os.access(folder, os.W_OK) else None


def _is_postgresql(url: str) -> bool:
    """Whether the database's own driver can read it."""
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        return make_url(url).drivername in POSTGRESQL
    except (ArgumentError, ValueError):
        return False


def _engine(text: str) -> str:
    if not ENGINE_NAME.fullmatch(text):
        raise SettingsError("POWERSTRIP_ENGINE: write the name of an engine, such as journal or dbos")
    return text


def _rate(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) == 0:
        raise SettingsError("POWERSTRIP_RATE_LIMIT: write a whole number of requests a second, such as 5000")
    return int(text)


def _days(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 3 or int(text) > 365:
        raise SettingsError("POWERSTRIP_KEEP_RAW_DAYS: write a whole number of days from 0 to 365, such as 7")
    return int(text)


def _networks(text: str) -> tuple[Network, ...]:
    words = text.replace(",", " ").split()
    try:
        return tuple(ipaddress.ip_network(word) for word in words)
    except ValueError as error:
        raise SettingsError(f"POWERSTRIP_ALLOW_ADDRESSES: {error}. Write networks, such as 127.0.0.0/8,10.1.0.0/16") from None


def _urls(text: str) -> dict[str, str]:
    if not text.strip():
        return {}
    try:
        urls: Any = json.loads(text)
    except ValueError:
        urls = None
    if not isinstance(urls, dict):
        raise SettingsError('POWERSTRIP_PROVIDER_URLS: write a JSON object, such as {"postmark": "http://127.0.0.1:4010"}')
    return {str(provider): str(url).rstrip("/") for provider, url in cast(dict[Any, Any], urls).items()}
