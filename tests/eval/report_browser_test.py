"""Opens a report of made-up results in Chromium, at desktop and phone width, light and dark, and checks that it is laid out
as it should be: report_browser_test.py PROGRAM [FOLDER-FOR-PICTURES]. Exits with 77 where there is no Chromium."""

import itertools
import pathlib
import subprocess
import sys
import tempfile
import unittest

import browser
import report_sample
from contrast import contrast

SKIPPED = 77
SCREENS = {"desktop": (1280, 900), "phone": (390, 844)}

# What is seen, in CSS pixels from the page's corner, and colours as the browser computes them.
SEEN = """(() => {
  const box = (element) => { const r = element.getBoundingClientRect();
    return {left: r.left, right: r.right, top: r.top + scrollY, bottom: r.bottom + scrollY}; };
  const all = (selector, of = document) => [...of.querySelectorAll(selector)];
  return {
    width: document.documentElement.clientWidth, contents: document.documentElement.scrollWidth,
    background: getComputedStyle(document.body).backgroundColor, text: getComputedStyle(document.body).color,
    scripts: all('script, b, i').length, sections: all('section').length,
    broken: all('a[href^="#"]').filter((a) => !document.querySelector(a.getAttribute('href'))).length,
    heatmaps: all('svg.heatmap').map((svg) => ({
      hatched: all('.hatch', svg).length,
      cells: all('.cell', svg).map((cell) => ({length: +cell.dataset.length, depth: +cell.dataset.depth,
        ...box(cell.querySelector('rect')), title: cell.querySelector('title').textContent,
        label: cell.querySelector('text') && {text: cell.querySelector('text').textContent,
          ...box(cell.querySelector('text')), colour: getComputedStyle(cell.querySelector('text')).fill},
        fill: getComputedStyle(cell.querySelector('rect')).fill})),
      texts: all(':scope > text', svg).map(box)})),
    charts: all('svg.chart').map((svg) => ({title: svg.querySelector('title').textContent, ...box(svg),
      lines: all('polyline', svg).map((line) => ({colour: getComputedStyle(line).stroke, ...box(line),
        points: line.points.length})),
      markers: all('.marker', svg).map(box), intervals: all('.interval', svg).map(box),
      size: all('text', svg).map((text) => box(text)).reduce((least, b) => Math.min(least, b.bottom - b.top), 99),
      belowAxis: all('text.below', svg).map(box), besideAxis: all('text.left', svg).map(box)})),
    boxes: all('.scroll').map((element) => ({...box(element), needed: element.scrollWidth, shown: element.clientWidth})),
  };
})()"""


def overlap(a, b):
    return a["left"] < b["right"] and b["left"] < a["right"] and a["top"] < b["bottom"] and b["top"] < a["bottom"]


def on_each_screen(check):
    def run(self):
        for name, seen in self.seen.items():
            with self.subTest(name):
                check(self, seen)
    return run


