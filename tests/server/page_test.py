"""Uses the server's page in Chromium as people do: page_test.py PROGRAM MODEL [FOLDER-FOR-PICTURES]. Exits with 77 where
there is no Chromium, or no model."""

import contextlib
import pathlib
import sys
import unittest

import browser
from page_answers import Answers
from page_case import Page
from page_documents import Documents
from page_look import Look

SKIPPED = 77


class Complaints(Page):
    """Behind all others."""

    def test_there_are_none(self):
        # The browser notes what the server refused, too, as tests wanted it to.
        complaints = [said for said in self.window.complaints if "the server responded with a status of 40" not in said]
        self.assertEqual(complaints, [])


def load_tests(loader, _tests, _pattern):
    return unittest.TestSuite(map(loader.loadTestsFromTestCase, (Documents, Answers, Look, Complaints)))


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit("usage: page_test.py PROGRAM MODEL [FOLDER-FOR-PICTURES]")
    program, model = sys.argv[1:3]
    pictures = pathlib.Path(sys.argv[3]).resolve() if len(sys.argv) == 4 else None
    if browser.find() is None:
        print("[  SKIPPED ] page_test.py: NO BROWSER, SO NOBODY HAS USED THE PAGE: install chromium (scripts/install-packages test)")
        sys.exit(SKIPPED)
    if not pathlib.Path(model).exists():
        print(f"[  SKIPPED ] page_test.py: {model} is missing (scripts/fetch-model smollm2)")
        sys.exit(SKIPPED)
    with contextlib.ExitStack() as ends:
        Page.start(ends, program, model, pictures)
        result = unittest.main(argv=sys.argv[:1], exit=False).result
    sys.exit(not result.wasSuccessful())
