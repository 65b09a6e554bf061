"""A headless Chromium, driven by the DevTools protocol (https://chromedevtools.github.io/devtools-protocol/)."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import websocket

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
#: Seconds that a browser has to start, and to answer a command.
PATIENCE = 60.0
OPTIONS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--remote-debugging-port=0")


class Browser:
    """One tab."""

    def __init__(self, connection: websocket.WebSocket) -> None:
        self._connection = connection
        self._sent = 0
        target = self.command("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.command("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.command("Page.enable")

    _session = ""

    def command(self, method: str, **parameters: Any) -> dict[str, Any]:
        """What the browser answers to a command of the protocol.

        :raises RuntimeError: it refuses the command
        """
        self._sent += 1
        session = {"sessionId": self._session} if self._session else {}
        self._connection.send(json.dumps({"id": self._sent, "method": method, "params": parameters, **session}))
        answer = self._next(lambda message: message.get("id") == self._sent)
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return dict(answer["result"])

    def open(self, page: Path, *, width: int, dark: bool = False) -> None:
        """Load a page of a file in a window of ``width`` pixels.

        :raises RuntimeError: there is no such file
        """
        self.command("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.command("Emulation.setEmulatedMedia", features=[scheme])
        failed = self.command("Page.navigate", url=page.as_uri()).get("errorText")
        if failed:
            raise RuntimeError(f"{page}: {failed}")
        self._next(lambda message: message.get("method") == "Page.loadEventFired")

    def evaluate(self, script: str) -> Any:
        """The value of a script in the page.

        :raises RuntimeError: the script raises
        """
        answer = self.command("Runtime.evaluate", expression=script, returnByValue=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"]["exception"].get("description"))
        return answer["result"].get("value")

    def _next(self, wanted: Any) -> dict[str, Any]:
        while True:
            message = json.loads(self._connection.recv())
            if wanted(message):
                return dict(message)


@contextmanager
def browser(directory: Path) -> Iterator[Browser]:
    """A browser with its profile in ``directory``, gone afterwards."""
    program = next(filter(None, map(shutil.which, NAMES)), None)
    assert program, (
        f"these tests look at a page in a browser: install Chromium, e.g. apt-get install chromium ({' or '.join(NAMES)} on PATH)"
    )
    process = subprocess.Popen([program, *OPTIONS, f"--user-data-dir={directory}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        port, path = _address(directory, process)
        with closing(websocket.create_connection(f"ws://127.0.0.1:{port}{path}", timeout=PATIENCE, suppress_origin=True)) as connection:
            yield Browser(connection)
    finally:
        process.terminate()
        process.wait(PATIENCE)


def _address(directory: Path, process: subprocess.Popen[bytes]) -> tuple[str, str]:
    file = directory / "DevToolsActivePort"
    deadline = monotonic() + PATIENCE
    while not file.exists() or file.read_text().count("\n") < 1:
        assert process.poll() is None, f"Chromium ended with {process.returncode}"
        assert monotonic() < deadline, f"Chromium did not start within {PATIENCE:g} s"
        sleep(0.05)
    port, path = file.read_text().splitlines()
    return port, path
