#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "process.h"

namespace focusllm::cli_test {
namespace {

using testing::HasSubstr;

/// `run` reads its texts before the model: no model is needed to see what it says about them.
Ended run_on(const std::string& file) {
  return run({"run", "-m", "/no/such/model.gguf", "-p", "x", "-f", file});
}

void expect_error(const Ended& ended, const std::string& says) {
  EXPECT_EQ(ended.code, 1) << ended.err;
  EXPECT_EQ(ended.out, "");
  EXPECT_TRUE(is_one_line(ended.err)) << ended.err;
  EXPECT_THAT(ended.err, HasSubstr(says));
}

TEST(Text, FilesThatCannotBeReadAreNamed) {
  expect_error(run_on("/no/such/file.txt"), "/no/such/file.txt");
  expect_error(run_on("/tmp"), "is a directory");
  expect_error(run_on("/proc/self/mem"), "/proc/self/mem");
}

TEST(Text, EmptyTextIsAnError) {
  const TemporaryFile empty("");
  const TemporaryFile only_mark("\xef\xbb\xbf");
  expect_error(run_on(empty.path()), "is empty");
  expect_error(run_on(only_mark.path()), "is empty");
  expect_error(run({"run", "-m", "/no/such/model.gguf"}), "standard input is empty");
  expect_error(run({"perplexity", "-m", "/no/such/model.gguf", "-f", empty.path()}), "is empty");
}

TEST(Text, InvalidUtf8IsNamedWithItsPlace) {
  const TemporaryFile latin1("one\ntwo\ncaf\xe9\n");
  expect_error(run_on(latin1.path()), "byte 11 (line 3, byte value 0xe9)");
  expect_error(run_on(latin1.path()), "iconv");
  const TemporaryFile utf16("\xff\xfeh");
  expect_error(run_on(utf16.path()), "UTF-16");
  expect_error(run({"run", "-m", "/no/such/model.gguf"}, "ab\xff"),
               "standard input is not valid UTF-8 at byte 2");
  expect_error(run({"run", "-m", "/no/such/model.gguf", "-p", "\xc3"}), "-p");
}

TEST(Text, AByteOrderMarkIsDroppedOnStandardInputToo) {
  MODEL_OR_SKIP(model);
  const auto answer = [&](const std::string& text) {
    return run({"run", "-m", model, "--raw", "-n", "4", "--temp", "0"}, text).out;
  };
  EXPECT_NE(answer("Once upon"), "");
  EXPECT_EQ(answer("\xef\xbb\xbfOnce upon"), answer("Once upon"));
  expect_error(run({"run", "-m", "/no/such/model.gguf"}, "\xef\xbb\xbf"), "standard input is empty");
}

TEST(Text, Utf16WithoutAMarkIsRefused) {
  std::string text;
  for (const char c : std::string("A line of text.\n")) text += {c, '\0'};
  const TemporaryFile little(text), big(std::string(1, 0) + text.substr(0, 21));
  expect_error(run_on(little.path()), "UTF-16");
  expect_error(run({"run", "-m", "/no/such/model.gguf"}, text), "UTF-16");
  expect_error(run_on(big.path()), "UTF-16");
}

TEST(Text, TextOnStandardInputBesideFilesIsRefused) {
  const TemporaryFile file("text");
  const Ended ended = run({"run", "-m", "/no/such/model.gguf", "-f", file.path(), "-p", "x"}, "more");
  EXPECT_EQ(ended.code, 2) << ended.err;
  EXPECT_THAT(ended.err, HasSubstr("-f -"));
  expect_error(run({"run", "-m", "/no/such/model.gguf", "-f", file.path(), "-f", "-", "-p", "x"}, "more"),
               "/no/such/model.gguf");
  expect_error(run({"run", "-m", "/no/such/model.gguf", "-f", file.path(), "-p", "x"}, ""),
               "/no/such/model.gguf");
}

TEST(Text, StandardInputIsReadOnce) {
  const Ended ended = run({"run", "-m", "/no/such/model.gguf", "-f", "-", "-f", "-", "-p", "x"}, "more");
  EXPECT_EQ(ended.code, 2) << ended.err;
  EXPECT_THAT(ended.err, HasSubstr("twice"));
}

TEST(Text, WhatIsReadIsToldAndIsInTheJson) {
  MODEL_OR_SKIP(model);
  const TemporaryFile file("The red key opens the garden gate.\n");
  const std::vector<std::string> arguments = {"run", "-m", model, "-f",     file.path(), "-f", "-",
                                              "-n",  "1",  "-p",  "Which?", "--json",    "-v"};
  const Ended ended = run(arguments, "And more.");
  ASSERT_EQ(ended.code, 0) << ended.err;
  EXPECT_THAT(ended.err, HasSubstr("focusllm: reading 2 texts, 44 B: " + file.path() + ", standard input\n"));
  const auto texts = nlohmann::json::parse(ended.out).at("texts");
  ASSERT_EQ(texts.size(), 2U);
  EXPECT_EQ(texts[0].at("name"), file.path());
  EXPECT_EQ(texts[0].at("bytes"), 35);
  EXPECT_EQ(texts[1].at("name"), "standard input");
  EXPECT_THAT(run({"chat", "-m", model, "-f", file.path(), "-v"}).err, HasSubstr("reading 1 text, 35 B"));
  const Ended none = run({"run", "-m", model, "-n", "1", "-p", "Hello", "--json", "-v"});
  EXPECT_EQ(nlohmann::json::parse(none.out).at("texts").size(), 0U);
  EXPECT_THAT(none.err, testing::Not(HasSubstr("reading")));
}

TEST(Text, CitationsNameTheFileAndThePlaceInIt) {
  MODEL_OR_SKIP(model);
  std::string first = "A report on boats.\n", second = "Letters of a goose keeper.\n\n";
  for (int i = 0; i < 40; ++i) {
    first += "The harbour was calm that day.\n";
    second += "The pond froze in the night.\n";
  }
  first += "The boat of Barnaby Quill was painted ochre.\n";
  second += "The goose of Ilka Drummond is called Admiral.\n";
  const TemporaryFile boats(first), geese(second);
  const std::vector<std::string> arguments = {
      "run", "-m",         model, "--method",   "recall",
      "-f",  boats.path(), "-f",  geese.path(), "-n",
      "2",   "--cite",     "20",  "-p",         "What is the goose of Ilka Drummond called?"};
  std::vector<std::string> as_json = arguments;
  as_json.emplace_back("--json");
  const Ended ended = run(as_json, "");
  ASSERT_EQ(ended.code, 0) << ended.err;
  bool found = false;
  const auto answer = nlohmann::json::parse(ended.out);
  for (const auto& place : answer.at("citations")) {
    const std::string& whole = place.at("document") == boats.path() ? first : second;
    EXPECT_TRUE(place.at("document") == boats.path() || place.at("document") == geese.path()) << place;
    const auto byte = place.at("first_byte").get<std::int64_t>();
    const std::string words = place.at("quote");
    EXPECT_EQ(place.at("bytes"), words.size());
    EXPECT_EQ(whole.substr(static_cast<std::size_t>(byte), words.size()), words);
    EXPECT_EQ(place.at("first_line"), 1 + std::count(whole.begin(), whole.begin() + byte, '\n'));
    found = found || (words.find("Admiral") != std::string::npos && place.at("document") == geese.path());
  }
  EXPECT_TRUE(found) << ended.out;
  EXPECT_THAT(run(arguments, "").err, HasSubstr("%, " + geese.path() + ", line "));
}

}  // namespace
}  // namespace focusllm::cli_test
