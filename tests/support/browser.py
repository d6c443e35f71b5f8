"""Chromium without a window, told what to do through its debugging pipe (Chrome DevTools Protocol: JSON with a zero byte
after each message): opens a page at a given size and colour scheme, clicks, types and chooses files as people do, evaluates
expressions in the page, takes pictures, and notes what the page complains about."""

import base64
import contextlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "chromium-headless-shell")
KEYS = {"Enter": ("Enter", 13, "\r"), "Escape": ("Escape", 27, ""), "Tab": ("Tab", 9, ""), " ": ("Space", 32, " "),
        "ArrowRight": ("ArrowRight", 39, ""), "ArrowLeft": ("ArrowLeft", 37, "")}  # code, number, text
SHIFT = 8  # the modifier's bit


def find():
    """The browser's path, or None."""
    return next(filter(None, map(shutil.which, PROGRAMS)), None)


class Browser:
    def __init__(self, program):
        # Its processes may still write there for a moment when it has ended.
        self.profile = tempfile.TemporaryDirectory(prefix="focusllm-browser-", ignore_cleanup_errors=True)
        child_reads, self.to_child = os.pipe()
        self.from_child, child_writes = os.pipe()
        command = [program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                   "--disable-background-networking", "--disable-component-update", "--hide-scrollbars",
                   "--remote-debugging-pipe", f"--user-data-dir={self.profile.name}", "about:blank"]
        # The browser reads from descriptor 3 and writes to 4.
        shell = ["sh", "-c", f'exec "$@" 3<&{child_reads} 4>&{child_writes}', "sh", *command]
        self.process = subprocess.Popen(shell, pass_fds=(child_reads, child_writes), stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        os.close(child_reads)
        os.close(child_writes)
        self.pending = b""
        self.last = 0
        self.complaints = []  # of all pages: errors, exceptions, whatever a policy forbade
        self.session = None
        targets = self.call("Target.getTargets")["targetInfos"]
        page = next(target for target in targets if target["type"] == "page")
        self.session = self.call("Target.attachToTarget", targetId=page["targetId"], flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.call(f"{domain}.enable")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(20)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        os.close(self.to_child)
        os.close(self.from_child)
        self.profile.cleanup()

    def message(self):
        while b"\0" not in self.pending:
            piece = os.read(self.from_child, 1 << 16)
            if not piece:
                raise RuntimeError("the browser ended")
            self.pending += piece
        text, self.pending = self.pending.split(b"\0", 1)
        message = json.loads(text)
        self.note(message.get("method"), message.get("params"))
        return message

    def note(self, event, what):
        if event == "Log.entryAdded" and what["entry"]["level"] in ("error", "warning"):
            self.complaints.append(f"{what['entry']['text']} {what['entry'].get('url', '')}")
        elif event == "Runtime.exceptionThrown":
            details = what["exceptionDetails"]
            self.complaints.append(details.get("exception", {}).get("description", details["text"]))
        elif event == "Runtime.consoleAPICalled" and what["type"] in ("error", "warning", "assert"):
            self.complaints.append(str(what["args"]))

    def call(self, method, **parameters):
        self.last += 1
        request = {"id": self.last, "method": method, "params": parameters}
        if self.session:
            request["sessionId"] = self.session
        data = json.dumps(request).encode() + b"\0"
        while data:
            data = data[os.write(self.to_child, data):]
        while True:
            answer = self.message()
            if answer.get("id") == self.last:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                return answer["result"]

    def screen(self, width, height, dark):
        """Shows pages as on a screen of so many CSS pixels."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])

    def open(self, page, width, height, dark):
        """Shows a local file, or what a URL leads to."""
        self.screen(width, height, dark)
        self.call("Page.navigate", url=page if isinstance(page, str) else page.as_uri())
        while self.message().get("method") != "Page.loadEventFired":
            pass

    def evaluate(self, expression):
        """The value of a JavaScript expression in the page."""
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in result:
            raise RuntimeError(result["exceptionDetails"]["exception"].get("description", "an exception"))
        return result["result"].get("value")

    def picture(self, path, whole=True):
        data = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)["data"]
        path.write_bytes(base64.b64decode(data))

    def until(self, expression, seconds=20):
        """The value of an expression as soon as it is true; fails with the expression where it does not become so."""
        ends = time.monotonic() + seconds
        while not (value := self.evaluate(f"(value => value instanceof Node || value)({expression})")):
            if time.monotonic() > ends:
                raise AssertionError(f"not within {seconds} s: {expression}")
            time.sleep(0.02)
        return value

    def click(self, selector, across=0.5):
        """Presses the mouse on an element, where it is seen: in the middle, or at a share of its width."""
        element = f"document.querySelector({json.dumps(selector)})"
        self.until(f"!!{element} && {element}.getClientRects().length > 0")
        x, y, hit = self.evaluate(f"""(() => {{ const element = {element}; element.scrollIntoView({{block: 'nearest'}});
            const box = element.getBoundingClientRect();
            const x = box.left + box.width * {across}, y = box.top + box.height / 2, hit = document.elementFromPoint(x, y);
            return [x, y, !!hit && (element.contains(hit) || hit.contains(element))]; }})()""")
        if not hit:
            raise AssertionError(f"something else is in front of {selector}")
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def type(self, text):
        """Into what has the focus."""
        self.call("Input.insertText", text=text)

    def press(self, key, shift=False):
        code, number, text = KEYS[key]
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=code, windowsVirtualKeyCode=number,
                      modifiers=SHIFT if shift else 0, **({"text": text} if text and kind == "keyDown" else {}))

    def choose_files(self, selector, paths):
        """As if the files had been chosen in the dialog of an input."""
        found = self.call("Runtime.evaluate", expression=f"document.querySelector({json.dumps(selector)})")
        self.call("DOM.setFileInputFiles", files=[str(path) for path in paths], objectId=found["result"]["objectId"])
