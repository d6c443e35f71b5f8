"""What cmake/write_commit.cmake says of a repository that changes: commit_test.py CMAKE SCRIPT. Exits with 77 where
there is no git."""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

CMAKE, SCRIPT = sys.argv[1:3]
NAMED = {f"GIT_{who}_{what}": "test" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}


class Commit(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.output = self.folder / "commit.cpp"
        self.repository = self.folder / "repository"
        self.repository.mkdir()

    def git(self, *arguments):
        subprocess.run(["git", "-C", self.repository, *arguments], check=True, env=os.environ | NAMED, capture_output=True)

    def commit(self, text):
        (self.repository / "file").write_text(text)
        self.git("add", "file")
        self.git("commit", "-m", text)

    def said(self, repository=None):
        subprocess.run([CMAKE, "-D", f"REPOSITORY={repository or self.repository}", "-D", f"OUTPUT={self.output}",
                        "-P", SCRIPT], check=True)
        return re.search('return "(.*)";', self.output.read_text()).group(1)

    def test_what_was_edited_since_is_dirty(self):
        self.git("init")
        self.commit("one")
        first = self.said()
        self.assertRegex(first, "^[0-9a-f]{7,}$")
        (self.repository / "file").write_text("edited")
        self.assertEqual(self.said(), first + "-dirty")
        self.commit("two")
        self.assertNotIn(first, self.said())
        self.assertRegex(self.said(), "^[0-9a-f]{7,}$")

    def test_the_same_answer_compiles_nothing(self):
        self.git("init")
        self.commit("one")
        self.said()
        before = self.output.stat()
        self.said()
        self.assertEqual(self.output.stat().st_mtime_ns, before.st_mtime_ns)

    def test_outside_of_git_it_is_unknown(self):
        self.assertEqual(self.said(), "unknown")
        self.git("init")
        self.assertEqual(self.said(), "unknown", "no commit yet")

    def test_a_folder_inside_another_repository_is_not_its_commit(self):
        self.git("init")
        self.commit("one")
        unpacked = self.repository / "unpacked"
        unpacked.mkdir()
        self.assertEqual(self.said(unpacked), "unknown")


if shutil.which("git") is None:
    print("no git")
    sys.exit(77)
unittest.main(argv=sys.argv[:1])
