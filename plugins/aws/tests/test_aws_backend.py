"""Against moto's KMS and Secrets Manager; the signature against botocore's."""

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import EntryPoint
from pathlib import Path

import boto3
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from moto.server import ThreadedMotoServer

from powerstrip.adapter.backend import BackendFailed
from powerstrip.edge import OperatorWay
from powerstrip.settings import Settings
from powerstrip.vault import Backends, load_masters
from powerstrip_aws.signing import Keys, signed

KEY = bytes(range(32))
REGION = "eu-central-1"
INVENTED = {"aws_access_key_id": "invented", "aws_secret_access_key": "invented", "region_name": REGION}


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


def backends(endpoint: str) -> Backends:
    environ = {
        "POWERSTRIP_AWS_REGION": REGION,
        "POWERSTRIP_AWS_ACCESS_KEY_ID": "invented",
        "POWERSTRIP_AWS_SECRET_ACCESS_KEY": "invented",
        "POWERSTRIP_AWS_ENDPOINT": endpoint,
    }
    return Backends(environ, OperatorWay, {"aws": EntryPoint("aws", "powerstrip_aws:aws", "powerstrip.backends")})


def test_the_master_key_is_wrapped_by_kms(endpoint: str, tmp_path: Path) -> None:
    key = boto3.client("kms", endpoint_url=endpoint, **INVENTED).create_key()["KeyMetadata"]["KeyId"]
    reference = backends(endpoint).wrap(f"aws:kms/{key}", KEY)
    assert base64.b64encode(KEY).decode() not in reference
    masters = load_masters(Settings(data=tmp_path), {"POWERSTRIP_MASTER_KEY_FROM": reference}, backends(endpoint))
    assert masters.current.as_root() == KEY
    assert list(tmp_path.iterdir()) == []


def test_a_ciphertext_for_another_purpose_does_not_open(endpoint: str) -> None:
    kms = boto3.client("kms", endpoint_url=endpoint, **INVENTED)
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    blob = kms.encrypt(KeyId=key, Plaintext=KEY, EncryptionContext={"purpose": "other"})["CiphertextBlob"]
    with pytest.raises(BackendFailed, match="InvalidCiphertext"):
        backends(endpoint).master_key(f"aws:kms/{base64.b64encode(blob).decode()}")


def test_secrets_are_read(endpoint: str) -> None:
    manager = boto3.client("secretsmanager", endpoint_url=endpoint, **INVENTED)
    manager.create_secret(Name="shop", SecretString=json.dumps({"token": "invented", "user": "ada"}))
    manager.create_secret(Name="plain", SecretString="invented text")
    assert backends(endpoint).secret("aws:secretsmanager/shop") == {"token": "invented", "user": "ada"}
    assert backends(endpoint).secret("aws:secretsmanager/shop#user") == {"user": "ada"}
    assert backends(endpoint).secret("aws:secretsmanager/plain") == {"value": "invented text"}


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        ("aws:secretsmanager/none", "ResourceNotFoundException"),
        ("aws:secretsmanager/", "secretsmanager/NAME"),
        ("aws:ssm/x", "secretsmanager/NAME"),
    ],
)
def test_what_goes_wrong_is_named(endpoint: str, reference: str, words: str) -> None:
    with pytest.raises(BackendFailed, match=words):
        backends(endpoint).secret(reference)


def test_without_settings_it_is_said_which() -> None:
    found = {"aws": EntryPoint("aws", "powerstrip_aws:aws", "powerstrip.backends")}
    with pytest.raises(BackendFailed, match="POWERSTRIP_AWS_REGION, POWERSTRIP_AWS_ACCESS_KEY_ID"):
        Backends({}, OperatorWay, found).secret("aws:secretsmanager/x")


def test_the_signature_is_botocores() -> None:
    url, body = f"https://kms.{REGION}.amazonaws.com/", b'{"a":1}'
    headers = {"content-type": "application/x-amz-json-1.1", "x-amz-target": "TrentService.Decrypt"}
    theirs = AWSRequest("POST", url, headers=headers | {"host": f"kms.{REGION}.amazonaws.com"}, data=body)
    SigV4Auth(Credentials("invented", "invented-secret", "invented-session"), "kms", REGION).add_auth(theirs)
    at = datetime.strptime(theirs.headers["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    ours = signed(Keys("invented", "invented-secret", "invented-session"), REGION, "kms", url, headers, body, at)
    assert ours["authorization"] == theirs.headers["Authorization"]
