"""A person at a browser, as far as signing in takes one, and the command line that waits for that."""

import subprocess
import threading
from html.parser import HTMLParser
from queue import Queue
from typing import Any

import httpx2
from served import POWERSTRIP, ServedHub

SECONDS = 60


class Forms(HTMLParser):
    """The forms of a page: action and hidden fields."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.found.append((given.get("action", ""), {}))
        elif tag == "input" and self.found and given.get("name"):
            self.found[-1][1][given["name"]] = given.get("value", "")


class Browser:
    """Follows redirects and keeps cookies, one person's."""

    def __init__(self) -> None:
        self._client = httpx2.Client(follow_redirects=True, timeout=SECONDS)

    def open(self, url: str, **query: str) -> httpx2.Response:
        """Go there, with more in its query."""
        return self._client.get(httpx2.URL(url).copy_merge_params(query))

    def submit(self, url: str, **filled: str) -> httpx2.Response:
        """Open a page and send its first form."""
        page = self.open(url)
        action, fields = Forms(page.text).found[0]
        return self._client.post(page.url.join(action or str(page.url)), data=fields | filled)

    def post(self, url: str, **fields: str) -> httpx2.Response:
        """Send a form that is known."""
        return self._client.post(url, data=fields)


class Waiting:
    """A command that waits for a person: what it says is read line by line, what is typed goes to it."""

    def __init__(self, hub: ServedHub, *words: str) -> None:
        remote = {"POWERSTRIP_URL": hub.url, "POWERSTRIP_API_KEY": hub.key, "POWERSTRIP_PROJECT": hub.project}
        self._process = subprocess.Popen(
            [POWERSTRIP, *words, "--json"],
            env=hub.environment | remote,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._said: Queue[str] = Queue()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self._said.put(line.strip())

    def says(self, beginning: str) -> str:
        """The first line that begins so. Raises `queue.Empty` when it does not come."""
        while True:
            line = self._said.get(timeout=SECONDS)
            if line.startswith(beginning):
                return line

    def type(self, text: str) -> None:
        """One line to its standard input."""
        assert self._process.stdin is not None
        self._process.stdin.write(text + "\n")
        self._process.stdin.flush()

    def ends(self) -> tuple[int, str]:
        """Its exit code and all that it printed."""
        assert self._process.stdout is not None
        out = self._process.stdout.read()
        return self._process.wait(SECONDS), out


def begin(hub: ServedHub, provider: str, name: str = "main", **more: Any) -> dict[str, Any]:
    """A consent that is begun over HTTP."""
    answer = hub.ask("POST", "integrations/connect", {"provider": provider, "name": name} | more)
    assert answer.status_code == 201, answer.text
    return answer.json()


def end(hub: ServedHub, begun: dict[str, Any]) -> dict[str, Any]:
    """How it ended."""
    return hub.ask("GET", f"integrations/connect/{begun['id']}").json()
