"""Documents on the page: sending, watching, showing, removing."""

import json
import time

from page_case import ENDLESS, LOGBOOK, MARKED, MOST_BYTES, NOTES, Page, WHOLE_TEXT, row


class Documents(Page):
    def test_a_key_is_asked_for_and_kept_in_the_tab(self):
        self.assertTrue(self.asked_at_first, "nothing was wrong yet when the key was first asked for")
        stored = self.window.evaluate("[JSON.stringify(sessionStorage), localStorage.length, document.cookie]")
        self.assertEqual(stored, [json.dumps({"focusllm-key": self.server.key}, separators=(",", ":")), 0, ""])

    def test_a_text_that_was_read_can_be_asked_about(self):
        self.assertTrue(any(share is not None and "Cancel" in text for text, share, _ in self.seen), self.seen)
        last, _, chosen = next(seen for seen in self.seen if seen[1] is None)
        self.assertIn("tokens", last)
        self.assertIn("Remove", last)
        self.assertTrue(chosen, "the first text that is read is what questions are about")

    def test_files_that_are_no_texts_are_told_why(self):
        wrong = {"empty.txt": (b"", "is empty"), "blank.txt": (b" \n ", "white space"), "program": (b"\x7fELF\0\0", "zero bytes"),
                 "wide.txt": ("words".encode("utf-16"), "is UTF-16"), "latin.txt": ("Käse".encode("latin-1"), "not valid UTF-8"),
                 "large.txt": (b"x" * (MOST_BYTES + 1), "takes up to 1.0 MB"),
                 "escaped.txt": (b'"' * (MOST_BYTES // 2 + 1), "takes up to 1.0 MB")}
        self.window.choose_files("#files", [self.file(name, content) for name, (content, _) in wrong.items()])
        self.window.until(f"document.querySelector('#notice').textContent.split('\\n').length === {len(wrong)}")
        said = self.said("#notice").split("\n")
        for line, (name, (_, reason)) in zip(said, wrong.items(), strict=True):
            self.assertIn(f"{name}: ", line)
            self.assertIn(reason, line)
        self.picture("notice")
        self.assertEqual(len(self.server.ask("/v1/documents")["data"]), 1)

    def test_a_dropped_text_is_read_shown_and_removed(self):
        self.window.evaluate(f"""(() => {{ const data = new DataTransfer();
            data.items.add(new File([{json.dumps("A <script>alert(1)</script> in it. " * 40)}], 'dropped.txt'));
            const event = (type) => new DragEvent(type, {{dataTransfer: data, bubbles: true, cancelable: true}});
            document.body.dispatchEvent(event('dragover')); document.body.dispatchEvent(event('drop')); }})()""")
        self.window.until(f"{row('dropped.txt')}?.querySelector('progress').hidden", 60)
        self.window.evaluate(f"{row('dropped.txt')}.querySelector('button').click()")
        self.window.until(f"{WHOLE_TEXT}.includes('<script>alert(1)</script>')")
        self.assertEqual(self.window.evaluate("document.querySelectorAll('body script').length"), 0)
        self.window.press("Escape")
        self.window.evaluate(f"{row('dropped.txt')}.querySelectorAll('button')[1].click()")
        self.window.until("document.querySelector('#confirm')?.open")
        self.window.press("Escape")
        self.window.until("!document.querySelector('#confirm')")
        self.assertEqual(len(self.server.ask("/v1/documents")["data"]), 2)
        self.window.evaluate(f"{row('dropped.txt')}.querySelectorAll('button')[1].click()")
        self.window.until("document.querySelector('#confirm')?.open")
        self.picture("confirm")
        self.window.click("#confirm [value=yes]")
        self.window.until(f"!{row('dropped.txt')}")
        self.assertEqual(len(self.server.ask("/v1/documents")["data"]), 1)

    def test_a_reading_is_watched_and_can_be_cancelled(self):
        self.window.choose_files("#files", [self.file("endless.txt", ENDLESS)])
        said = self.window.until(f"{row('endless.txt')}?.textContent.includes(' left') && {row('endless.txt')}.textContent", 60)
        self.assertRegex(said, r"[0-9,]+ of [0-9,]+ tokens · [0-9,]+ tokens/s · .*[0-9]+ (s|min) left")
        self.assertTrue(0 < self.window.evaluate(f"{row('endless.txt')}.querySelector('progress').position") < 1)
        self.picture("reading")
        self.window.evaluate(f"{row('endless.txt')}.querySelectorAll('button')[1].click()")
        self.window.until(f"!{row('endless.txt')}")
        ends = time.monotonic() + 20
        while len(self.server.ask("/v1/documents")["data"]) > 1:
            self.assertLess(time.monotonic(), ends, "the server goes on reading")
            time.sleep(0.05)

    def test_documents_of_others_appear_and_are_asked_together(self):
        self.server.ask("/v1/documents", {"name": "notes", "text": NOTES})
        try:
            self.window.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
            self.window.until(f"{row('notes')}?.querySelector('progress').hidden", 60)
            self.window.evaluate(f"{row('notes')}.querySelector('input').click()")
            self.assertIn("The-logbook-1-.txt, notes", self.said("#about"))
            self.ask_about_the_captain()
            self.window.click(".places a")
            self.assertIn(self.window.until(MARKED), LOGBOOK + NOTES)
        finally:
            self.server.ask("/v1/documents/notes", method="DELETE")
