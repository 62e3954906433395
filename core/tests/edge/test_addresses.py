"""Where the edge refuses to go: every class of address, name, notation, scheme and port that is known to be tried."""

import ipaddress

import aiohttp.connector
import pytest

from powerstrip.adapter import Adapter, Model, NoAuth
from powerstrip.edge import Refused, check_url
from powerstrip.edge.addresses import denied
from powerstrip.settings import Settings

LOOPBACK = ["127.0.0.1"]

# (what it is, the base URL as somebody would save it). Names resolve to 127.0.0.1, as the system's resolver has it for odd
# notations of that address.
LITERALS = [
    ("loopback", "https://127.0.0.1"),
    ("loopback, http", "http://127.0.0.1"),
    ("loopback, other", "https://127.8.9.10"),
    ("loopback, IPv6", "https://[::1]"),
    ("loopback, IPv6 in full", "https://[0:0:0:0:0:0:0:1]"),
    ("localhost", "https://localhost"),
    ("LOCALHOST", "https://LOCALHOST"),
    ("localhost.", "https://localhost."),
    ("below localhost", "https://api.localhost"),
    ("localhost over http", "http://localhost:8080"),
    ("mDNS", "https://printer.local"),
    ("internal", "https://vault.internal"),
    ("decimal", "https://2130706433"),
    ("hex", "https://0x7f000001"),
    ("hex parts", "https://0x7f.0.0.0x1"),
    ("octal", "https://0177.0.0.1"),
    ("octal, padded", "https://00000177.0.0.1"),
    ("leading zeros", "https://127.000.000.001"),
    ("short", "https://127.1"),
    ("three parts", "https://127.0.1"),
    ("zero", "https://0"),
    ("five parts", "https://127.0.0.1.1"),
    ("too large", "https://999.0.0.1"),
    ("trailing dot", "https://127.0.0.1."),
    ("full width", "https://１２７.0.0.1"),
    ("full width, all", "https://１２７．０．０．１"),
    ("circled", "https://①②⑦.⓪.⓪.①"),
    ("ideographic dot", "https://127。0。0。1"),
    ("half-width dot", "https://127｡0｡0｡1"),
    ("superscript", "https://¹²⁷.⁰.⁰.¹"),
    ("mathematical", "https://𝟏𝟐𝟕.𝟎.𝟎.𝟏"),
    ("full-width localhost", "https://ｌｏｃａｌｈｏｓｔ"),
    ("circled localhost", "https://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ"),
    ("soft hyphen", "https://local\u00adhost"),
    ("zero-width", "https://local\u200bhost"),
    ("IPv4-mapped", "https://[::ffff:127.0.0.1]"),
    ("IPv4-mapped metadata", "https://[::ffff:169.254.169.254]"),
    ("IPv4-mapped, hex", "https://[::ffff:a9fe:a9fe]"),
    ("IPv4-mapped public", "https://[::ffff:8.8.8.8]"),
    ("IPv4-compatible", "https://[::127.0.0.1]"),
    ("IPv4-compatible public", "https://[::8.8.8.8]"),
    ("IPv4-translated", "https://[::ffff:0:127.0.0.1]"),
    ("NAT64", "https://[64:ff9b::a9fe:a9fe]"),
    ("NAT64 public", "https://[64:ff9b::808:808]"),
    ("NAT64, local use", "https://[64:ff9b:1::a9fe:a9fe]"),
    ("6to4", "https://[2002:7f00:1::]"),
    ("6to4 metadata", "https://[2002:a9fe:a9fe::1]"),
    ("Teredo", "https://[2001:0:4136:e378:8000:63bf:3fff:fdd2]"),
    ("ISATAP", "https://[2606:4700::5efe:7f00:1]"),
    ("metadata, AWS and others", "https://169.254.169.254"),
    ("metadata, http", "http://169.254.169.254/latest/meta-data"),
    ("metadata, containers", "https://169.254.170.2"),
    ("metadata, IPv6", "https://[fd00:ec2::254]"),
    ("metadata, Alibaba", "https://100.100.100.200"),
    ("metadata, Oracle", "https://192.0.0.192"),
    ("metadata, Azure (a public range)", "https://168.63.129.16"),
    ("metadata, Azure by IPv4-mapped", "https://[::ffff:168.63.129.16]"),
    ("metadata, by name", "https://metadata.google.internal"),
    ("metadata, by name with dot", "https://metadata.google.internal."),
    ("metadata, short name", "http://metadata"),
    ("unspecified", "https://0.0.0.0"),
    ("unspecified, IPv6", "https://[::]"),
    ("this network", "https://0.1.2.3"),
    ("broadcast", "https://255.255.255.255"),
    ("multicast", "https://224.0.0.1"),
    ("multicast, IPv6", "https://[ff02::1]"),
    ("private, 10", "https://10.0.0.1"),
    ("private, 172.16", "https://172.16.0.1"),
    ("private, 172.31", "https://172.31.255.255"),
    ("private, 192.168", "https://192.168.1.1"),
    ("unique local", "https://[fc00::1]"),
    ("unique local, fd", "https://[fd12:3456::1]"),
    ("link-local, IPv6", "https://[fe80::1]"),
    ("link-local with zone", "https://[fe80::1%25eth0]"),
    ("site-local", "https://[fec0::1]"),
    ("carrier-grade NAT", "https://100.64.0.1"),
    ("benchmarking", "https://198.18.0.1"),
    ("benchmarking, IPv6", "https://[2001:2::1]"),
    ("reserved, 240", "https://240.0.0.1"),
    ("reserved, IPv6", "https://[4000::1]"),
    ("documentation 1", "https://192.0.2.1"),
    ("documentation 2", "https://198.51.100.1"),
    ("documentation 3", "https://203.0.113.1"),
    ("documentation, IPv6", "https://[2001:db8::1]"),
    ("documentation, IPv6 new", "https://[3fff::1]"),
    ("discard", "https://[100::1]"),
    ("ORCHID", "https://[2001:20::1]"),
    ("file", "file:///etc/passwd"),
    ("gopher", "gopher://api.example.com/_x"),
    ("ftp", "ftp://api.example.com/"),
    ("data", "data:text/plain,x"),
    ("unix", "unix:///var/run/docker.sock"),
    ("ws", "ws://api.example.com/"),
    ("javascript", "javascript:alert(1)"),
    ("plain http", "http://api.example.com"),
    ("no scheme", "api.example.com"),
    ("scheme only", "https:"),
    ("one slash", "https:/api.example.com"),
    ("protocol-relative", "//api.example.com"),
    ("userinfo", "https://api.good.test@evil.test/"),
    ("userinfo with password", "https://a:b@evil.test/"),
    ("empty userinfo", "https://@evil.test/"),
    ("backslash", "https://api.good.test\\@evil.test/"),
    ("backslashes for slashes", "https:\\\\evil.test"),
    ("tab", "https://evil.\ttest/"),
    ("newline", "https://evil.test/\r\nHost: other"),
    ("NUL", "https://evil.test\0.good.test/"),
    ("blank", "https://evil.test /"),
    ("leading blank", " https://evil.test/"),
    ("fragment", "https://evil.test/#@api.good.test"),
    ("fragment for userinfo", "https://api.good.test#@evil.test/"),
    ("percent in host", "https://evil%2etest/"),
    ("percent-encoded loopback", "https://%31%32%37.0.0.1/"),
    ("empty host", "https:///path"),
    ("empty host with port", "https://:443/"),
    ("empty label", "https://api..example.com/"),
    ("hyphen at the edge", "https://-api.example.com/"),
    ("host of 300 letters", "https://" + "a." * 150 + "test/"),
    ("label of 64 letters", "https://" + "a" * 64 + ".test/"),
    ("unclosed bracket", "https://[::1/"),
    ("text after bracket", "https://[::1]evil.test/"),
    ("IPv4 in brackets", "https://[127.0.0.1]/"),
    ("port 0", "https://api.example.com:0/"),
    ("port 65536", "https://api.example.com:65536/"),
    ("port with sign", "https://api.example.com:+443/"),
    ("full-width port", "https://api.example.com:４４３/"),
    ("empty port", "https://api.example.com:/"),
    ("two ports", "https://api.example.com:443:22/"),
    ("query in a base", "https://api.example.com/?a=b"),
    ("climbing base", "https://api.example.com/v1/../admin"),
    ("port of SSH", "https://api.example.com:22/"),
    ("port of SMTP", "https://api.example.com:25/"),
    ("port of Redis", "https://api.example.com:6379/"),
    ("port of PostgreSQL", "https://api.example.com:5432/"),
    ("port of MySQL", "https://api.example.com:3306/"),
    ("port of MongoDB", "https://api.example.com:27017/"),
    ("port of Elasticsearch", "https://api.example.com:9200/"),
    ("port of Memcached", "https://api.example.com:11211/"),
    ("port of Docker", "https://api.example.com:2375/"),
    ("20,000 letters", "https://api.example.com/" + "a" * 20_000),
]
"""Refused from the text alone, before any look-up."""

