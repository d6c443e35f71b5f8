"""A server of a small model with a store of its own, and texts to send to it."""

import json
import random
import re
import select
import subprocess
import tempfile
import time
import urllib.request

KEYS = ("the first key", "another")
FACT = "The captain of the Aurora was called Näumi Välström, and she came from Reykjavík. 🚢"
QUESTION = "What was the captain of the Aurora called?"


def text_of(verses, lines, seed, fact_at=None):
    """Numbered verses in any order, with characters of two to four bytes among them."""
    draw = random.Random(seed)
    text = [f"{number}. {draw.choice(verses)} {draw.choice('äß€語😀')}" for number in range(1, lines + 1)]
    if fact_at:
        text[fact_at - 1] = f"{fact_at}. {FACT}"
    return "\n".join(text) + "\n"


def across(text, byte):
    """The text with a character of four bytes in the middle of which a byte stands."""
    before, behind = (part.decode(errors="ignore") for part in (text.encode()[:byte - 2], text.encode()[byte - 2:]))
    return before + "." * (byte - 2 - len(before.encode())) + "😀" + behind


class Server:
    """`focusllm serve` on a free port. `keys`: one of them must come with each request."""

    def __init__(self, program, model, *arguments, keys=KEYS):
        self.store = tempfile.TemporaryDirectory(prefix="focusllm-page-")
        self.key = keys[0]
        command = [program, "serve", "-m", model, "--port", "0", "--store", self.store.name, "--method", "recall",
                   "--temp", "0", *arguments, *(f"--api-key={key}" for key in keys)]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        self.url = self.address(seconds=60)

    def address(self, seconds):
        ends, said = time.monotonic() + seconds, ""
        while select.select([self.process.stderr], [], [], max(0, ends - time.monotonic()))[0]:
            line = self.process.stderr.readline()
            said += line
            if found := re.search(r"http://\S+:\d+", line):
                return found[0]
            if not line:
                break
        self.end()
        raise RuntimeError(f"the server did not begin: {said}")

    def end(self):
        self.process.terminate()
        self.process.wait(60)
        self.process.stderr.close()
        self.store.cleanup()

    def ask(self, path, body=None, method=None):
        """What the server answers to a client that is not the page."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, {"Authorization": f"Bearer {self.key}"}, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)
