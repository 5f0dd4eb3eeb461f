"""A browser for tests: Chromium through chromedriver's plain HTTP interface, nothing but Python's own library."""
import base64
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

# The driver is on this machine, whatever proxy the environment names.
urllib.request.install_opener(urllib.request.build_opener(urllib.request.ProxyHandler({})))

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
DRIVER = shutil.which("chromedriver")
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--disable-extensions",
         "--hide-scrollbars"]


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Browser:
    """`with Browser(width, height) as b:` b.open(url), b.run(script) …"""

    def __init__(self, width=1280, height=900, dark=False):
        self.profile = tempfile.mkdtemp(prefix="vitx-browser-")
        self.port = free_port()
        self.driver = subprocess.Popen([DRIVER, f"--port={self.port}"], stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL)
        self.session = None
        options = {"binary": CHROMIUM, "args": FLAGS + [f"--user-data-dir={self.profile}", f"--window-size={width},{height}"],
                   "prefs": {}}
        if width < 500:  # Chromium's window has a least width; a phone has not
            options["mobileEmulation"] = {"deviceMetrics": {"width": width, "height": height, "pixelRatio": 2.0}}
        wanted = {"browserName": "chrome", "goog:chromeOptions": options,
                  "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"}}
        try:
            self.wait_for_driver()
            answer = self.ask("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
            self.session = answer["sessionId"]
            self.command("Emulation.setEmulatedMedia",
                         {"features": [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]})
        except Exception:
            self.close()
            raise

    def wait_for_driver(self):
        for _ in range(300):
            try:
                if self.ask("GET", "/status")["ready"]:
                    return
            except (urllib.error.URLError, ConnectionError):
                pass
            time.sleep(0.1)
        raise RuntimeError("chromedriver does not answer")

    def ask(self, method, path, body=None):
        if self.session and path != "/session" and not path.startswith("/status"):
            path = f"/session/{self.session}{path}"
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", method=method,
                                         data=None if body is None else json.dumps(body).encode(),
                                         headers={"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=300) as response:
                return json.load(response)["value"]
        except urllib.error.HTTPError as error:
            raise RuntimeError(json.load(error)["value"]["message"]) from None

    def command(self, name, params):
        return self.ask("POST", "/goog/cdp/execute", {"cmd": name, "params": params})

    def open(self, url):
        self.ask("POST", "/url", {"url": url})

    def run(self, script, *args):
        """The value of a function body."""
        return self.ask("POST", "/execute/sync", {"script": script, "args": list(args)})

    def keys(self, *keys):
        """Presses keys on whatever has the focus."""
        actions = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        self.ask("POST", "/actions", {"actions": [{"type": "key", "id": "keyboard", "actions": actions}]})

    def drag(self, start, end):
        """The mouse from one point of the window to another, pressed."""
        def move(point, duration):
            return {"type": "pointerMove", "duration": duration, "x": int(point[0]), "y": int(point[1])}
        actions = [move(start, 0), {"type": "pointerDown", "button": 0}, move(end, 200), {"type": "pointerUp", "button": 0}]
        self.ask("POST", "/actions", {"actions": [{"type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"},
                                                   "actions": actions}]})

    def wait(self, script, *args, seconds=90):
        """Until the function body gives something true; what it gives."""
        end = time.time() + seconds
        while True:
            value = self.run(script, *args)
            if value:
                return value
            if time.time() > end:
                raise AssertionError(f"still not true after {seconds} s: {script}")
            time.sleep(0.1)

    def log(self, kind):
        return self.ask("POST", "/se/log", {"type": kind})

    def requests(self):
        """Addresses that the page asked for since the last call, but for data: and its own file."""
        found = []
        for entry in self.log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                found.append(message["params"]["request"]["url"])
        return found

    def screenshot(self, path, whole=False):
        params = {"format": "png"}
        if whole:
            params["captureBeyondViewport"] = True
        with open(path, "wb") as file:
            file.write(base64.b64decode(self.command("Page.captureScreenshot", params)["data"]))

    def close(self):
        try:
            if self.session:
                self.ask("DELETE", "")
        except (RuntimeError, OSError):
            pass
        self.driver.terminate()
        try:
            self.driver.wait(10)
        except subprocess.TimeoutExpired:
            self.driver.kill()
        shutil.rmtree(self.profile, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def there():
    """Whether a browser can be started here."""
    return bool(CHROMIUM and DRIVER and os.access(CHROMIUM, os.X_OK))
