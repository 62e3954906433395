"""The destination belongs to the integration: nothing that an adapter or a caller gives leaves its origin and path."""

from dataclasses import fields, replace
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from powerstrip.adapter import Adapter, Model, PowerstripError, Rejected, Request
from powerstrip.adapter.http import build
from powerstrip.edge import Refused, origin_of
from powerstrip.edge.bind import api_of, base_of, bind, endpoint_of, query_of
from powerstrip.edge.urls import parse_base, parse_url
from powerstrip.settings import Settings


class Config(Model):
    region: str = "us-east-1"
    account: str = ""
    endpoint: str = ""


def adapter(base_url: str = "https://api.example.com/v1", **parts) -> Adapter:
    return Adapter(id="tester", title="Tester", base_url=base_url, config=Config, **parts)


def bound(request: Request, base_url: str = "https://api.example.com/v1", **parts):
    made = adapter(base_url, **parts)
    return bind(request, base_of(made, {}, {}), made)


def wire(request: Request, **parts) -> str:
    """The address as it is connected to: from the parts, as the transport takes them."""
    out = bound(request, **parts)
    return replace(out.url, query=query_of(out.url, out.request)).text


class TestOrigin:
    def test_the_adapters_own(self):
        assert origin_of(adapter(), {}, Settings(data="/nowhere")) == "https://api.example.com/v1"

    def test_fields_are_filled_from_the_config(self):
        made = adapter("https://s3.{region}.example.com/a/{account}")

        assert (
            base_of(made, {"region": "eu-west-1", "account": "a b/c"}, {}).text == "https://s3.eu-west-1.example.com/a/a%20b%2Fc"
        )

    def test_a_declared_default_fills_what_is_not_given(self):
        assert base_of(adapter("https://s3.{region}.example.com"), {}, {}).text == "https://s3.us-east-1.example.com"

    @pytest.mark.parametrize(
        "value",
        [
            "evil.test/",
            "evil.test#",
            "a?b",
            "a@evil.test",
            "a:8080",
            "",
            ".",
            "..",
            "a b",
            "a\\b",
            "a%2e",
            ".evil",
            "evil.",
            "é",
            "a\n",
        ],
    )
    def test_a_value_cannot_leave_its_place_in_the_host(self, value):
        with pytest.raises(Refused):
            base_of(adapter("https://s3.{region}.example.com"), {"region": value}, {})

    @pytest.mark.parametrize("value", ["", ".", ".."])
    def test_nor_in_the_path(self, value):
        with pytest.raises(Rejected):
            base_of(adapter("https://api.example.com/{account}/x"), {"account": value}, {})

    def test_braces_are_names_and_nothing_more(self):
        """No format-string language: attributes and indexes stay text, and such a base is refused."""
        with pytest.raises(Refused):
            base_of(adapter("https://{region.__class__}.example.com"), {}, {})

    def test_a_config_field_replaces_the_base_url(self):
        made = adapter(base_url_field="endpoint")

        assert base_of(made, {"endpoint": "https://own.example.net/base/"}, {}).text == "https://own.example.net/base"
        assert base_of(made, {"endpoint": ""}, {}).text == "https://api.example.com/v1"

    def test_the_operators_url_wins(self):
        base = base_of(
            adapter(base_url_field="endpoint"), {"endpoint": "https://own.example.net"}, {"tester": "http://127.0.0.1:4010"}
        )

        assert (base.text, base.chosen) == ("http://127.0.0.1:4010", True)

    def test_a_missing_base_url_names_the_setting(self):
        with pytest.raises(Refused, match="endpoint"):
            base_of(adapter("", base_url_field="endpoint"), {}, {})


