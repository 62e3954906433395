"""Plugins are found without import, looked into apart, and a bad one harms no other."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from powerstrip.adapter import Adapter
from powerstrip.catalog import Catalog
from powerstrip.catalog.discover import discover
from powerstrip.problems import NotFound, Unprocessable

Load = Callable[..., Catalog]
Reasons = Callable[[Catalog], dict[str, str]]


def ids(catalog: Catalog) -> list[str]:
    return [each.id for each in catalog.providers()]


def test_a_plugin_is_found_with_its_distribution(site, load: Load) -> None:
    site.add("acme", dist="acme-for-powerstrip", version="2.5")
    [summary] = load().providers()
    assert (summary.id, summary.distribution, summary.version) == ("acme", "acme-for-powerstrip", "2.5")
    assert summary.action_ids == ("question.ask",)


def test_listing_names_runs_no_code(site) -> None:
    site.add("acme", "raise SystemExit('imported')")
    assert "acme" in [found.name for found in discover()]


def test_loading_the_catalog_imports_no_plugin_here(site, load: Load) -> None:
    site.add("acme")
    catalog = load()
    assert "mod_plugin_acme" not in sys.modules
    assert isinstance(catalog.adapter("acme"), Adapter)
    assert "mod_plugin_acme" in sys.modules


ADAPTER = "from powerstrip.adapter import Adapter\nadapter = Adapter({0!r}, 'Twin', 'https://twin.example', contract={1})"

BAD = {
    "raises": ("raise RuntimeError('no luck')", "RuntimeError: no luck"),
    "base_raises": ("class Odd(BaseException): pass\nraise Odd('odd')", "Odd: odd"),
    "syntax": ("def (:", "SyntaxError"),
    "needs": ("import a_module_that_is_nowhere", "ModuleNotFoundError"),
    "exits": ("import sys; sys.exit(3)", "SystemExit"),
    "interrupts": ("raise KeyboardInterrupt", "KeyboardInterrupt"),
    "kills": ("import os; os._exit(7)", "exit code 7"),
    "crashes": ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "signal 11"),
    "hangs": ("import time; time.sleep(60)", "did not load within"),
    "spins": ("while True: pass", "did not load within"),
    "eats": ("x = bytearray(8 * 1024**3)", "MemoryError"),
    "recurses": ("def f(): f()\nf()", "RecursionError"),
    "no_attribute": ("pass", "AttributeError"),
    "text": ("adapter = 'not an adapter'", "must name an Adapter"),
    "class_itself": ("from powerstrip.adapter import Adapter as adapter", "Adapter"),
    "newer": (ADAPTER.format("newer", 99), "newer hub"),
    "bad_id": (ADAPTER.format("Bad Id", 1), "`id` must be"),
}


def test_every_bad_plugin_is_a_row_and_the_good_ones_work(site, load: Load, reasons: Reasons) -> None:
    for name, (code, _) in BAD.items():
        site.add(name, code)
    site.add("aaa")
    site.add("zzz")
    catalog = load(limit=1.0)
    assert ids(catalog) == ["aaa", "zzz"]
    told = reasons(catalog)
    assert set(told) == set(BAD)
    for name, (_, words) in BAD.items():
        assert words in told[name], name
        assert "\n" not in told[name]


CHATTY = """
    import os, sys
    from powerstrip.adapter import Adapter

    print('{"id": "evil"}')
    os.write(1, b"raw\\n")
    sys.stdin.read()
    adapter = Adapter(id="chatty", title="Chatty", base_url="https://chatty.example")
