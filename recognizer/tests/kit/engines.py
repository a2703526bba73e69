"""Firefox and WebKit for tests: WebDriver as the two speak it themselves, with nothing between."""

from __future__ import annotations

import base64
import io
import itertools
import json
import os
import shutil
import socket
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from PIL import Image

from recognizer.tests.kit.browsing import MOVES_BETWEEN_POINTS, UnitStroke
from recognizer.tests.kit.live import START_SECONDS, Server, wait_until

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # WebDriver's name for a reference to one
KEYS = {
    "Control": "\ue009",
    "Delete": "\ue017",
    "Enter": "\ue006",
    "ArrowLeft": "\ue012",
    "ArrowUp": "\ue013",
    "ArrowRight": "\ue014",
    "ArrowDown": "\ue015",
}
PREFERENCES = {
    "marionette.port": 0,  # a free one
    # Headless, it has no mouse of its own: a fine pointer that hovers.
    "ui.primaryPointerCapabilities": 6,
    "ui.allPointerCapabilities": 6,
    # No way to any other machine, and nothing waits for one.
    "network.proxy.type": 1,
    "network.proxy.socks": "127.0.0.1",
    "network.proxy.socks_port": 9,
}


class Engine:
    """One window of a browser; commands have the names that Marionette gives them."""

    bars = 0  # the height of what a window has above its page

    def send(self, command: str, **parameters: Any) -> Any:
        """Carry out a command of WebDriver and return its value."""
        raise NotImplementedError

    def close(self) -> None:
        """Leave the browser, which ends."""
        raise NotImplementedError

    def open(self, url: str) -> None:
        self.send("Navigate", url=url)

    def go_back(self) -> None:
        self.send("Back")

    def reload(self) -> None:
        self.send("Refresh")

    def resize(self, width: int, height: int) -> None:
        """Give the page this size, or the smallest that the browser allows."""
        self.send("SetWindowRect", width=width, height=height + self.bars)
        self.expect("innerHeight === arguments[0]", height)

    def screenshot(self, selector: str) -> Image.Image:
        """Return a picture of an element."""
        png = self.send("TakeScreenshot", id=self.find(selector)[ELEMENT], full=False)
        return Image.open(io.BytesIO(base64.b64decode(png)))

    def run(self, script: str, *arguments: Any) -> Any:
        """Run the body of a function in the page and return what it returns."""
        return self.send("ExecuteScript", script=script, args=list(arguments))

    def expect(self, condition: str, *arguments: Any) -> None:
        """Wait until an expression of JavaScript holds in the page."""
        wait_until(lambda: self.run(f"return Boolean({condition});", *arguments), every=0.05)

    def expect_answer(self, digit: int | str, state: str = "answered") -> None:
        """Wait until the page shows this answer in this state."""
        shown = "window.answer?.dataset.digit === arguments[0]"
        self.expect(f"{shown} && answer.dataset.state === arguments[1]", str(digit), state)

    def expect_empty(self) -> None:
        """Wait until the page shows an empty pad."""
        self.expect("window.answer?.dataset.state === 'empty' && hint.checkVisibility()")

    def find(self, selector: str) -> dict[str, str]:
        """Return the first element of the page that matches and is shown, as soon as one is."""
        shown = """[...document.querySelectorAll(arguments[0])].find(
            (element) => element.checkVisibility())"""
        self.expect(shown, selector)
        element: dict[str, str] = self.run(f"return {shown};", selector)
        return element

    def press(self, selector: str) -> None:
        """Press an element with the mouse."""
        element = self.find(selector)
        self.run("arguments[0].scrollIntoView({ block: 'nearest' });", element)
        self._point("mouse", element, [(0, 0)])

    def press_keys(self, *keys: str) -> None:
        """Press one key after the other; of "Control+z", both at a time."""
        for chord in keys:
            values = [KEYS.get(key, key) for key in chord.split("+")]
            down = [{"type": "keyDown", "value": value} for value in values]
            up = [{"type": "keyUp", "value": value} for value in reversed(values)]
            self.send(
                "PerformActions", actions=[{"type": "key", "id": "keys", "actions": down + up}]
            )

    def draw(self, strokes: Sequence[UnitStroke], pointer: str = "mouse") -> None:
        """Draw on the pad with the mouse or by touch."""
        pad = self.find("#pad")
        side = self.run("return arguments[0].clientWidth;", pad)
        for stroke in strokes:
            places = [
                (round((x - 0.5) * side), round((y - 0.5) * side)) for x, y in between(stroke)
            ]
            self._point(pointer, pad, places)

    def choose_file(self, path: Path) -> None:
        """Choose a file in the field for one."""
        field = self.run("return document.querySelector('input[type=file]');")
        self.send("ElementSendKeys", id=field[ELEMENT], text=str(path))

    def forget_visitor(self) -> None:
        """Become a new visitor, as soon as the browser has no cookie left."""
        self.run("sessionStorage.clear();")
        wait_until(self._has_no_cookies)

    def _has_no_cookies(self) -> bool:
        self.send("DeleteAllCookies")
        left: list[object] = self.send("GetCookies")
        return left == []

    def _point(self, kind: str, element: dict[str, str], places: list[tuple[int, int]]) -> None:
        """Put a pointer down, move it on and lift it; places count from an element's middle."""
        moves = [
            {"type": "pointerMove", "duration": 0, "origin": element, "x": x, "y": y}
            for x, y in places
        ]
        down, up = {"type": "pointerDown", "button": 0}, {"type": "pointerUp", "button": 0}
        pointer = {"type": "pointer", "id": kind, "parameters": {"pointerType": kind}}
        steps = [moves[0], down, *moves[1:], up]
        self.send("PerformActions", actions=[{**pointer, "actions": steps}])