class TestPath:
    def test_it_is_joined_below_the_base(self):
        assert wire(build("GET", "/users/me", params={"a": "1 2", "b": ["x"]})) == (
            "https://api.example.com/v1/users/me?a=1%202&b=%5B%27x%27%5D"
        )

    @pytest.mark.parametrize(
        "path",
        [
            "https://evil.test/",
            "http://evil.test/",
            "//evil.test/x",
            "/\\evil.test",
            "\\\\evil.test",
            "users",
            "",
            "/../admin",
            "/a/../../admin",
            "/..",
            "/.",
            "/a/./b",
            "/%2e%2e/admin",
            "/%2E%2e/admin",
            "/.%2e/admin",
            "/a/%2e%2e%2f%2e%2e/admin",
            "/..%2fadmin",
            "/..%5cadmin",
            "/a/..%5c..%5cadmin",
            "/%252e%252e/admin",
            "/%25252e%25252e/admin",
            "/..;/admin",
            "/..;x=1/admin",
            "/%2e%2e;/admin",
            "/a?b=c",
            "/a#b",
            "/a b",
            "/a\r\nHost: evil.test",
            "/a\0",
            "/a\tb",
            "/%",
            "/%zz",
            "/\ud800",
            "/" + "a" * 20_000,
        ],
    )
    @pytest.mark.parametrize("signed", [True, False])
    def test_what_could_leave_the_base_is_refused(self, path, signed):
        """Given to the edge directly: an adapter can make a `Request` without `build`."""
        with pytest.raises(Refused):
            bound(Request("GET", path, signed=signed))

    @pytest.mark.parametrize("path", ["/a..b", "/...", "/.well-known/x", "/a%2Fb", "/a;b=c", "/a:b@c", "/ü", "/a%20b"])
    def test_what_cannot_is_sent(self, path):
        assert wire(Request("GET", path)).startswith("https://api.example.com/v1/")

    @pytest.mark.parametrize("method", ["CONNECT", "TRACE", "get", "GET /x HTTP/1.1\r\n", ""])
    def test_other_methods_are_refused(self, method):
        with pytest.raises(Refused):
            bound(Request(method, "/x"))

    def test_parameters_that_are_no_text_are_refused(self):
        with pytest.raises(Refused):
            wire(Request("GET", "/x", params=(("a", "\ud800"),)))

    def test_ten_thousand_parameters_are_refused(self):
        with pytest.raises(Refused):
            wire(Request("GET", "/x", params=(("a", "b"),) * 10_000))

    @given(
        path=st.one_of(
            st.text(max_size=40),
            st.text("./\\%2eE5cf;?#@:ab ", max_size=30).map("/".__add__),
        ),
        params=st.dictionaries(st.text(max_size=8), st.text(max_size=8), max_size=3),
        headers=st.dictionaries(st.text(max_size=8), st.text(max_size=8), max_size=2),
        signed=st.booleans(),
    )
    @example("/%2e%2e/x", {}, {}, True)
    @example("//evil.test", {}, {}, False)
    def test_nothing_ever_leaves_the_base(self, path, params, headers, signed):
        try:
            request = build("GET", path, params=params, headers=headers, signed=signed)
            url = wire(request)
        except PowerstripError:
            return

        assert url.isascii()
        assert url.isprintable()
        parts = parse_url(url)
        assert parts.origin == "https://api.example.com"
        assert parts.path.startswith("/v1/")
        decoded = unquote(unquote(parts.path)).replace("\\", "/").split("/")
        assert not {".", ".."} & {part.partition(";")[0] for part in decoded}
        assert all(name.isascii() and value.isascii() and value.isprintable() for name, value in request.headers)


