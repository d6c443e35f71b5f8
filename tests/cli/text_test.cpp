#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

}  // namespace
}  // namespace focusllm::cli_test
