// The focus method for a model without an adapter.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "process.h"

namespace focusllm::cli_test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

TEST(Focus, WithoutAnAdapterIsNoAnswer) {
  MODEL_OR_SKIP(model);
  for (const char* command : {"run", "chat"}) {
    const Ended ended =
        run({command, "-m", model, "--method", "focus", "--no-adapter", "-n", "1"}, "Hello\n");
    EXPECT_EQ(ended.code, 1) << ended.err;
    EXPECT_EQ(ended.out, "");
    EXPECT_TRUE(is_one_line(ended.err)) << ended.err;
    EXPECT_THAT(ended.err, AllOf(HasSubstr(model), HasSubstr("--adapter"), HasSubstr("docs/adapters.md"),
                                 HasSubstr("--method recall")));
  }
}

TEST(Focus, WithoutAnAdapterIsMeasuredAllTheSame) {
  MODEL_OR_SKIP(model);
  const TemporaryFile results(""), text("One, two, three, four, five, six, seven, eight, nine, ten, eleven.");
  const auto eval = [&](const std::string& methods) {
    return run({"eval", "-m", model, "--no-adapter", "--lengths", "128", "--depths", "50", "--methods",
                methods, "-o", results.path()});
  };
  const Ended measured = eval("full,focus");
  EXPECT_EQ(measured.code, 0) << measured.err;
  EXPECT_TRUE(is_one_line(measured.err)) << measured.err;
  EXPECT_THAT(measured.err, AllOf(HasSubstr("warning: " + model), HasSubstr("--adapter")));
  EXPECT_EQ(eval("full,infllm").err, "");
  EXPECT_EQ(
      run({"bench", "-m", model, "--no-adapter", "--method", "focus", "-p", "8", "-n", "0", "-r", "1"}).err,
      "");
  EXPECT_EQ(
      run({"perplexity", "-m", model, "--no-adapter", "--method", "focus", "-f", text.path(), "-c", "8"}).err,
      "");
}

}  // namespace
}  // namespace focusllm::cli_test