RESOLVED = [
    ("loopback", ["127.0.0.1"]),
    ("IPv6 loopback", ["::1"]),
    ("private", ["10.1.2.3"]),
    ("metadata", ["169.254.169.254"]),
    ("metadata on a public range", ["168.63.129.16"]),
    ("IPv4-mapped", ["::ffff:10.0.0.1"]),
    ("NAT64", ["64:ff9b::a00:1"]),
    ("6to4", ["2002:a00:1::1"]),
    ("unique local", ["fd00::1"]),
    ("link-local with a zone", ["fe80::1%lo"]),
    ("unspecified", ["0.0.0.0"]),
    ("one public and one private", ["93.184.215.14", "10.0.0.1"]),
    ("one private and one public", ["10.0.0.1", "93.184.215.14"]),
    ("public IPv4 and private IPv6", ["93.184.215.14", "fd00::1"]),
    ("many public and one loopback", [*(f"93.184.215.{n}" for n in range(1, 20)), "127.0.0.1"]),
    ("no address at all", ["not-an-address"]),
]

PUBLIC = ["93.184.215.14", "1.1.1.1", "8.8.8.8", "172.32.0.1", "100.128.0.1", "168.63.129.17", "2606:4700::1111", "2a00:1450::1"]


@pytest.fixture
def connected(monkeypatch):
    """Where connections went: none is really opened."""
    went: list[str] = []

    async def start_connection(addr_infos, **_):
        went.extend(info[4][0] for info in addr_infos)
        raise ConnectionRefusedError

    monkeypatch.setattr(aiohttp.connector.aiohappyeyeballs, "start_connection", start_connection)
    return went