class TestHandedOut:
    """Absolute addresses that a provider gives, such as those for uploads: without credential, to declared hosts only."""

    hosts = ("files.example.net", "*.cdn.example.net")

    @pytest.mark.parametrize(
        "url",
        [
            "https://files.example.net/up?sig=1",
            "https://eu.cdn.example.net/up",
            "https://a.b.cdn.example.net/up",
            "https://api.example.com/elsewhere",
            "https://FILES.example.net/up",
        ],
    )
    def test_declared_hosts_pass(self, url):
        assert bound(Request("PUT", url, signed=False), hosts=self.hosts).request.target == parse_url(url).text

    @pytest.mark.parametrize(
        "url",
        [
            "https://evil.test/up",
            "https://cdn.example.net/up",
            "https://evilcdn.example.net.evil.test/up",
            "https://files.example.net.evil.test/",
            "https://files.example.net@evil.test/",
            "https://files.example.net#@evil.test/",
            "https://xfiles.example.net/",
            "ftp://files.example.net/",
            "https://169.254.169.254/latest",
        ],
    )
    def test_others_are_refused(self, url):
        with pytest.raises(Refused):
            bound(Request("PUT", url, signed=False), hosts=self.hosts)

    def test_never_with_the_credential(self):
        with pytest.raises(Refused):
            bound(Request("PUT", "https://files.example.net/up", signed=True), hosts=self.hosts)

    def test_parameters_follow_its_own_query(self):
        request = Request("PUT", "https://files.example.net/up?sig=1", params=(("part", "2"),), signed=False)

        assert wire(request, hosts=self.hosts) == "https://files.example.net/up?sig=1&part=2"


class TestHeaders:
    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("X-A", "a\r\nX-B: c"),
            ("X-A", "a\nb"),
            ("X-A", "a\rb"),
            ("X-A", "a\0b"),
            ("X-A", "ü"),
            ("X-A", "a\tb"),
            ("X-A", "\x7f"),
            ("X-A", "a" * 9000),
            ("X A", "a"),
            ("X:A", "a"),
            ("X\r\nA", "a"),
            ("", "a"),
            ("Ü", "a"),
            ("a" * 300, "a"),
            *((name, "a") for name in ("Authorization", "authorization", "AUTHORIZATION", "Cookie", "Host", "host")),
            *((name, "a") for name in ("Transfer-Encoding", "Content-Length", "Connection", "Keep-Alive", "TE", "Trailer")),
            *((name, "a") for name in ("Upgrade", "Expect", "Proxy-Authorization", "Proxy-Connection", "proxy-anything")),
            *((name, "a") for name in ("X-Forwarded-Host", "X-Forwarded-For", "Forwarded", "Base-Url-Override", "Via")),
            *((name, "a") for name in ("Accept-Encoding", "X-HTTP-Method-Override", "X-Original-URL", "Sec-Fetch-Mode")),
        ],
    )
    def test_refused(self, name, value):
        with pytest.raises(Refused) as refused:
            bound(Request("GET", "/x", headers=((name, value),)))

        assert refused.value.reason == "header"
        assert value == "a" or value not in refused.value.message

    def test_too_many(self):
        with pytest.raises(Refused):
            bound(Request("GET", "/x", headers=tuple((f"X-{n}", "a") for n in range(100))))

    def test_the_ordinary_pass(self):
        headers = (("Content-Type", "text/plain"), ("If-Match", '"x"'), ("x-amz-meta-a", "b c"))

        assert bound(Request("GET", "/x", headers=headers)).request.headers == headers


def test_a_moved_request_keeps_all_its_parts():
    values = {field.name: f"value of {field.name}" for field in fields(Request)} | {"headers": (("a", "b"),)}
    request = Request(**values)

    assert request.at("elsewhere") == replace(request, target="elsewhere")
    assert request.with_header_pairs(("A", "c")) == replace(request, headers=(("A", "c"),))


@given(st.text(max_size=60))
@example("https://[::1]:8080/a?b")
@example("https://a.example:65535")
def test_the_parser_gives_parts_that_parse_to_the_same(text):
    try:
        url = parse_url(text)
    except Refused:
        return

    assert parse_url(url.text) == url


@pytest.mark.parametrize("text", ["https://api.example.com/a?x=1", "https://api.example.com/?", "https://api.example.com/%2e%2e"])
def test_a_base_has_no_query_and_does_not_climb(text):
    with pytest.raises(Refused):
        parse_base(text)


class Region(Model):
    region: str = "us1"