"""


def test_a_plugin_that_prints_and_reads_does_not_disturb_the_talk(site, load: Load) -> None:
    site.add("chatty", CHATTY)
    assert ids(load()) == ["chatty"]


def test_a_plugin_sees_none_of_the_operators_settings(site, load: Load, reasons: Reasons, monkeypatch) -> None:
    monkeypatch.setenv("POWERSTRIP_MASTER_KEY", "canary-of-the-master-key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "canary-of-another")
    site.add("nosy", "import os; raise RuntimeError(' '.join(os.environ.values()))")
    [reason] = reasons(load()).values()
    assert "RuntimeError" in reason
    assert "canary" not in reason


def test_children_of_a_plugin_end_with_it(site, load: Load, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    site.add("forks", f"import subprocess, time\nsubprocess.Popen(['sh', '-c', 'sleep 1.5; touch {mark}'])\ntime.sleep(60)")
    load(limit=0.5)
    time.sleep(1.6)
    assert not mark.exists()


ORPHAN = """
import sys
from pathlib import Path
from powerstrip.catalog import Catalog
sys.path.insert(0, sys.argv[1])
Catalog.load(Path(sys.argv[2]), limit=60)
"""


def test_the_child_ends_when_the_hub_is_killed(site, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    site.add("hangs", f"import os, time\nopen({str(mark)!r}, 'w').write(str(os.getpid()))\ntime.sleep(60)")
    hub = subprocess.Popen([sys.executable, "-c", ORPHAN, str(site.folder), str(tmp_path / "catalog")])
    while not (mark.exists() and mark.read_text()):
        time.sleep(0.05)
        assert hub.poll() is None
    hub.kill()
    hub.wait()
    child = int(mark.read_text())
    for _ in range(60):
        if not _alive(child):
            return
        time.sleep(0.1)
    os.kill(child, signal.SIGKILL)
    pytest.fail("the child outlived the hub")


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_one_unreadable_distribution_harms_no_other(site, load: Load) -> None:
    site.add("acme")
    broken = site.folder / "spoiled-1.0.dist-info"
    broken.mkdir()
    (broken / "entry_points.txt").write_bytes(b"[powerstrip]\nspoiled\n\xff\xfe = = =\n")
    nameless = site.folder / "nameless-1.0.dist-info"
    nameless.mkdir()
    (nameless / "entry_points.txt").write_text("[powerstrip]\nnameless = nowhere:adapter\n")
    assert ids(load()) == ["acme"]


@pytest.mark.parametrize("other", ["twin", "Twin", "TWIN", "ｔｗｉｎ"])
def test_who_claims_an_id_with_another_is_refused_with_it(site, load: Load, reasons: Reasons, other: str) -> None:
    site.add("twin", dist="first")
    site.add("twin", ADAPTER.format(other, 1), dist="second")
    site.add("acme")
    catalog = load()
    assert ids(catalog) == ["acme"]
    both = [each for each in catalog.broken() if "claim the id" in each.reason]
    assert [each.distribution for each in both] == ["first", "second"]
    assert both[0].reason == both[1].reason
    assert "first 1.0, second 1.0" in both[0].reason


def test_separators_do_not_tell_ids_apart(site, load: Load) -> None:
    site.add("my-app", dist="first")
    site.add("my_app", dist="second")
    assert ids(load()) == []


def test_blocking_one_double_frees_the_other(site, load: Load) -> None:
    site.add("twin", dist="first")
    site.add("twin", ADAPTER.format("twin", 1), dist="second")
    assert ids(load(block=("second",))) == ["twin"]


def test_a_blocked_plugin_is_never_loaded(site, load: Load, probed: list[str], tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    site.add("acme", f"open({str(mark)!r}, 'w')")
    catalog = load(block=("acme",))
    assert [(each.name, each.reason) for each in catalog.broken() if each.name == "acme"] == [
        ("acme", "the operator has blocked it")
    ]
    assert probed == []
    assert not mark.exists()


def test_a_missing_provider_is_told_with_a_close_name(site, load: Load) -> None:
    site.add("acme")
    site.add("spoiled", "raise RuntimeError('no luck')")
    catalog = load()
    with pytest.raises(NotFound, match="Did you mean acme"):
        catalog.provider("acne")
    with pytest.raises(NotFound, match="no luck"):
        catalog.provider("spoiled")
    with pytest.raises(NotFound):
        catalog.adapter("x" * 100_000)


def test_an_adapter_that_fails_to_be_imported_later_turns_unavailable(site, load: Load) -> None:
    path = site.add("acme")
    site.add("zzz")
    catalog = load()
    path.write_text("raise RuntimeError('broken since')")
    with pytest.raises(Unprocessable, match="broken since") as caught:
        catalog.adapter("acme")
    assert caught.value.code == "provider_unavailable"
    assert "broken since" in catalog.summary("acme").problem
    assert "broken since" in catalog.provider("acme").problem
    assert catalog.adapter("zzz").id == "zzz"


def test_an_adapter_that_exits_when_imported_here_does_not_end_the_hub(site, load: Load) -> None:
    path = site.add("acme")
    catalog = load()
    path.write_text("raise SystemExit(3)")
    with pytest.raises(Unprocessable, match="SystemExit"):
        catalog.adapter("acme")


def test_an_adapter_is_imported_once(site, load: Load) -> None:
    site.add("acme")
    catalog = load()
    assert catalog.adapter("acme") is catalog.adapter("acme")


def test_a_module_with_a_hook_function_is_a_plugin_too(site, load: Load) -> None:
    code = """
        from powerstrip.adapter import Adapter
        from powerstrip.adapter.adapter import hookimpl

        @hookimpl
        def powerstrip_adapter():
            return Adapter("acme", "Acme", "https://acme.example")
    """
    path = site.add("acme", code)
    info = next(site.folder.glob("*.dist-info"))
    (info / "entry_points.txt").write_text(f"[powerstrip]\nacme = {path.stem}\n")
    assert ids(load()) == ["acme"]


def test_an_adapter_that_hangs_when_imported_here_is_given_up_and_holds_up_no_other(
    site, load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = threading.Event()
    monkeypatch.setattr(sys, "acme_release", release, raising=False)
    path = site.add("acme")
    site.add("zzz")
    load()
    catalog = load(limit=1.0)
    path.write_text("import sys\nsys.acme_release.wait()\n" + path.read_text())

    def wait() -> None:
        with pytest.raises(Unprocessable):
            catalog.adapter("acme")

    waiting = threading.Thread(target=wait)
    waiting.start()
    try:
        assert catalog.adapter("zzz").id == "zzz"
        assert waiting.is_alive()
        waiting.join()
        began = time.monotonic()
        with pytest.raises(Unprocessable, match="did not load within 1 seconds") as caught:
            catalog.adapter("acme")
        assert time.monotonic() - began < 0.5
        assert caught.value.code == "provider_unavailable"
        assert "did not load" in catalog.summary("acme").problem
    finally:
        release.set()


def test_an_adapter_that_was_only_late_is_used_once_it_has_loaded(site, load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()
    monkeypatch.setattr(sys, "acme_release", release, raising=False)
    path = site.add("acme")
    load()
    catalog = load(limit=0.1)
    path.write_text("import sys\nsys.acme_release.wait()\n" + path.read_text())
    with pytest.raises(Unprocessable, match="it is used once it has loaded"):
        catalog.adapter("acme")
    assert catalog.providers()[0].problem
    release.set()
    next(each for each in threading.enumerate() if each.name == "import acme").join(20)

    assert [each.problem for each in catalog.providers() if each.id == "acme"] == [""]
    assert catalog.adapter("acme").id == "acme"
