"""A headless Chromium, driven over its own debugging pipe: no driver, no library, no port.

    with Browser(profile_folder) as browser:
        browser.open("file:///...")
        browser.run("document.title")
"""
import base64
import json
import os
import select
import shutil
import subprocess
import time

NAMES = ("chromium", "chromium-browser", "google-chrome")
PATIENCE_S = 60


def program():
    """The path of a Chromium, None where there is none."""
    for name in NAMES:
        found = shutil.which(name)
        if found:
            return found
    return None


class Browser:
    def __init__(self, profile, width=1280, height=860, webgl=False):
        ours_in, theirs_out = os.pipe()
        theirs_in, ours_out = os.pipe()
        flags = ["--headless=new", "--no-sandbox", "--remote-debugging-pipe", "--no-first-run",
                 "--disable-background-networking", "--disable-extensions", "--disable-dev-shm-usage",
                 "--user-data-dir=" + profile, "--window-size=%d,%d" % (width, height)]
        # WebGL in software, for viewers that draw with it.
        flags += ["--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist"] if webgl else ["--disable-gpu"]

        def wire():
            # Descriptors 3 and 4 are what the browser reads and writes; first out of their way.
            reading, writing = os.dup2(theirs_in, 50), os.dup2(theirs_out, 51)
            os.dup2(reading, 3)
            os.dup2(writing, 4)

        self.child = subprocess.Popen([program()] + flags, preexec_fn=wire, close_fds=False, stdin=subprocess.DEVNULL,
                                      stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(theirs_in)
        os.close(theirs_out)
        self.reading, self.writing = ours_in, ours_out
        self.buffer, self.number, self.problems, self.events, self.requests = b"", 0, [], set(), []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = None
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(domain + ".enable")
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        if self.child.poll() is None:
            try:
                self.session = None
                self.call("Browser.close")
                self.child.wait(10)
            except (OSError, RuntimeError, subprocess.TimeoutExpired):
                self.child.kill()
                self.child.wait()
        for fd in (self.reading, self.writing):
            os.close(fd)

    def message(self, deadline):
        while b"\0" not in self.buffer:
            if not select.select([self.reading], [], [], max(0, deadline - time.monotonic()))[0]:
                raise RuntimeError("the browser does not answer")
            got = os.read(self.reading, 1 << 20)
            if not got:
                raise RuntimeError("the browser has ended")
            self.buffer += got
        text, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(text)

    def note(self, event):
        method, params = event.get("method"), event.get("params", {})
        self.events.add(method)
        if method == "Runtime.exceptionThrown":
            self.problems.append(params["exceptionDetails"].get("text", "") + " " +
                                 params["exceptionDetails"].get("exception", {}).get("description", ""))
        elif method == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning", "assert"):
            self.problems.append(json.dumps(params["args"]))
        elif method == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning"):
            self.problems.append(params["entry"]["text"])
        elif method == "Network.requestWillBeSent":
            url = params["request"]["url"]
            if not url.startswith("data:"):
                self.requests.append(url)

    def call(self, method, **params):
        self.number += 1
        request = {"id": self.number, "method": method, "params": params}
        if getattr(self, "session", None):
            request["sessionId"] = self.session
        os.write(self.writing, json.dumps(request).encode() + b"\0")
        deadline = time.monotonic() + PATIENCE_S
        while True:
            answer = self.message(deadline)
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise RuntimeError("%s: %s" % (method, answer["error"]["message"]))
                return answer["result"]
            self.note(answer)

    def open(self, url):
        """Seconds until the page had loaded and was drawn."""
        self.events.discard("Page.loadEventFired")
        began = time.monotonic()
        self.call("Page.navigate", url=url)
        while "Page.loadEventFired" not in self.events:
            self.note(self.message(began + PATIENCE_S))
        self.run("new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r)))")
        return time.monotonic() - began

    def run(self, script):
        answer = self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"].get("exception", {}).get("description", "failed"))
        return answer["result"].get("value")

    def wait(self, script, seconds=10):
        deadline = time.monotonic() + seconds
        while True:
            value = self.run(script)
            if value or time.monotonic() > deadline:
                return value
            time.sleep(0.05)

    def key(self, key, code=None):
        for kind in ("rawKeyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=code or key,
                      windowsVirtualKeyCode={"Enter": 13, "Escape": 27, "Tab": 9}.get(key, 0))
        self.run("new Promise(r => requestAnimationFrame(r))")

    def click(self, selector, nth=0):
        x, y = self.run("(() => { const b = document.querySelectorAll(%s)[%d].getBoundingClientRect();"
                        "return [b.x + b.width / 2, b.y + b.height / 2]; })()" % (json.dumps(selector), nth))
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)
        self.run("new Promise(r => requestAnimationFrame(r))")

    def wheel(self, by, x=400, y=400):
        self.call("Input.dispatchMouseEvent", type="mouseWheel", x=x, y=y, deltaX=0, deltaY=by)
        self.run("new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r)))")

    def type(self, text):
        self.call("Input.insertText", text=text)
        self.run("new Promise(r => requestAnimationFrame(r))")

    def scheme(self, name):
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": name}])

    def screenshot(self, path):
        with open(path, "wb") as file:
            file.write(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))
