"""The parts as fixtures: started once in a test run, skipped with the reason where they cannot be had."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TypeVar

import pytest
from parts import servers
from parts.node_parts import NotHere

T = TypeVar("T")


def _started(start: Callable[[], AbstractContextManager[T]]) -> Iterator[T]:
    try:
        with start() as part:
            yield part
    except NotHere as reason:
        pytest.skip(str(reason))


@pytest.fixture(scope="session")
def parts_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("parts")


@pytest.fixture(scope="session")
def postmark_url(parts_folder: Path) -> Iterator[str]:
    yield from _started(lambda: servers.prism(servers.DESCRIPTIONS / "postmark.yaml", parts_folder))


@pytest.fixture(scope="session")
def mailgun_url(parts_folder: Path) -> Iterator[str]:
    yield from _started(lambda: servers.prism(servers.DESCRIPTIONS / "mailgun.yaml", parts_folder))


@pytest.fixture(scope="session")
def openai_url(parts_folder: Path) -> Iterator[str]:
    yield from _started(lambda: servers.prism(servers.DESCRIPTIONS / "openai.yaml", parts_folder))


@pytest.fixture(scope="session")
def mock_llm_url(parts_folder: Path) -> Iterator[str]:
    yield from _started(lambda: servers.mock_llm(parts_folder))


@pytest.fixture(scope="session")
def hubspot_url(parts_folder: Path) -> Iterator[str]:
    yield from _started(lambda: servers.prism(servers.DESCRIPTIONS / "hubspot.yaml", parts_folder))


@pytest.fixture(scope="session")
def salesforce_url(parts_folder: Path) -> Iterator[str]:
    yield from _started(lambda: servers.prism(servers.DESCRIPTIONS / "salesforce.yaml", parts_folder))


@pytest.fixture(scope="session")
def intercom_url(parts_folder: Path) -> Iterator[str]:
    yield from _started(lambda: servers.prism(servers.DESCRIPTIONS / "intercom.yaml", parts_folder))


@pytest.fixture(scope="session")
def maildev(parts_folder: Path) -> Iterator[servers.MailHouse]:
    yield from _started(lambda: servers.maildev(parts_folder))


@pytest.fixture(scope="session")
def pymap(parts_folder: Path) -> Iterator[servers.MailHouse]:
    yield from _started(lambda: servers.pymap(parts_folder))


@pytest.fixture(scope="session")
def slack_description_url(parts_folder: Path) -> Iterator[str]:
    yield from _started(lambda: servers.prism(servers.DESCRIPTIONS / "slack.yaml", parts_folder))


@pytest.fixture(scope="session")
def slack_url(parts_folder: Path) -> Iterator[str]:
    yield from _started(lambda: servers.slack_emulator(parts_folder))


@pytest.fixture(scope="session")
def stripe_url(parts_folder: Path) -> Iterator[str]:
    yield from _started(lambda: servers.emulator("stripe", parts_folder))


@pytest.fixture(scope="session")
def localstripe_url(parts_folder: Path) -> Iterator[str]:
    yield from _started(lambda: servers.localstripe(parts_folder))


@pytest.fixture(scope="session")
def stripe_description_url(parts_folder: Path) -> Iterator[str]:
    yield from _started(lambda: servers.prism(servers.DESCRIPTIONS / "stripe.yaml", parts_folder))


@pytest.fixture(scope="session")
def twilio_url(parts_folder: Path) -> Iterator[str]:
    yield from _started(lambda: servers.emulator("twilio", parts_folder))


@pytest.fixture(scope="session")
def fhir_url(parts_folder: Path) -> Iterator[str]:
    yield from _started(lambda: servers.fhir_router(parts_folder))


@pytest.fixture(scope="session")
def github_url(parts_folder: Path) -> Iterator[str]:
    yield from _started(lambda: servers.emulator("github", parts_folder))


@pytest.fixture(scope="session")
def linear_url(parts_folder: Path) -> Iterator[str]:
    yield from _started(lambda: servers.emulator("linear", parts_folder))


@pytest.fixture(scope="session")
def google_url(parts_folder: Path) -> Iterator[str]:
    yield from _started(lambda: servers.google_emulator(parts_folder))


@pytest.fixture(scope="session")
def google_description_url(parts_folder: Path) -> Iterator[str]:
    yield from _started(lambda: servers.prism(servers.DESCRIPTIONS / "google.yaml", parts_folder))


@pytest.fixture(scope="session")
def notion_description_url(parts_folder: Path) -> Iterator[str]:
    yield from _started(lambda: servers.prism(servers.DESCRIPTIONS / "notion.yaml", parts_folder))


@pytest.fixture(scope="session")
def backlot_url(parts_folder: Path) -> Iterator[str]:
    yield from _started(lambda: servers.backlot(parts_folder))


@pytest.fixture(scope="session")
def oidc_mock_url(parts_folder: Path) -> Iterator[str]:
    yield from _started(lambda: servers.oidc_mock(parts_folder))


@pytest.fixture(scope="session")
def weed(parts_folder: Path) -> Iterator[servers.Store]:
    yield from _started(lambda: servers.seaweedfs(parts_folder))


@pytest.fixture(scope="session")
def moto_store(parts_folder: Path) -> Iterator[servers.Store]:
    yield from _started(lambda: servers.moto(parts_folder))


@pytest.fixture(params=["weed", "moto_store"])
def store(request: pytest.FixtureRequest) -> servers.Store:
    """Every S3 store in turn."""
    return request.getfixturevalue(request.param)
