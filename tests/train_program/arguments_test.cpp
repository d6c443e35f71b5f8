#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "train_program/workplace.h"

namespace focusllm::cli_test {
namespace {

using testing::HasSubstr;

void expect_wrong_use(const std::vector<std::string>& arguments, const std::string& says) {
  const Ended ended = run(arguments);
  EXPECT_EQ(ended.code, 2) << ended.err;
  EXPECT_EQ(ended.out, "");
  EXPECT_TRUE(is_one_line(ended.err)) << ended.err;
  EXPECT_THAT(ended.err, HasSubstr(says));
}

void expect_error(const Ended& ended, const std::string& says) {
  EXPECT_EQ(ended.code, 1) << ended.err;
  EXPECT_THAT(ended.err, HasSubstr("focusllm: error: "));
  EXPECT_THAT(ended.err, HasSubstr(says));
}

TEST(TrainArguments, HelpNamesEveryGroupAndItsDefaults) {
  const Ended ended = run({"--help"});
  EXPECT_EQ(ended.code, 0);
  EXPECT_EQ(ended.err, "");
  for (const std::string text :
       {"Losses", "Samples", "Optimiser", "Run", "--retrieval X=0.45", "--chunks N|N-M=8-32", "--lr X=0.001",
        "--config", "--ranks", "130 interrupted"})
    EXPECT_THAT(ended.out, HasSubstr(text));
}

TEST(TrainArguments, WrongUseIsOneLineAndTwo) {
  expect_wrong_use({}, "FOCUSLLM_MODEL");
  expect_wrong_use({"-m", "x"}, "no texts given");
  expect_wrong_use({"-m", "x", "y"}, "-o FILE");
  expect_wrong_use({"-m", "x", "y", "-o", "z", "--nonsense"}, "--nonsense");
  expect_wrong_use({"-m", "x", "y", "-o", "z", "--resume", "--fresh"}, "--fresh");
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {"--steps", "0"},      {"--steps", "many"},     {"--steps", "1.5"},   {"--lr", "nan"},
      {"--lr", "-1"},        {"--beta1", "1"},        {"--chunks", "8-"},   {"--chunks", "8-4"},
      {"--chunks", "-3"},    {"--chunk-size", "x"},   {"--local", "1-2-3"}, {"--chat", "1.5"},
      {"--dtype", "f16"},    {"--supervision", "x"},  {"--ranks", "0"},     {"--threads", "-1"},
      {"--batch", "0"},      {"--rank", "-1"},        {"--facts", "-1"},    {"--show", "-1"},
      {"--validation", "2"}, {"--retrieval", "inf"},  {"--seed", "-1"},     {"--clip", "-0.5"},
      {"--final-lr", "5"},   {"--checkpoint", "none"}};
  for (const auto& [flag, value] : wrong) expect_wrong_use({"-m", "x", "y", "-o", "z", flag, value}, flag);
}

TEST(TrainArguments, SettingsThatContradictTheModelNameTheFlag) {
  const Workplace place;
  for (const std::vector<std::string>& more : std::vector<std::vector<std::string>>{{"--chunk-size", "5000"},
                                                                                    {"--positions", "4000"},
                                                                                    {"--chunks", "1-17"},
                                                                                    {"--run", "17"},
                                                                                    {"--facts", "0"}}) {
    const Ended ended = place.train(more);
    EXPECT_EQ(ended.code, 2);
    EXPECT_TRUE(is_one_line(ended.err)) << ended.err;
    EXPECT_THAT(ended.err, HasSubstr(more.front()));
  }
}

TEST(TrainArguments, AFileOfSettingsWithFlagsBeforeIt) {
  const Workplace place;
  place.write(
      "train.toml",
      "# settings\nsteps = 3\nlr = 0.5  # much\nchunk-size = [300, 400]\nchunks = \"1-4\"\nvalidation = 0\n");
  const std::vector<std::string> base = {
      "-m",       place.path("model.gguf"), place.path("texts"), "-o", place.path("a.gguf"),
      "--config", place.path("train.toml")};
  const Ended ended = run(base);
  EXPECT_EQ(ended.code, 0) << ended.err;
  ASSERT_EQ(place.metrics().size(), 3U);
  EXPECT_EQ(place.metrics().front().at("learning_rate"), 0.5);
  std::vector<std::string> more = base;
  more.insert(more.end(), {"--lr", "0.25", "--fresh"});
  EXPECT_EQ(run(more).code, 0);
  EXPECT_EQ(place.metrics().front().at("learning_rate"), 0.25);
  EXPECT_EQ(place.metrics().size(), 3U);

  place.write("train.toml", "stepps = 3\n");
  expect_wrong_use(base, "the file of --config: ");
  expect_wrong_use(base, "stepps");
  place.write("train.toml", "steps = fast\n");
  expect_wrong_use(base, "--steps");
  std::vector<std::string> missing = base;
  missing.back() = place.path("none.toml");
  expect_wrong_use(missing, "none.toml");
}

TEST(TrainArguments, BrokenFilesAreClearErrors) {
  const Workplace place;
  const auto with = [&](const std::string& model, const std::string& texts) {
    return run({"-m", model, texts, "-o", place.path("a.gguf")});
  };
  expect_error(with(place.path("none.gguf"), place.path("texts")), "none.gguf");
  place.write("broken.gguf", "GGUF no more");
  expect_error(with(place.path("broken.gguf"), place.path("texts")), "broken.gguf");
  expect_error(with(place.path("model.gguf"), place.path("none")), "none");
  const std::string packed = data::compress(data::prose(100000, 1), "xz");
  place.write("cut.txt.xz", packed.substr(0, packed.size() / 2));
  expect_error(with(place.path("model.gguf"), place.path("cut.txt.xz")), "cut.txt.xz");
  place.write("bad.txt", "\xff\xfe");
  expect_error(with(place.path("model.gguf"), place.path("bad.txt")), "not valid UTF-8");
  expect_error(run({"-m", place.path("model.gguf"), place.path("texts"), "-o", "/no/such/folder/a.gguf"}),
               "/no/such/folder");
  ASSERT_EQ(::mkfifo(place.path("pipe").c_str(), 0600), 0);
  expect_error(place.train({"--html", place.path("pipe")}), "not a regular file");
  EXPECT_FALSE(place.has("a.gguf"));
}

TEST(TrainArguments, ShowPrintsSamplesAndTrainsNothing) {
  const Workplace place;
  const Ended ended = place.train({"--show", "5"});
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("[["));
  EXPECT_THAT(ended.out, HasSubstr("chunks at"));
  EXPECT_TRUE(place.files().empty());
}

