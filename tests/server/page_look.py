"""How the page looks, and who can use it."""

import time

import page_sample
from contrast import contrast
from page_case import DESKTOP, MARKED, MIDDLE, PHONE, Page, SMALL

# Texts that are seen, and the colours of each and of what is behind it.
COLOURS = """(() => {
  const seen = [], clear = (colour) => colour === 'transparent' || colour.endsWith(', 0)');
  const behind = (element) => { for (; element; element = element.parentElement) {
    const colour = getComputedStyle(element).backgroundColor; if (!clear(colour)) return colour; } return 'rgb(255, 255, 255)'; };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node; (node = walker.nextNode());) {
    const element = node.parentElement, box = element.getBoundingClientRect();
    if (!node.data.trim() || box.width < 2 || getComputedStyle(element).visibility !== 'visible') continue;
    seen.push([node.data.trim().slice(0, 40), getComputedStyle(element).color, behind(element)]);
  }
  for (const field of document.querySelectorAll('textarea'))
    seen.push([field.placeholder, getComputedStyle(field, '::placeholder').color, behind(field)]);
  return seen;
})()"""
TOO_WIDE = """document.documentElement.scrollWidth > document.documentElement.clientWidth
  ? [...document.querySelectorAll('body *')].filter((e) => e.getBoundingClientRect().right > innerWidth + 1).map((e) => e.id || e.className)
  : null"""


class Look(Page):
    def test_it_fits_every_screen_and_can_be_read(self):
        for name, screen in {"desktop": DESKTOP, "middle": MIDDLE, "phone": PHONE, "small": SMALL}.items():
            for dark in (False, True) if screen in (DESKTOP, PHONE) else (False,):
                with self.subTest(screen=name, dark=dark):
                    self.check_screen(name, screen, dark)

    def check_screen(self, name, screen, dark):
        scheme = "dark" if dark else "light"
        if dark:  # the page as it is, in other colours
            self.window.screen(*screen, dark)
        else:
            self.show(screen)
            self.ask_about_the_captain()
        self.picture(f"{name}-{scheme}")
        for part in ("page", "text", "survey"):
            if part == "text":
                self.window.click(".places a")
                self.window.until(MARKED)
            elif part == "survey":
                self.window.press("Escape")
                self.window.click("#tab-survey")
            self.picture(f"{name}-{part}-{scheme}")
            self.assertIsNone(self.window.evaluate(TOO_WIDE), part)
            if screen in (MIDDLE, SMALL):
                continue
            time.sleep(0.15)  # colours change over a moment
            for text, colour, behind in self.window.evaluate(COLOURS):
                self.assertGreaterEqual(contrast(colour, behind), 4.5, f"{part}: {text}: {colour} on {behind}")
        self.window.click("#tab-ask")

    def test_all_that_is_used_has_a_name(self):
        self.ask_about_the_captain()
        tree = self.window.call("Accessibility.getFullAXTree")["nodes"]
        nameless = [node["role"]["value"] for node in tree if not node["ignored"] and not node.get("name", {}).get("value")
                    and node["role"]["value"] in ("button", "textbox", "checkbox", "link", "tab", "progressbar", "image", "region", "dialog", "log")]
        self.assertEqual(nameless, [])
        headings = self.window.evaluate("[...document.querySelectorAll('h1, h2, h3')].map((h) => h.tagName)")
        self.assertEqual(headings[:3], ["H1", "H2", "H2"])
        ids = self.window.evaluate("[...document.querySelectorAll('[id]')].map((element) => element.id)")
        self.assertEqual(len(ids), len(set(ids)))

    def test_all_can_be_done_with_keys(self):
        self.window.evaluate("document.activeElement.blur()")
        self.window.press("Tab")
        self.assertEqual(self.window.evaluate("document.activeElement.className"), "skip")
        self.window.press("Enter")
        self.window.until("document.activeElement.id === 'question'")
        self.window.type(page_sample.QUESTION)
        self.window.press("Enter", shift=True)
        self.assertIn("\n", self.window.evaluate("document.querySelector('#question').value"))
        self.window.press("Enter")
        self.window.until("document.querySelector('.places a') && !document.querySelector('#ask-button').hidden", 60)
        for _ in range(40):
            self.window.press("Tab", shift=True)
            if self.window.evaluate("document.activeElement.matches('.places a')"):
                break
        self.assertTrue(self.window.evaluate("document.activeElement.matches('.places a:focus-visible')"))
        self.assertNotEqual(self.window.evaluate("getComputedStyle(document.activeElement).outlineStyle"), "none")
        self.window.press("Enter")
        self.window.until(MARKED)
        self.assertTrue(self.window.evaluate("document.querySelector('#text').contains(document.activeElement)"))
        self.window.press("Escape")
        self.window.until("document.querySelector('#text').hidden")
        self.assertTrue(self.window.evaluate("document.activeElement.matches('.places a')"), "where it was before")
        self.window.evaluate("document.querySelector('#tab-ask').focus()")
        self.window.press("ArrowRight")
        self.assertTrue(self.window.evaluate("document.activeElement.id === 'tab-survey' && !document.querySelector('#survey').hidden"))

    def test_nothing_comes_from_elsewhere(self):
        before = len(self.window.complaints)
        self.window.evaluate("new Promise((done) => { const image = new Image(); image.onerror = image.onload = done; image.src = 'http://127.0.0.1:9/x.png'; })")
        self.window.until("true")
        self.assertTrue(any("Content Security Policy" in said for said in self.window.complaints[before:]), "it is noticed")
        del self.window.complaints[before:]
