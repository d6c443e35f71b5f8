"""What tests of the server's page have in common: one server, one browser, and one text that was read."""

import pathlib
import tempfile
import time
import unittest

import browser
import page_sample

DESKTOP, MIDDLE, PHONE, SMALL = (1280, 860), (900, 700), (390, 844), (320, 640)
VERSES = (pathlib.Path(__file__).parent.parent / "golden" / "psalms.txt").read_text().splitlines()
WINDOW = 1 << 16  # bytes of a window of the text view; a quarter of it is in front of a place
LOGBOOK = page_sample.text_of(VERSES, 620, 1, fact_at=320)  # more than a window
for border in (WINDOW * 3 // 4, WINDOW):
    LOGBOOK = page_sample.across(LOGBOOK, border)
NOTES = page_sample.text_of(VERSES, 50, 2)
ENDLESS = page_sample.text_of(VERSES, 8000, 3)  # its reading does not end during a test
MOST_BYTES = 1_000_000

MARKED = "document.querySelector('#text:not([hidden]) mark')?.textContent"
WHOLE_TEXT = "[...document.querySelectorAll('#text-body > span')].map((part) => part.textContent).join('')"


def row(name):
    """A JavaScript expression: the document's row in the list."""
    return f"[...document.querySelectorAll('#document-list > li')].find((li) => li.querySelector('.name').textContent === '{name}')"


class Page(unittest.TestCase):
    """The page in a window; each test begins with it anew, in daylight on a desktop, with the logbook chosen."""

    @classmethod
    def start(cls, stack, program, model, pictures):
        """Before any test; `stack` ends what is begun. `pictures`: a folder for them, or None."""
        cls.pictures = pictures
        cls.folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="focusllm-files-"))
        cls.server = page_sample.Server(program, model, f"--max-body={MOST_BYTES}B")
        stack.callback(cls.server.end)
        cls.window = stack.enter_context(browser.Browser(browser.find()))
        cls.window.open(cls.server.url, *DESKTOP, dark=False)
        cls.give_key()
        cls.seen = cls.send_logbook()

    @classmethod
    def give_key(cls):
        """First a wrong one."""
        window = cls.window
        window.until("document.querySelector('#key').open")
        cls.asked_at_first = window.evaluate("document.querySelector('#key-error').hidden")
        window.type("a wrong one")
        window.press("Enter")
        window.until("document.querySelector('#key').open && !document.querySelector('#key-error').hidden")
        window.type(cls.server.key)
        window.press("Enter")
        window.until("!document.querySelector('#key').open && document.querySelector('#model').textContent")

    @classmethod
    def send_logbook(cls):
        """What the list shows while the text is read."""
        cls.window.choose_files("#files", [cls.file("The logbook (1).txt", LOGBOOK)])
        seen = set()
        cls.window.until(row("The-logbook-1-.txt"))
        for _ in range(6000):
            shown = cls.window.evaluate(f"""(() => {{ const li = {row("The-logbook-1-.txt")}, bar = li.querySelector('progress');
                return [li.innerText, bar.hidden ? null : bar.value / bar.max, li.querySelector('input').checked]; }})()""")
            seen.add(tuple(shown))
            if shown[1] is None:
                return seen
            time.sleep(0.02)
        raise AssertionError(f"the logbook was not read: {shown}")

    @classmethod
    def file(cls, name, content):
        path = pathlib.Path(cls.folder, name)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    @classmethod
    def picture(cls, name):
        if cls.pictures:
            time.sleep(0.3)  # colours change over a moment
            cls.window.picture(cls.pictures / f"{name}.png", whole=False)

    def setUp(self):
        self.show(DESKTOP)

    def show(self, screen, dark=False):
        """The page anew, with the one document chosen."""
        self.window.open(self.server.url, *screen, dark)
        self.window.until("document.querySelectorAll('#document-list input').length > 0")
        self.window.evaluate("document.querySelectorAll('#document-list input:checked').forEach((box) => box.click())")
        self.window.evaluate(f"{row('The-logbook-1-.txt')}.querySelector('input').click()")

    def ask(self, question):
        self.window.click("#question")
        self.window.type(question)
        self.window.press("Enter")

    def ask_about_the_captain(self):
        self.ask(page_sample.QUESTION)
        self.window.until("document.querySelector('.places a') && !document.querySelector('#ask-button').hidden", 60)

    def said(self, selector):
        return self.window.evaluate(f"document.querySelector('{selector}').textContent")