class Where(Model):
    base_url: str = ""


def custom() -> Adapter:
    return Adapter(id="custom", title="Custom", base_url="", base_url_field="base_url", config=Where, auth=NoAuth())


async def call(bench, url: str, **edge) -> None:
    made = await bench(**edge)
    http, _ = made.http(custom(), {"config": {"base_url": url}}, deadline=1e9)
    await http.get("/x")


def finds(*answers: str):
    async def lookup(name: str) -> list[str]:
        return list(answers)

    return lookup


@pytest.mark.parametrize(("what", "url"), LITERALS, ids=[what for what, _ in LITERALS])
async def test_refused_from_the_text_alone(bench, connected, what, url):
    async def lookup(name: str) -> list[str]:
        raise AssertionError("looked up a name that was to be refused")

    with pytest.raises(Refused) as refused:
        await call(bench, url, allow=(), lookup=lookup)

    assert connected == []
    assert "evil" not in refused.value.message
    with pytest.raises(Refused):
        check_url(url, Settings(data="/nowhere"))


@pytest.mark.parametrize(("what", "answers"), RESOLVED, ids=[what for what, _ in RESOLVED])
async def test_refused_by_what_the_name_resolves_to(bench, connected, what, answers):
    with pytest.raises(Refused) as refused:
        await call(bench, "https://api.example.com", allow=(), lookup=finds(*answers))

    assert refused.value.reason == "address"
    assert connected == []


@pytest.mark.parametrize("address", PUBLIC)
async def test_public_addresses_are_connected_to(bench, connected, clockwork, address):
    from powerstrip.adapter import Unavailable

    with pytest.raises(Unavailable):
        await call(bench, "https://api.example.com", allow=(), lookup=finds(address), tempo=clockwork.tempo)

    assert set(connected) == {address}


async def test_a_changing_answer_changes_nothing_between_check_and_connection(bench, connected, clockwork):
    """DNS rebinding: the first answer is public, every later one is loopback."""
    asked: list[str] = []

    async def lookup(name: str) -> list[str]:
        asked.append(name)
        return ["93.184.215.14"] if len(asked) == 1 else ["127.0.0.1"]

    made = await bench(allow=(), lookup=lookup, tempo=clockwork.tempo)
    http, _ = made.http(custom(), {"config": {"base_url": "https://api.example.com"}}, deadline=1e9)
    with pytest.raises(Exception):  # noqa: B017 - what comes first does not matter; where it went does
        await http.get("/x")

    assert set(connected) == {"93.184.215.14"}


def test_the_count_of_refused_forms_is_the_one_that_documents_may_claim():
    assert len(LITERALS) + len(RESOLVED) == 156


def test_every_block_of_the_table_is_denied_at_both_ends():
    from powerstrip.edge.addresses import _V4, _V6

    for network, _ in (*_V4, *_V6):
        assert denied(network.network_address)
        assert denied(network.broadcast_address)


def test_ipaddress_would_have_let_these_pass():
    """Why the table is our own."""
    for text in ("fec0::1", "64:ff9b::a9fe:a9fe", "168.63.129.16"):
        assert denied(ipaddress.ip_address(text))


