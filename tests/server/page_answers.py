"""Questions on the page, and the places that answers drew on."""

import json
import time

import page_sample
from page_case import LOGBOOK, MARKED, NOTES, Page, WHOLE_TEXT, row


class Answers(Page):
    def test_an_answer_names_its_places(self):
        self.ask_about_the_captain()
        self.picture("answer-light")
        self.assertGreater(len(self.said(".answer")), 3)
        number = LOGBOOK.splitlines().index(f"320. {page_sample.FACT}") + 1
        places = self.window.evaluate("[...document.querySelectorAll('.places li')].map((li) => li.textContent)")
        index = next((i for i, place in enumerate(places) if "captain of the Aurora" in place), None)
        self.assertIsNotNone(index, places)
        self.window.click(f".places li:nth-child({index + 1}) a")
        marked = self.window.until(MARKED)
        self.assertIn("Näumi Välström", marked)
        self.assertIn(marked, LOGBOOK)
        quote = self.said(f".places li:nth-child({index + 1}) q")
        shown = quote.rstrip("…").rstrip()
        self.assertEqual(" ".join(marked.split())[:len(shown) if shown != quote else None], shown)
        self.assertIn(f"Line {number - marked[:marked.index('Näumi')].count(chr(10))}, at 5", self.said("#text-place"))
        box = self.window.evaluate("""(() => { const mark = document.querySelector('mark').getBoundingClientRect(),
            body = document.querySelector('#text-body').getBoundingClientRect();
            return [mark.top - body.top, body.bottom - mark.bottom]; })()""")
        self.assertGreater(min(box), 0, "the place is in sight")
        self.picture("text-light")

    def test_a_text_is_shown_in_windows(self):
        self.window.evaluate(f"{row('The-logbook-1-.txt')}.querySelector('button').click()")
        self.window.until(f"{WHOLE_TEXT}.length > 1000")
        self.assertTrue(LOGBOOK.startswith(self.window.evaluate(WHOLE_TEXT)))
        self.assertLess(len(self.window.evaluate(WHOLE_TEXT)), len(LOGBOOK), "not all of it at once")
        self.window.evaluate("document.querySelector('#text-body').scrollTop = 1e9")
        self.window.until(f"{WHOLE_TEXT}.length >= {len(LOGBOOK.encode('utf-16-le')) // 2}")
        self.assertEqual(self.window.evaluate(WHOLE_TEXT), LOGBOOK)

    def test_windows_in_front_of_a_place_come_where_they_belong(self):
        self.ask_about_the_captain()
        self.window.click(".strip", across=0.97)
        self.window.until("document.querySelector('#text:not([hidden]) .here')")
        self.assertTrue(LOGBOOK.endswith(self.window.evaluate(WHOLE_TEXT)))
        self.window.evaluate("document.querySelector('#text-body').scrollTop = 0")
        self.window.until(f"{WHOLE_TEXT}.startsWith({json.dumps(LOGBOOK[:20])})")
        self.assertEqual(self.window.evaluate(WHOLE_TEXT), LOGBOOK)

    def test_the_strip_shows_where_the_answer_looked(self):
        self.ask_about_the_captain()
        marks = self.window.evaluate("""[...document.querySelectorAll('.strip .mark')].map((mark) =>
            [+mark.getAttribute('x') / 100, +mark.getAttribute('opacity')])""")
        strongest = max(marks, key=lambda mark: mark[1])
        self.assertEqual(strongest[1], 1)
        share = LOGBOOK.encode().index(page_sample.FACT.encode()) / len(LOGBOOK.encode())
        self.assertTrue(any(abs(x - share) < 0.02 for x, _ in marks), (marks, share))
        index = next(i for i, (x, _) in enumerate(marks) if abs(x - share) < 0.02)
        self.window.click(f".strip .mark:nth-of-type({index + 2})")  # behind the track
        self.assertIn("Näumi", self.window.until(MARKED))

    def test_an_answer_can_be_stopped_and_the_conversation_goes_on(self):
        self.window.evaluate("document.querySelectorAll('#document-list input:checked').forEach((box) => box.click())")
        self.ask("Write a long story about a fox, a raven and a mill.")
        self.window.until("document.querySelector('.answer').textContent.length > 40", 60)
        self.window.click("#stop")
        self.window.until("document.querySelector('.turn').textContent.includes('Stopped.')")
        text = self.said(".answer")
        time.sleep(0.3)
        self.assertEqual(self.said(".answer"), text)
        self.ask("And then?")
        self.window.until("document.querySelectorAll('.answer')[1]?.textContent.length > 0", 60)
        self.window.click("#stop")
        self.window.until("!document.querySelector('#ask-button').hidden")
        self.window.click("#new")
        self.assertEqual(self.window.evaluate("document.querySelectorAll('.turn').length"), 0)

    def test_what_the_server_refuses_is_told_and_the_question_stays(self):
        self.window.evaluate("(() => { const send = fetch; window.fetch = (path, options) => path === '/v1/chat/completions' "
                             "? send(path, {...options, body: options.body.replace('The-logbook-1-.txt', 'gone')}) : send(path, options); })()")
        self.ask("What is <img src=x onerror=alert(1)> it?")
        self.window.until("document.querySelector('.turn .error:not([hidden])')")
        self.assertIn('there is no document "gone"', self.said(".turn .error"))
        self.assertEqual(self.window.evaluate("document.querySelector('#question').value"), "What is <img src=x onerror=alert(1)> it?")
        self.assertEqual(self.window.evaluate("document.querySelectorAll('main img, main script').length"), 0)

    def test_every_part_is_asked(self):
        self.server.ask("/v1/documents", {"name": "notes", "text": NOTES})
        try:
            self.window.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
            self.window.until(f"{row('notes')}?.querySelector('progress').hidden", 60)
            self.window.evaluate("document.querySelectorAll('#document-list input').forEach((box) => box.click())")
            self.window.click("#tab-survey")
            self.window.click("#survey-button")
            self.assertIn("question", self.said("#survey-error"))
            self.window.click("#survey-prompt")
            self.window.type("Who is named here?")
            self.window.click("#survey-merge")
            self.window.type("List all.")
            self.window.evaluate("document.querySelector('#survey-tokens').value = 6")
            self.window.click("#survey-button")
            self.window.until("document.querySelector('#survey-count').textContent.startsWith('All ')", 60)
            rows = self.window.evaluate("[...document.querySelectorAll('#survey-table tbody tr')].map((tr) => tr.innerText)")
            self.assertGreater(len(rows), 1)
            self.assertIn(f"All {len(rows)} parts of notes", self.said("#survey-count"))
            self.assertTrue(self.window.evaluate("!document.querySelector('#survey-merged').hidden"))
            self.picture("survey-light")
            read = ""
            for index in range(len(rows)):
                self.window.click(f"#survey-table tbody tr:nth-child({index + 1}) a")
                read += self.window.until(f"{MARKED} !== {json.dumps(read[-1:])} && document.querySelector('#text-place').textContent && {MARKED}")
                self.window.press("Escape")
            self.assertEqual(read, NOTES, "the parts are the whole text")
        finally:
            self.server.ask("/v1/documents/notes", method="DELETE")