def between(stroke: UnitStroke) -> list[tuple[float, float]]:
    """Return the points of a stroke and places on the way."""
    places = [stroke[0]]
    for (left, top), (right, bottom) in itertools.pairwise(stroke):
        for step in range(1, MOVES_BETWEEN_POINTS + 1):
            share = step / MOVES_BETWEEN_POINTS
            places.append((left + (right - left) * share, top + (bottom - top) * share))
    return places


class Firefox(Engine):
    """Firefox, by JSON over the socket of its Marionette."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), START_SECONDS)
        self._answers = self._socket.makefile("rb")
        self._numbers = itertools.count()
        self._receive()  # a greeting
        self.send("NewSession")
        self.bars = self.run("return outerHeight - innerHeight;")

    def send(self, command: str, **parameters: Any) -> Any:
        return self._ask(f"WebDriver:{command}", parameters)

    @contextmanager
    def preference(self, name: str, value: int) -> Iterator[None]:
        """Let a preference have this value until the block ends."""
        self._run_as_browser("Services.prefs.setIntPref(...arguments);", name, value)
        try:
            yield
        finally:
            self._run_as_browser("Services.prefs.clearUserPref(...arguments);", name)

    def _run_as_browser(self, script: str, *arguments: Any) -> None:
        self._ask("Marionette:SetContext", {"value": "chrome"})
        self.run(script, *arguments)
        self._ask("Marionette:SetContext", {"value": "content"})

    def _ask(self, command: str, parameters: dict[str, Any]) -> Any:
        message = json.dumps([0, next(self._numbers), command, parameters]).encode()
        self._socket.sendall(b"%d:%b" % (len(message), message))
        _, _, error, result = self._receive()
        assert error is None, f"{command}: {error}"
        return result if isinstance(result, list) else result.get("value")

    def close(self) -> None:
        self._answers.close()
        self._socket.close()

    def _receive(self) -> Any:
        length = b"".join(iter(lambda: self._answers.read(1), b":"))
        return json.loads(self._answers.read(int(length)))


class WebKit(Engine):
    """WebKit, by JSON over the HTTP of its driver."""

    ROUTES = {
        "Navigate": "POST /url",
        "Back": "POST /back",
        "Refresh": "POST /refresh",
        "ExecuteScript": "POST /execute/sync",
        "PerformActions": "POST /actions",
        "ElementSendKeys": "POST /element/{id}/value",
        "SetWindowRect": "POST /window/rect",
        "TakeScreenshot": "GET /element/{id}/screenshot",
        "GetCookies": "GET /cookie",
        "DeleteAllCookies": "DELETE /cookie",
        "DeleteSession": "DELETE ",
    }

    def __init__(self, port: int, browser: Path) -> None:
        self._url = f"http://127.0.0.1:{port}/session"
        options = {"binary": str(browser), "args": ["--automation", "--full-screen"]}
        capabilities = {"alwaysMatch": {"webkitgtk:browserOptions": options}}
        session = self._ask("POST", self._url, {"capabilities": capabilities})
        self._url += f"/{session['sessionId']}"

    def send(self, command: str, **parameters: Any) -> Any:
        method, route = self.ROUTES[command].format(**parameters).split(" ")
        return self._ask(method, self._url + route, parameters)

    def close(self) -> None:
        self.send("DeleteSession")

    def _ask(self, method: str, url: str, body: Any) -> Any:
        data = json.dumps(body).encode() if method == "POST" else None
        with urlopen(Request(url, data, method=method), timeout=START_SECONDS) as answer:
            return json.load(answer)["value"]


def find_program(name: str, package: str) -> str:
    """Return the path of a program, or skip the tests that need it."""
    path = shutil.which(name)
    if not path:
        pytest.skip(f"No {name}: install Debian's {package}, or run `make test` as root there.")
    return path


@contextmanager
def start_firefox(folder: Path) -> Iterator[Firefox]:
    """Start a Firefox without a screen, whose profile is in this folder."""
    firefox = find_program("firefox-esr", "firefox-esr")
    lines = [
        f"user_pref({json.dumps(name)}, {json.dumps(value)});\n"
        for name, value in PREFERENCES.items()
    ]
    (folder / "user.js").write_text("".join(lines))
    server = Server(
        [
            *(firefox, "--headless", "--marionette", "--no-remote", "--profile", folder),
            "--remote-allow-system-access",  # to change a preference
        ],
        sign=r"Marionette\s+INFO\s+Listening on port (\d+)",
        env={**os.environ, "HOME": str(folder)},
    )
    try:
        with closing(Firefox(int(server.wait_for_address()))) as engine:
            yield engine
    finally:
        server.stop()


@contextmanager
def start_webkit(folder: Path) -> Iterator[WebKit]:
    """Start WebKitGTK's MiniBrowser, which comes with the driver, on a screen of its own."""
    driver = find_program("WebKitWebDriver", "webkit2gtk-driver")
    xvfb = find_program("Xvfb", "xvfb")
    browser = next(Path("/usr/lib").glob("*/webkit2gtk-4.*/MiniBrowser"), None)
    if browser is None:
        pytest.skip("There is no MiniBrowser beside the driver; Debian's webkit2gtk-driver has it.")
    screen = Server([xvfb, "-displayfd", "1", "-screen", "0", "1280x800x24"], sign=r"^(\d+)$")
    try:
        environment = {
            **os.environ,
            "DISPLAY": f":{screen.wait_for_address()}",
            "HOME": str(folder),
        }
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        server = Server([driver, f"--port={port}"], env=environment)
        try:
            wait_until(lambda: accepts_connections(port))
            with closing(WebKit(port, browser)) as engine:
                yield engine
        finally:
            server.stop()
    finally:
        screen.stop()


def accepts_connections(port: int) -> bool:
    """Return whether a server listens."""
    with socket.socket() as caller:
        return caller.connect_ex(("127.0.0.1", port)) == 0