class Report(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="focusllm-report-")
        folder = pathlib.Path(cls.folder.name)
        results, cls.page = folder / "results.jsonl", folder / "report.html"
        report_sample.write(results)
        subprocess.run([PROGRAM, "eval", "report", results, "-o", cls.page, "--csv", folder / "report.csv"], check=True)
        cls.csv = (folder / "report.csv").read_text()
        cls.seen = {}
        with browser.Browser(browser.find()) as window:
            for screen, (width, height) in SCREENS.items():
                for dark in (False, True):
                    name = f"{screen}-{'dark' if dark else 'light'}"
                    window.open(cls.page, width, height, dark)
                    cls.seen[name] = window.evaluate(SEEN)
                    if PICTURES:
                        window.picture(PICTURES / f"{name}.png")
                        window.evaluate("document.querySelectorAll('details').forEach((d) => d.open = true)")
                        window.picture(PICTURES / f"{name}-open.png")

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    @on_each_screen
    def test_the_page_is_as_wide_as_the_screen(self, seen):
        self.assertLessEqual(seen["contents"], seen["width"])
        for box in seen["boxes"]:
            self.assertLessEqual(box["right"], seen["width"])
        wide = [box for box in self.seen["phone-light"]["boxes"] if box["needed"] > box["shown"]]
        self.assertTrue(wide, "a table wider than a phone scrolls in its own box")

    @on_each_screen
    def test_nothing_from_the_file_became_markup(self, seen):
        self.assertEqual(seen["scripts"], 0)
        self.assertEqual(seen["broken"], 0, "links lead somewhere")
        self.assertEqual(seen["sections"], 4)

    @on_each_screen
    def test_colours_follow_the_scheme_and_can_be_read(self, seen):
        self.assertGreater(contrast(seen["background"], seen["text"]), 7)
        for chart in seen["charts"]:
            for line in chart["lines"]:
                self.assertGreater(contrast(seen["background"], line["colour"]), 3, line["colour"])
        self.assertNotEqual(self.seen["phone-light"]["background"], self.seen["phone-dark"]["background"])

    @on_each_screen
    def test_cells_stand_in_a_grid_by_length_and_depth(self, seen):
        self.assertEqual(len(seen["heatmaps"]), 6)
        for heatmap in seen["heatmaps"]:
            cells = heatmap["cells"]
            self.assertEqual(len(cells), len(report_sample.LENGTHS) * len(report_sample.DEPTHS))
            for value, edge, end in (("length", "left", "right"), ("depth", "top", "bottom")):
                places = {}
                for cell in cells:
                    places.setdefault(cell[value], set()).add(round(cell[edge]))
                self.assertTrue(all(len(place) == 1 for place in places.values()), f"one place for each {value}")
                places = [place.pop() for _, place in sorted(places.items())]
                size = cells[0][end] - cells[0][edge]
                for first, second in itertools.pairwise(places):
                    self.assertAlmostEqual(second - first, size + 1, delta=1.1, msg=f"side by side by {value}")

    @on_each_screen
    def test_cells_show_their_value_or_why_there_is_none(self, seen):
        hatched = 0
        for cell in (cell for heatmap in seen["heatmaps"] for cell in heatmap["cells"]):
            label = cell["label"]
            if label is None:
                hatched += 1
                self.assertIn("more than the 32768", cell["title"])
                continue
            self.assertTrue(0 <= int(label["text"]) <= 100)
            self.assertGreaterEqual(label["left"], cell["left"])
            self.assertLessEqual(label["right"], cell["right"])
            self.assertGreaterEqual(contrast(cell["fill"], label["colour"]), 4.5)
        self.assertEqual(hatched, sum(length > report_sample.TRAINED for length in report_sample.LENGTHS) * 10)
        self.assertEqual(hatched, sum(heatmap["hatched"] for heatmap in seen["heatmaps"]))

    @on_each_screen
    def test_curves_lie_inside_their_charts(self, seen):
        self.assertEqual(len(seen["charts"]), 11)
        for chart in seen["charts"]:
            self.assertGreater(chart["bottom"] - chart["top"], 150, chart["title"])
            self.assertTrue(chart["lines"], chart["title"])
            for shape in chart["lines"] + chart["markers"] + chart["intervals"]:
                self.assertGreaterEqual(shape["left"], chart["left"], chart["title"])
                self.assertLessEqual(shape["right"], chart["right"], chart["title"])
                self.assertGreaterEqual(shape["top"], chart["top"] - 1, chart["title"])
                self.assertLessEqual(shape["bottom"], chart["bottom"], chart["title"])
            self.assertEqual(sum(line["points"] for line in chart["lines"]), len(chart["markers"]))

    @on_each_screen
    def test_curves_are_where_their_values_are(self, seen):
        chart = [chart for chart in seen["charts"] if chart["title"] == "Score by length"][1]  # of passkeys
        focus, full, infllm, streaming = chart["lines"]  # in the order of names
        self.assertEqual([line["points"] for line in chart["lines"]], [8, 4, 8, 8])
        self.assertLess(focus["bottom"], streaming["bottom"], "a better score is higher up")
        self.assertLess(full["right"], focus["right"] - 50, "full ends where it is too long")
        self.assertEqual(len(chart["intervals"]), 28)
        self.assertGreater(infllm["bottom"], focus["bottom"])

    @on_each_screen
    def test_labels_can_be_read_and_do_not_overlap(self, seen):
        for chart in seen["charts"]:
            self.assertGreaterEqual(chart["size"], 9, "height of the smallest text in pixels")
            for labels in (chart["belowAxis"], chart["besideAxis"]):
                for first, second in itertools.pairwise(labels):
                    self.assertFalse(overlap(first, second), chart["title"])
                for label in labels:
                    self.assertGreaterEqual(label["left"], chart["left"] - 1)
                    self.assertLessEqual(label["right"], chart["right"] + 1)
        for heatmap in seen["heatmaps"]:
            for first, second in itertools.pairwise(heatmap["texts"]):
                self.assertFalse(overlap(first, second))

    def test_the_csv_has_all_cells(self):
        rows = self.csv.splitlines()
        self.assertEqual(len(rows), 1 + 6 * 80 + 2 * 7)
        self.assertTrue(all(row.count(",") >= rows[0].count(",") for row in rows))


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit("usage: report_browser_test.py PROGRAM [FOLDER-FOR-PICTURES]")
    PROGRAM = sys.argv[1]
    PICTURES = pathlib.Path(sys.argv[2]).resolve() if len(sys.argv) == 3 else None
    if browser.find() is None:
        print("[  SKIPPED ] report_browser_test.py: NO BROWSER, SO NOBODY HAS LOOKED AT THE REPORT: install chromium (scripts/install-packages test)")
        sys.exit(SKIPPED)
    unittest.main(argv=sys.argv[:1])
