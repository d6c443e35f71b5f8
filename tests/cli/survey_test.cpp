#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "process.h"

namespace focusllm::cli_test {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;

std::vector<json> lines_of(const std::string& out) {
  std::vector<json> lines;
  std::size_t begin = 0;
  for (std::size_t end = 0; (end = out.find('\n', begin)) != std::string::npos; begin = end + 1)
    lines.push_back(json::parse(out.substr(begin, end - begin)));
  return lines;
}

TEST(Survey, AsksEveryPart) {
  MODEL_OR_SKIP(model);
  std::string content;
  for (const char* name : {"Elias", "Martha", "Gregor"})
    content += "The only person in this part is " + std::string(name) + ", who likes apples and pears.\n\n";
  const TemporaryFile text(content);
  const Ended ended =
      run({"survey", "-m", model, "-f", text.path(), "-p", "Which person is named?", "--part", "24", "-n",
           "20", "--temp", "0", "--json", "--merge", "How many persons are there?"});
  ASSERT_EQ(ended.code, 0) << ended.err;
  const auto lines = lines_of(ended.out);
  ASSERT_EQ(lines.size(), 4U) << ended.out;
  const char* names[] = {"Elias", "Martha", "Gregor"};
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_THAT(lines[i]["answer"], HasSubstr(names[i]));
    EXPECT_EQ(lines[i]["first_line"], 1 + 2 * i);
    const auto part = content.substr(lines[i]["first_byte"], lines[i]["bytes"]);
    EXPECT_THAT(part, HasSubstr(names[i]));
  }
  EXPECT_TRUE(lines[3].contains("merged"));
}

TEST(Survey, SaysWhatIsWrong) {
  MODEL_OR_SKIP(model);
  const TemporaryFile text("One apple.");
  const auto fails = [&](std::vector<std::string> arguments, const std::string& what) {
    arguments.insert(arguments.begin(), {"survey", "-m", model});
    const Ended ended = run(arguments);
    EXPECT_EQ(ended.code, 2) << ended.err;
    EXPECT_THAT(ended.err, HasSubstr(what));
    EXPECT_TRUE(is_one_line(ended.err)) << ended.err;
  };
  fails({"-f", text.path()}, "no question");
  fails({"-p", "What?"}, "give texts with -f FILE");
  fails({"-p", "What?", "-f", text.path(), "--text", "book"}, "or two things");
  fails({"-p", "What?", "-f", text.path(), "--part", "0"}, "--part");
}

}  // namespace
}  // namespace focusllm::cli_test
