"""TLS: servers are always verified, under the name that was asked for; clients may show a certificate."""

import ssl

import pytest
from certificates import Authority
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from powerstrip.adapter import AuthFailed, Mtls, Unavailable
from powerstrip.clock import monotonic
from powerstrip.edge import Refused

NAME = "api.example.com"


@pytest.fixture(scope="module")
def authority():
    return Authority()


@pytest.fixture
def world(authority, bench, peer, tmp_path, kit):
    """`await world(...)` starts a TLS peer, and an edge that trusts the authority and finds every name on this machine."""

    def context(certificate, key, clients):
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        (tmp_path / "server.pem").write_text(certificate + key)
        made.load_cert_chain(tmp_path / "server.pem")
        if clients:
            made.verify_mode = ssl.CERT_REQUIRED
            made.load_verify_locations(cadata=authority.pem)
        return made

    async def find(name):
        return ["127.0.0.1"]

    async def start(name=NAME, *, days=1, by=authority, clients=False, **parts):
        here = await peer(tls=context(*by.issue(name, days), clients))
        made = await bench(lookup=find, tls=lambda: ssl.create_default_context(cadata=authority.pem), **parts)
        return here, made

    return start


async def test_the_name_is_verified_and_sent_though_the_address_is_pinned(world, kit):
    here, made = await world()

    await made.http(kit.adapter_at(f"https://{NAME}:{here.port}"))[0].get("/x")

    assert here.requests[0].headers["host"] == f"{NAME}:{here.port}"


@pytest.mark.parametrize("case", ["wrong name", "expired", "unknown authority"])
async def test_a_certificate_that_does_not_hold(world, kit, case):
    parts = {"wrong name": {"name": "other.example.com"}, "expired": {"days": -1}, "unknown authority": {"by": Authority()}}[case]
    here, made = await world(**parts)

    with pytest.raises(Refused) as refused:
        await made.http(kit.adapter_at(f"https://{NAME}:{here.port}"), read_only=True)[0].get("/x")

    assert refused.value.reason == "tls"
    assert here.requests == []


async def test_a_server_that_speaks_no_tls(bench, peer, kit):
    here = await peer()
    made = await bench()

    with pytest.raises((Refused, Unavailable)):
        await made.http(kit.adapter_at(f"https://127.0.0.1:{here.port}"), deadline=monotonic() + 0.2)[0].get("/x")

    assert here.requests == []


class TestClientCertificate:
    async def test_it_is_shown_in_the_handshake(self, world, kit, authority):
        certificate, key = authority.issue("client")
        here, made = await world(clients=True, credentials={"certificate": certificate, "private_key": key})
        adapter = kit.adapter_at(f"https://{NAME}:{here.port}", auth=Mtls())

        await made.http(adapter)[0].get("/x")
        await made.http(adapter)[0].get("/x")

        assert (len(here.requests), here.connections) == (2, 1)

    async def test_connections_are_not_shared_with_those_who_show_none(self, world, kit, authority):
        certificate, key = authority.issue("client")
        here, made = await world(
            clients=True, credentials={"certificate": certificate, "private_key": key, "api_key": "x-invented"}
        )
        await made.http(kit.adapter_at(f"https://{NAME}:{here.port}", auth=Mtls()))[0].get("/x")

        with pytest.raises((Unavailable, Refused)):
            await made.http(kit.adapter_at(f"https://{NAME}:{here.port}"))[0].get("/x")

        assert len(here.requests) == 1

    @pytest.mark.parametrize("spoil", ["other key", "no PEM", "encrypted"])
    async def test_a_pair_that_does_not_fit_asks_for_another(self, world, kit, authority, spoil):
        certificate, key = authority.issue("client")
        locked = ec.generate_private_key(ec.SECP256R1()).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"invented")
        )
        key = {"other key": authority.issue("client")[1], "no PEM": "invented", "encrypted": locked.decode()}[spoil]
        here, made = await world(clients=True, credentials={"certificate": certificate, "private_key": key})

        with pytest.raises(AuthFailed) as failed:
            await made.http(kit.adapter_at(f"https://{NAME}:{here.port}", auth=Mtls()))[0].get("/x")

        assert "invented" not in failed.value.message.lower()
        assert here.requests == []

    async def test_the_key_is_nowhere_on_disk(self, world, kit, authority, tmp_path):
        certificate, key = authority.issue("client")
        here, made = await world(clients=True, credentials={"certificate": certificate, "private_key": key})

        await made.http(kit.adapter_at(f"https://{NAME}:{here.port}", auth=Mtls()))[0].get("/x")

        middle = key.splitlines()[1].encode()
        assert not any(middle in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
