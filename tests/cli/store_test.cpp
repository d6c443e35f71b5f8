// Texts that are read once and kept: read, run --text, chat --text, store.

#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "process.h"

namespace focusllm::cli_test {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;

namespace fs = std::filesystem;

std::string river(int words) {
  std::string text;
  for (int i = 0; i < words; ++i) text += i % 17 == 0 ? " stone." : " river";
  return text;
}

class Kept : public testing::Test {
 protected:
  Kept() {
    std::string name = (fs::temp_directory_path() / "focusllm-cli-store-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
  }
  ~Kept() override { fs::remove_all(folder_); }

  std::string file(const std::string& name, const std::string& content) const {
    std::ofstream(folder_ / name) << content;
    return folder_ / name;
  }
  std::string store() const { return folder_ / "store"; }
  Ended with_store(std::vector<std::string> arguments, const std::string& input = "") const {
    arguments.insert(arguments.end(), {"--store", store()});
    return run(arguments, input);
  }
  Ended read(const std::string& model, std::vector<std::string> more) const {
    more.insert(more.begin(), {"read", "-m", model, "--method", "recall"});
    return with_store(std::move(more));
  }
  json listed() const { return json::parse(with_store({"store", "ls", "--json"}).out); }

  fs::path folder_;
};

TEST_F(Kept, AnswersAsWithoutAStore) {
  MODEL_OR_SKIP(model);
  const std::string text = river(900) + " The name of the boatman is Elias Thornbury." + river(600) + "\n";
  const std::string path = file("boat.txt", text);
  const std::vector<std::string> ask = {
      "-m",     model,    "--method", "recall", "-n",
      "12",     "--temp", "0",        "-p",     "What is the name of the boatman?",
      "--cite", "2",      "--json"};
  const auto asked = [&](std::vector<std::string> which) {
    which.insert(which.begin(), "run");
    which.insert(which.end(), ask.begin(), ask.end());
    const Ended ended = with_store(which);
    EXPECT_EQ(ended.code, 0) << ended.err;
    return json::parse(ended.out);
  };
  const json without = asked({"-f", path});
  ASSERT_EQ(read(model, {path}).code, 0);
  const json kept = asked({"--text", "boat.txt"});
  EXPECT_EQ(kept["tokens"], without["tokens"]);
  EXPECT_EQ(kept["citations"], without["citations"]);
  EXPECT_EQ(kept["texts"], without["texts"]);
  EXPECT_THAT(kept["text"], HasSubstr("Elias Thornbury"));
  EXPECT_LT(kept["timings"]["read_tokens"], 100);
  const Ended chat = with_store({"chat", "-m", model, "--text", "boat.txt", "-n", "12", "--temp", "0"},
                                "What is the name of the boatman?\n");
  EXPECT_THAT(chat.out, HasSubstr("Elias Thornbury")) << chat.err;
}

TEST_F(Kept, ReadsNothingTwice) {
  MODEL_OR_SKIP(model);
  const std::string path = file("a.txt", river(700) + "\n");
  EXPECT_THAT(read(model, {path}).out, AllOf(HasSubstr("a.txt: "), HasSubstr("tokens read in")));
  EXPECT_THAT(read(model, {path}).out, HasSubstr("a.txt was read before"));
  file("a.txt", river(700) + "\n" + river(500) + "\n");
  EXPECT_THAT(read(model, {path}).out, HasSubstr("that were known"));
  EXPECT_EQ(listed()["texts"].size(), 1U);
  EXPECT_GT(listed()["texts"][0]["tokens"], 1200);
}

TEST_F(Kept, GoesOnWhereItWasInterrupted) {
  MODEL_OR_SKIP(model);
  const std::string path = file("long.txt", river(60000));
  Process process({"read", "-m", model, "--method", "recall", path, "--store", store()});
  std::this_thread::sleep_for(8s);
  ASSERT_TRUE(process.running());
  process.signal(SIGINT);
  const Ended ended = process.wait();
  EXPECT_EQ(ended.code, 130);
  EXPECT_THAT(ended.err, AllOf(HasSubstr("tokens of long.txt are kept"), HasSubstr("interrupted")));
  const json half = listed()["texts"][0];
  EXPECT_FALSE(half["complete"]);
  EXPECT_GT(half["tokens"], 500);
  const Ended ask = with_store({"run", "-m", model, "--text", "long.txt", "-p", "Where?"});
  EXPECT_EQ(ask.code, 1);
  EXPECT_THAT(ask.err, HasSubstr("was interrupted after"));
}

TEST_F(Kept, SaysWhatIsWrong) {
  MODEL_OR_SKIP(model);
  const std::string path = file("a.txt", river(300));
  const auto fails = [&](const std::vector<std::string>& arguments, int code, const std::string& what,
                         const std::string& input = "") {
    const Ended ended = with_store(arguments, input);
    EXPECT_EQ(ended.code, code) << ended.err;
    EXPECT_THAT(ended.err, HasSubstr(what));
    EXPECT_TRUE(is_one_line(ended.err)) << ended.err;
  };
  ASSERT_EQ(read(model, {path}).code, 0);
  fails({"read", "-m", model, path, "--name", "a/b"}, 2, "cannot be a text's name");
  fails({"read", "-m", model, "-"}, 2, "--name NAME", "some text");
  fails({"read", "-m", model, path, "--store-max", "5 apples"}, 2, "--store-max");
  fails({"run", "-m", model, "--text", "b.txt", "-p", "Who?"}, 1, "there are: a.txt");
  fails({"run", "-m", model, "--text", "a.txt", "-p", "Who?", "--local", "77"}, 2,
        "--local: the text was read with");
  fails({"run", "-m", model, "--text", "a.txt", "-p", "Who?"}, 2, "add -f -", "text on standard input");
  fails({"store", "show", "b.txt"}, 1, "store ls");
  fails({"store", "rm", "b.txt"}, 1, "store ls");
  const Ended no_folder = run({"store", "ls", "--store", path});
  EXPECT_EQ(no_folder.code, 1);
  EXPECT_THAT(no_folder.err, HasSubstr("cannot be made or used as a store"));
}

TEST_F(Kept, IsListedCheckedAndRemoved) {
  MODEL_OR_SKIP(model);
  EXPECT_THAT(with_store({"store", "ls"}).err, HasSubstr("is empty"));
  ASSERT_EQ(read(model, {file("a.txt", river(300)), "--name", "one"}).code, 0);
  ASSERT_EQ(read(model, {file("b.txt", river(200)), file("c.txt", river(100)), "--name", "two"}).code, 0);
  EXPECT_THAT(with_store({"store", "ls"}).out,
              AllOf(HasSubstr("one "), HasSubstr("two "), HasSubstr("recall")));
  const json two = json::parse(with_store({"store", "show", "two", "--json"}).out).at(0);
  EXPECT_EQ(two["sources"].size(), 2U);
  EXPECT_EQ(with_store({"store", "verify"}).code, 0);
  for (const auto& entry : fs::recursive_directory_iterator(fs::path(store()) / "pieces"))
    if (entry.is_regular_file()) fs::resize_file(entry.path(), fs::file_size(entry.path()) - 1);
  const Ended damaged = with_store({"store", "verify"});
  EXPECT_EQ(damaged.code, 1);
  EXPECT_THAT(damaged.out, HasSubstr("is damaged"));
  EXPECT_THAT(with_store({"run", "-m", model, "--text", "one", "-p", "Who?"}).err, HasSubstr("is damaged"));
  EXPECT_EQ(with_store({"store", "rm", "one", "two"}).code, 0);
  EXPECT_TRUE(listed()["texts"].empty());
  EXPECT_THAT(with_store({"store", "gc"}).out, HasSubstr("0 files removed"));
}

TEST_F(Kept, SaysWhatATextWouldTake) {
  MODEL_OR_SKIP(model);
  const Ended ended = read(model, {file("a.txt", river(300)), "--dry-run", "--json"});
  const json need = json::parse(ended.out);
  EXPECT_GT(need["tokens"], 250);
  EXPECT_GT(need["bytes"], 1000);
  EXPECT_EQ(need["method"], "recall");
  EXPECT_FALSE(fs::exists(store()));
}

}  // namespace
}  // namespace focusllm::cli_test