TEST(TrainArguments, TheMainProgramHandsOverOrSaysWhatToBuild) {
  EXPECT_THAT(run({"--help"}).out, HasSubstr("Usage: focusllm train"));
  const data::Folder folder;  // the main program alone
  std::filesystem::copy_file(FOCUSLLM_MAIN_PROGRAM, folder.path() / "focusllm");
  const std::string command = (folder.path() / "focusllm").string() + " train --steps 3 2>&1";
  FILE* pipe = ::popen(command.c_str(), "r");
  std::string output(4096, '\0');
  output.resize(::fread(output.data(), 1, output.size(), pipe));
  EXPECT_EQ(WEXITSTATUS(::pclose(pipe)), 1);
  EXPECT_THAT(output, HasSubstr("make train"));
  EXPECT_TRUE(is_one_line(output)) << output;

  pipe = ::popen((folder.path().string() + "/focusllm --help").c_str(), "r");
  output.assign(65536, '\0');
  output.resize(::fread(output.data(), 1, output.size(), pipe));
  EXPECT_EQ(WEXITSTATUS(::pclose(pipe)), 0);
  EXPECT_THAT(output, HasSubstr("  train "));

  std::filesystem::copy_file(FOCUSLLM_PROGRAM, folder.path() / "focusllm-train");
  pipe = ::popen((folder.path().string() + "/focusllm train --steps 3 --help 2>&1").c_str(), "r");
  output.assign(65536, '\0');
  output.resize(::fread(output.data(), 1, output.size(), pipe));
  EXPECT_EQ(WEXITSTATUS(::pclose(pipe)), 0);
  EXPECT_THAT(output, HasSubstr("--retrieval"));
}

}  // namespace
}  // namespace focusllm::cli_test
