// The model's file changes while the program uses it.
#include <csignal>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "process.h"

namespace focusllm::cli_test {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

/// The program with a copy of the model.
class ChangedModel : public testing::Test {
 protected:
  void SetUp() override {
    MODEL_OR_SKIP(model);
    std::string name = (fs::temp_directory_path() / "changed-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    copy_ = folder_ / "model.gguf";
    fs::copy_file(model, copy_);
  }
  void TearDown() override {
    program_.reset();
    if (!folder_.empty()) fs::remove_all(folder_);
  }

  void start(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"-v", "-m", copy_.string()});
    Process::Streams streams;
    streams.keep_input_open = true;
    program_ = std::make_unique<Process>(arguments, streams);
  }
  /// A conversation that waits for a question.
  void chat() {
    start({"chat", "-n", "4", "--temp", "0"});
    ASSERT_TRUE(program_->told("loaded"));
  }
  Ended ask() {
    program_->write("Hello?\n");
    program_->end_input();
    return program_->wait();
  }
  void expect_told(const Ended& ended, const std::string& says) const {
    EXPECT_EQ(ended.code, 1);
    EXPECT_EQ(ended.out, "");
    EXPECT_THAT(ended.err, HasSubstr("focusllm: error: " + copy_.string() + ": "));
    EXPECT_THAT(ended.err, HasSubstr(says));
    EXPECT_THAT(ended.err, HasSubstr("start again"));
  }

  fs::path folder_, copy_;
  std::unique_ptr<Process> program_;
};

TEST_F(ChangedModel, AnsweringFromItAsItWasIsFine) {
  chat();
  const Ended ended = ask();
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_NE(ended.out, "");
}

TEST_F(ChangedModel, CutWhileAnswering) {
  const TemporaryFile text("Once upon a time");
  start({"run", "--raw", "-f", text.path(), "-n", "4000", "--temp", "1"});
  ASSERT_TRUE(program_->told("read "));  // the first token came
  fs::resize_file(copy_, 4096);
  const Ended ended = program_->wait();
  EXPECT_EQ(ended.code, 1) << ended.err;
  EXPECT_THAT(ended.err, HasSubstr("focusllm: error: " + copy_.string() + ": "));
  EXPECT_THAT(ended.err, HasSubstr("shorter"));
}

TEST_F(ChangedModel, CutBeforeAQuestion) {
  chat();
  fs::resize_file(copy_, 4096);
  expect_told(ask(), "written to");
}

TEST_F(ChangedModel, WrittenTo) {
  chat();
  std::fstream file(copy_, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(-1000, std::ios::end);
  file << std::string(1000, '\1') << std::flush;
  expect_told(ask(), "written to");
}

TEST_F(ChangedModel, AnotherFileInItsPlace) {
  chat();
  fs::copy_file(copy_, folder_ / "new.gguf");
  fs::rename(folder_ / "new.gguf", copy_);
  expect_told(ask(), "another file");
}

TEST_F(ChangedModel, RemovedItStaysMapped) {
  chat();
  fs::remove(copy_);
  const Ended ended = ask();
  EXPECT_EQ(ended.code, 0) << ended.err;
}

TEST_F(ChangedModel, AnotherBusErrorEndsItAsBefore) {
#ifdef FOCUSLLM_SANITIZE
  GTEST_SKIP() << "the sanitizer's own handler is the one before";
#endif
  chat();
  program_->signal(SIGBUS);
  EXPECT_EQ(program_->wait().code, -SIGBUS);
}

}  // namespace
}  // namespace focusllm::cli_test