APIS = Adapter(
    id="calls",
    title="Calls",
    base_url="https://api.calls.example/2010",
    apis={"verify": "https://verify.{region}.calls.example/v2"},
    config=Region,
)


def bound_to(target: str, provider_urls: dict[str, str]) -> str:
    api, request = api_of(build("GET", target))
    return bind(request, base_of(APIS, {}, provider_urls, api), APIS).url.text


@pytest.mark.parametrize(
    ("target", "provider_urls", "address"),
    [
        ("/Messages", {}, "https://api.calls.example/2010/Messages"),
        ("verify:/Services", {}, "https://verify.us1.calls.example/v2/Services"),
        ("verify:/Services", {"calls": "http://127.0.0.1:9/2010"}, "http://127.0.0.1:9/v2/Services"),
        ("verify:/Services", {"calls.verify": "http://127.0.0.1:9/x"}, "http://127.0.0.1:9/x/Services"),
    ],
)
def test_a_further_api_has_its_own_base(target: str, provider_urls: dict[str, str], address: str) -> None:
    assert bound_to(target, provider_urls) == address


def test_an_api_that_is_not_declared_is_refused() -> None:
    with pytest.raises(Refused, match="does not declare"):
        bound_to("lookup:/x", {})


@pytest.mark.parametrize("target", ["verify://evil.example/x", "verify:/../x", "verify:x", "https:/x/../y", "Verify:/x", ":/x"])
def test_what_only_looks_like_an_api_is_refused(target: str) -> None:
    with pytest.raises(Rejected):
        bound_to(target, {})


def test_the_destination_covers_every_api() -> None:
    settings = Settings(data=Path("."))
    assert origin_of(APIS, {}, settings) == "https://api.calls.example/2010 https://verify.us1.calls.example/v2"


def test_an_api_whose_setting_is_empty_is_no_destination() -> None:
    class Cloud(Model):
        cloud_id: str = ""

    tracker = Adapter(
        id="tracker",
        title="Tracker",
        base_url="https://tracker.example",
        apis={"cloud": "https://cloud.example/{cloud_id}"},
        config=Cloud,
    )
    settings = Settings(data=Path("."))
    assert origin_of(tracker, {}, settings) == "https://tracker.example"
    assert origin_of(tracker, {"cloud_id": "7"}, settings) == "https://tracker.example https://cloud.example/7"


class TestSignIn:
    """Where sign-in endpoints are, once the operator moved the provider or its sign-in."""

    @pytest.mark.parametrize(
        ("endpoint", "urls", "expected"),
        [
            ("https://login.example.com/a/token", {}, "https://login.example.com/a/token"),
            ("https://login.example.com/a/token", {"tester": "http://127.0.0.1:1"}, "https://login.example.com/a/token"),
            ("https://login.example.com/a/token", {"tester.login": "http://127.0.0.1:2"}, "http://127.0.0.1:2/a/token"),
            ("https://login.example.com/a?b=c", {"tester.login": "http://127.0.0.1:2/x"}, "http://127.0.0.1:2/x/a?b=c"),
            ("https://login.example.com/a", {"other.login": "http://127.0.0.1:2"}, "https://login.example.com/a"),
            ("https://api.example.com/token", {"tester": "http://127.0.0.1:1"}, "http://127.0.0.1:1/token"),
            (
                "https://api.example.com/v1/token",
                {"tester": "http://127.0.0.1:1/own", "tester.login": "http://127.0.0.1:2"},
                "http://127.0.0.1:1/own/token",
            ),
        ],
    )
    def test_the_operator_moves_them(self, endpoint, urls, expected):
        found = endpoint_of(endpoint, adapter(), {}, urls)
        assert (found.text, found.chosen) == (expected, expected.startswith("http://127"))

    def test_a_setting_that_is_the_whole_address_stays(self):
        found = endpoint_of(
            "{endpoint}", adapter(), {"endpoint": "https://own.example.net/t"}, {"tester.login": "http://127.0.0.1:2"}
        )
        assert (found.text, found.chosen) == ("https://own.example.net/t", False)
