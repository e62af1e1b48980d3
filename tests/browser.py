"""Headless Chromium, driven by its DevTools protocol: for the tests of pages."""

from __future__ import annotations

import base64
import itertools
import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("chrome")
# Without a sandbox of its own, for tests run as root; without calls to anyone.
_FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--disable-dev-shm-usage", "--remote-debugging-port=0"),
)


class Page:
    """A page in a browser.

    Parameters
    ----------
    socket : ClientConnection
        To the browser.
    session : str
        The page's.
    """

    def __init__(self, socket: ClientConnection, session: str):
        self._socket, self._session, self._numbers = socket, session, itertools.count(100)
        self.events: list[dict[str, Any]] = []
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Call a method of the protocol."""
        return _call(
            self._socket, next(self._numbers), method, parameters, self._session, self.events
        )

    def evaluate(self, script: str) -> Any:
        """Return the value of an expression."""
        said = self.call(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in said, said["exceptionDetails"]
        return said["result"].get("value")

    def wait_for(self, script: str, seconds: float = 20) -> Any:
        """Return the value of an expression as soon as it is true."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            value = self.evaluate(script)
            if value:
                return value
            time.sleep(0.05)
        raise AssertionError(f"{script} stays false; the page says {self.text()}")

    def text(self) -> str:
        """Return what a reader sees."""
        return str(self.evaluate("document.body.innerText"))

    def open(self, address: str) -> None:
        """Go there."""
        self.call("Page.navigate", url=address)
        self.wait_for("document.readyState === 'complete'")

    def choose(self, selector: str, *files: Path) -> None:
        """Put files into an input."""
        root = self.call("DOM.getDocument")["root"]["nodeId"]
        node = self.call("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.call("DOM.setFileInputFiles", nodeId=node, files=[str(f) for f in files])

    def looks(self, width: int, scheme: str, height: int = 900) -> None:
        """Set the width of the window, and light or dark."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 500,
        )
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.call("Emulation.setEmulatedMedia", features=features)

    def picture(self, file: Path) -> None:
        """Write what is seen, from top to bottom, as PNG."""
        data = self.call("Page.captureScreenshot", captureBeyondViewport=True)["data"]
        file.write_bytes(base64.b64decode(data))


def _call(
    socket: ClientConnection,
    number: int,
    method: str,
    parameters: dict[str, Any],
    session: str | None,
    events: list[dict[str, Any]],
) -> dict[str, Any]:
    said: dict[str, Any] = {"id": number, "method": method, "params": parameters}
    socket.send(json.dumps(said if session is None else {**said, "sessionId": session}))
    while True:
        answer = json.loads(socket.recv(timeout=30))
        if answer.get("id") == number:
            assert "error" not in answer, (method, answer["error"])
            return dict(answer["result"])
        events.append(answer)


@contextmanager
def opened(folder: Path) -> Iterator[Page]:
    """Start a browser, whose profile is in a folder, and end it."""
    assert PROGRAM is not None
    process = subprocess.Popen(
        [PROGRAM, *_FLAGS, f"--user-data-dir={folder}", "about:blank"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        said, end = folder / "DevToolsActivePort", time.monotonic() + 30
        while not said.exists() or len(said.read_text().split()) < 2:
            assert process.poll() is None
            assert time.monotonic() < end, "the browser does not start"
            time.sleep(0.05)
        port, path = said.read_text().split()
        with connect(f"ws://127.0.0.1:{port}{path}", max_size=None) as socket:
            events: list[dict[str, Any]] = []
            made = _call(socket, 1, "Target.createTarget", {"url": "about:blank"}, None, events)
            known = {"targetId": made["targetId"], "flatten": True}
            attached = _call(socket, 2, "Target.attachToTarget", known, None, events)
            yield Page(socket, attached["sessionId"])
            _call(socket, 3, "Browser.close", {}, None, events)
        process.wait(20)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
