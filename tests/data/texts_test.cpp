#include "data/texts.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "data/sample_data.h"

namespace focusllm::data {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct Result {
  std::vector<std::string> names, texts;
  std::string skipped;
};

Result read(const std::vector<std::filesystem::path>& paths, const TextOptions& options = {}) {
  Result result;
  Skipped skipped;
  read_texts(paths, options, CancelToken(), skipped, [&](const Text& text) {
    result.names.push_back(text.name);
    result.texts.push_back(text.text);
  });
  result.skipped = skipped.describe();
  return result;
}

std::string error_of(const std::vector<std::filesystem::path>& paths) {
  try {
    read(paths);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(Texts, FilesFoldersAndArchivesPlainAndCompressed) {
  const Folder folder;
  folder.write("b.txt", "second");
  folder.write("a/deep/x.txt",
               "\xef\xbb\xbf"
               "first");
  EXPECT_THAT(read({folder.path()}).names, ElementsAre("a/deep/x.txt", "b.txt"));
  EXPECT_THAT(read({folder.path()}).texts, ElementsAre("first", "second"));
  EXPECT_THAT(read({folder.path() / "b.txt"}).names, ElementsAre("b.txt"));
  for (const std::string compression : {"xz", "gzip", "bzip2", "zstd"}) {
    const Folder packed;
    const auto one = packed.write("one.txt." + compression, compress("alone", compression));
    EXPECT_THAT(read({one}).texts, ElementsAre("alone")) << compression;
    const auto many =
        packed.write("many.tar." + compression, tar({{"m/1.txt", "eins"}, {"m/2.txt", "zwei"}}, compression));
    const Result result = read({many});
    EXPECT_THAT(result.names, ElementsAre("m/1.txt", "m/2.txt")) << compression;
    EXPECT_THAT(result.texts, ElementsAre("eins", "zwei"));
    EXPECT_EQ(result.skipped, "");
  }
}

TEST(Texts, LinesOfJson) {
  const Folder folder;
  const std::string lines =
      "{\"text\": \"one\", \"body\": \"1\"}\n\nnot json\n[1]\n{\"text\": 3}\n{\"text\": \"two\"}";
  const auto path = folder.write("x.jsonl", lines);
  const Result result = read({path});
  EXPECT_THAT(result.names, ElementsAre("x.jsonl:1", "x.jsonl:6"));
  EXPECT_THAT(result.texts, ElementsAre("one", "two"));
  EXPECT_EQ(result.skipped,
            "1 not valid JSON (first: x.jsonl:3), 2 without a text in the field 'text' (first: x.jsonl:4)");
  TextOptions options;
  options.field = "body";
  EXPECT_THAT(read({path}, options).texts, ElementsAre("1"));
  EXPECT_THAT(read({folder.write("y.jsonl.xz", compress(lines, "xz"))}).texts, ElementsAre("one", "two"));
  EXPECT_THAT(read({folder.write("z.tar", tar({{"z.ndjson", lines}}))}).names,
              ElementsAre("z.ndjson:1", "z.ndjson:6"));
  const std::string deep = "{\"text\":" + std::string(200000, '[');
  EXPECT_THAT(read({folder.write("deep.jsonl", deep)}).skipped, HasSubstr("not valid JSON"));
}

TEST(Texts, LinesOfJsonAsPythonWritesThem) {
  const Folder folder;
  const auto path = folder.write(
      "x.jsonl", "{\"text\": \"one \\ud83d\", \"score\": NaN}\n{\"text\": \"\\ud83d\\ude00\"}\n");
  const Result result = read({path});
  EXPECT_THAT(result.texts, ElementsAre("one \ufffd", "\U0001f600"));
  EXPECT_EQ(result.skipped, "");
}

TEST(Texts, WhatIsLeftOutIsCounted) {
  const Folder folder;
  folder.write("bad.txt",
               "ab\xff"
               "c");
  folder.write("empty.txt", "");
  folder.write("only-mark.txt", "\xef\xbb\xbf");
  folder.write("huge.txt", std::string(5000, 'x'));
  folder.write("packed-huge.txt.xz", compress(std::string(1 << 22, 'x'), "xz"));
  folder.write("inner.tar",
               tar({{"ok.txt", "fine"}, {"huge.txt", std::string(5000, 'x')}, {"bad.txt", "\xc0\x80"}}));
  std::filesystem::create_symlink("/no/such/target", folder.path() / "dangling");
  std::filesystem::create_directory_symlink(folder.path(), folder.path() / "loop");
  TextOptions options;
  options.most_bytes = 4096;
  const Result result = read({folder.path()}, options);
  EXPECT_THAT(result.texts, ElementsAre("fine"));
  EXPECT_EQ(
      result.skipped,
      "2 empty (first: empty.txt), 3 larger than 4.0 KiB (first: huge.txt), 2 not a regular file (first: "
      "dangling), 2 not valid UTF-8 (first: bad.txt)");
}

TEST(Texts, BrokenArchivesAreOneClearError) {
  const Folder folder;
  const std::string packed = tar({{"a.txt", prose(300000, 1)}, {"b.txt", prose(300000, 2)}}, "xz");
  for (const std::size_t size :
       {packed.size() / 3, packed.size() / 2, packed.size() - 40, packed.size() - 1}) {
    const std::string error = error_of({folder.write("cut.tar.xz", packed.substr(0, size))});
    EXPECT_THAT(error, HasSubstr("cut.tar.xz")) << size;
    EXPECT_THAT(error, HasSubstr("is the file whole?"));
  }
  const std::string text = compress(prose(300000, 3), "xz");
  EXPECT_THAT(error_of({folder.write("cut.txt.xz", text.substr(0, text.size() / 2))}),
              HasSubstr("cut.txt.xz"));
  const std::string plain = tar({{"a.txt", prose(30000, 1)}, {"b.txt", prose(30000, 2)}});
  EXPECT_THAT(error_of({folder.write("cut.tar", plain.substr(0, 40000))}), HasSubstr("cut.tar"));
  std::string flipped = packed;
  flipped[packed.size() / 2] = static_cast<char>(flipped[packed.size() / 2] ^ 0x40);
  EXPECT_THAT(error_of({folder.write("flipped.tar.xz", flipped)}), HasSubstr("flipped.tar.xz"));
  EXPECT_THAT(error_of({folder.path() / "none.txt"}), HasSubstr("none.txt"));
  EXPECT_THAT(error_of({"/dev/null"}), HasSubstr("neither a file nor a folder"));
}

TEST(Texts, NamesAreKeptWhateverTheLocale) {
  const Folder folder;
  const std::string name =
      "b\xc3\xbc"
      "cher/\xe2\x82\xac.txt";
  EXPECT_THAT(read({folder.write("n.tar", tar({{name, "text"}}))}).names, ElementsAre(name));
}

TEST(Texts, StopsWhenCancelled) {
  const Folder folder;
  const auto path = folder.write("a.txt", "text");
  CancelToken cancel;
  cancel.cancel();
  Skipped skipped;
  EXPECT_THROW(read_texts({path}, {}, cancel, skipped, [](const Text&) {}), Cancelled);
}

}  // namespace
}  // namespace focusllm::data