class TestExceptions:
    """What the operator opens, and only that."""

    async def test_a_listed_network_passes_with_plain_http_and_any_port(self, bench, peer):
        here = await peer()

        await call(bench, here.url, lookup=finds("127.0.0.1"))

        assert len(here.requests) == 1

    async def test_a_name_passes_over_http_only_to_listed_addresses(self, bench, peer, connected):
        with pytest.raises(Refused):
            await call(bench, "http://api.example.com", lookup=finds("93.184.215.14"))
        with pytest.raises(Refused):
            await call(bench, "http://api.example.com", lookup=finds("127.0.0.1", "93.184.215.14"))

        assert connected == []

    async def test_localhost_passes_where_loopback_is_listed(self, bench, peer):
        here = await peer()

        await call(bench, f"http://localhost:{here.port}", lookup=finds("127.0.0.1"))

        assert here.requests[0].headers["host"] == f"localhost:{here.port}"

    async def test_another_network_stays_closed(self, bench, connected):
        with pytest.raises(Refused):
            await call(bench, "https://10.0.0.1")

    @pytest.mark.parametrize("address", ["169.254.169.254", "168.63.129.16", "100.100.100.200"])
    def test_metadata_must_be_listed_by_itself(self, address):
        def settings(network: str) -> Settings:
            return Settings(data="/nowhere", allow_addresses=(ipaddress.ip_network(network),))

        with pytest.raises(Refused):
            check_url(f"https://{address}", settings("0.0.0.0/0"))
        assert check_url(f"https://{address}", settings(f"{address}/32")) == f"https://{address}"

    async def test_the_operators_origin_passes_for_its_provider(self, bench, peer):
        here = await peer()
        made = await bench(allow=(), urls={"custom": here.url})
        http, trace = made.http(custom())

        await http.get("/x")

        assert trace.host == "127.0.0.1"

    async def test_it_does_not_pass_for_another_provider(self, bench, peer):
        here = await peer()
        made = await bench(allow=(), urls={"other": here.url})
        http, _ = made.http(custom(), {"config": {"base_url": here.url}})

        with pytest.raises(Refused):
            await http.get("/x")

        assert here.requests == []


class TestItself:
    """The hub does not call itself, whatever is listed."""

    @pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.0.0.2", "0.0.0.0", "[::ffff:127.0.0.1]"])
    async def test_own_port_by_any_loopback_name(self, bench, peer, host):
        here = await peer()
        everything = (ipaddress.ip_network("0.0.0.0/0"), ipaddress.ip_network("::/0"))
        own = (("0.0.0.0", here.port),)

        with pytest.raises(Refused, match="does not call itself"):
            await call(bench, f"http://{host}:{here.port}", allow=everything, own=own, lookup=finds("127.0.0.1"))

        assert here.requests == []

    async def test_own_public_name(self, bench, connected):
        with pytest.raises(Refused, match="does not call itself"):
            await call(bench, "https://hub.example.com", own=(("hub.example.com", 443),), lookup=finds("93.184.215.14"))

    async def test_an_address_of_this_machine_on_the_own_port(self, bench, connected, monkeypatch):
        monkeypatch.setattr("powerstrip.edge.resolver._is_mine", lambda address: str(address) == "93.184.215.14")

        with pytest.raises(Refused, match="does not call itself"):
            await call(bench, "https://93.184.215.14", own=(("0.0.0.0", 443),))
        with pytest.raises(Refused, match="does not call itself"):
            await call(bench, "https://api.example.com", own=(("::", 443),), lookup=finds("93.184.215.14"))

        assert connected == []

    def test_only_an_address_of_this_machine_can_be_bound(self):
        from powerstrip.edge.resolver import _is_mine

        assert _is_mine(ipaddress.ip_address("127.0.0.1"))
        assert not _is_mine(ipaddress.ip_address("93.184.215.14"))

    async def test_even_the_operators_origin(self, bench, peer):
        here = await peer()
        made = await bench(allow=(), urls={"custom": here.url}, own=(("127.0.0.1", here.port),))
        http, _ = made.http(custom())

        with pytest.raises(Refused, match="does not call itself"):
            await http.get("/x")


@pytest.mark.parametrize(
    ("given", "normal"),
    [
        ("HTTPS://API.Example.COM", "https://api.example.com"),
        ("https://api.example.com.", "https://api.example.com"),
        ("https://api.example.com:443/v1/", "https://api.example.com/v1"),
        ("https://api.example.com:8443", "https://api.example.com:8443"),
        ("https://bücher.example/", "https://xn--bcher-kva.example"),
        ("https://ａｐｉ.example.com", "https://api.example.com"),
        ("https://[2606:4700:0:0::1111]/", "https://[2606:4700::1111]"),
        ("https://1.1.1.1", "https://1.1.1.1"),
    ],
)
def test_a_base_url_is_saved_in_one_form(given, normal):
    assert check_url(given, Settings(data="/nowhere")) == normal
