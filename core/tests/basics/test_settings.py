"""The operator's settings: what cannot be used is refused at once, in words, without what was written."""

from pathlib import Path

import pytest

from powerstrip.settings import Settings, SettingsError, from_environment

CANARY = "hunter2canary"


def read(**environment: str) -> Settings:
    return from_environment({f"POWERSTRIP_{name}": text for name, text in environment.items()}, Path("/nowhere"))


def refusal(**environment: str) -> str:
    with pytest.raises(SettingsError) as caught:
        read(**environment)
    assert CANARY not in str(caught.value)
    assert caught.value.__cause__ is None
    return str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        f"garbage-{CANARY}",
        f"sqlite:////tmp/{CANARY}.db",
        f"sqlite+pysqlite:////tmp/{CANARY}.db",
        f"mysql://u:{CANARY}@h/x",
        f"postgresql+asyncpg://u:{CANARY}@h/x",
        f"postgresql://u:{CANARY}@h:notaport/x",
    ],
)
def test_only_a_postgresql_url_is_taken(url: str) -> None:
    said = refusal(DATABASE_URL=url)
    assert said == "POWERSTRIP_DATABASE_URL: write postgresql://user:password@host:5432/database, or leave it out"


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_a_database_is_told_by_its_host_alone(scheme: str) -> None:
    settings = read(DATABASE_URL=f"{scheme}://u:{CANARY}@db.example:5433/hub")
    assert (settings.sqlite, settings.database) == (False, "PostgreSQL at db.example")
    assert settings.url == f"postgresql+psycopg://u:{CANARY}@db.example:5433/hub"
    assert read().database == "SQLite in the data folder"
    assert read(DATABASE_URL="postgresql:///hub").database == "PostgreSQL at a local socket"


@pytest.mark.parametrize(
    "url",
    [
        f"http://user:{CANARY}@h/x",
        f"http://h/x?q={CANARY}",
        f"ftp://{CANARY}",
        "http://h:99999",
        "http://0x7f.1/",
        "http://h/../x",
    ],
)
def test_a_provider_url_that_no_call_could_use_is_refused_at_the_start(url: str) -> None:
    said = refusal(PROVIDER_URLS=f'{{"postmark": "{url}"}}')
    assert said.startswith("POWERSTRIP_PROVIDER_URLS: the base URL of postmark: The address cannot be used. ")
    assert "\n" not in said


def test_exceptions_are_told_by_their_origin() -> None:
    settings = read(PROVIDER_URLS='{"postmark": "http://H.example:4010/base/"}', ALLOW_ADDRESSES="10.1.0.0/16")
    assert settings.exceptions() == [
        "Addresses in 10.1.0.0/16 may be reached, with plain http and any port",
        "Calls of postmark go to http://h.example:4010",
    ]


def test_blocked_plugins_are_a_list_of_names() -> None:
    assert read(PLUGINS_BLOCK="acme, powerstrip-other").plugins_block == ("acme", "powerstrip-other")
    assert read().plugins_block == ()


def test_the_index_of_adapters_is_the_installation_s_and_no_hub_s(tmp_path: Path) -> None:
    def index(**environ: str) -> Path:
        return from_environment(environ, tmp_path / "data").index

    cached = index(HOME=str(tmp_path / "home"))
    assert cached.parent == tmp_path / "home" / ".cache" / "powerstrip"
    assert cached.stat().st_mode & 0o077 == 0
    assert index(HOME="/", XDG_CACHE_HOME=str(tmp_path)).parent == tmp_path / "powerstrip"
    assert index(HOME=str(tmp_path), POWERSTRIP_CATALOG=str(tmp_path / "image")) == tmp_path / "image"
    (tmp_path / "taken").write_text("a file where a home should be")
    assert index(HOME=str(tmp_path / "taken")) == index() == tmp_path / "data" / "catalog"
