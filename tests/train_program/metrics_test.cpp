#include "trainer/metrics.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "data/sample_data.h"

namespace focusllm::cli {
namespace {

std::string text_of(const std::filesystem::path& path) {
  return {std::istreambuf_iterator<char>(std::ifstream(path).rdbuf()), {}};
}

TEST(Metrics, EachRecordIsALineAtOnce) {
  const data::Folder folder;
  Metrics metrics(folder.path() / "m.jsonl", 0);
  metrics.add({{"step", 1}, {"loss", 2.5}, {"seconds", 3}});
  EXPECT_EQ(text_of(folder.path() / "m.jsonl"), "{\"step\":1,\"loss\":2.5,\"seconds\":3}\n");
  EXPECT_EQ(metrics.seconds(), 3);
}

TEST(Metrics, AResumeKeepsWhatIsNotBeyondItsStep) {
  const data::Folder folder;
  const auto path = folder.write("m.jsonl",
                                 "{\"step\":0,\"validation\":{}}\n{\"step\":1}\nnot "
                                 "json\n[3]\n{\"step\":\"2\"}\n{\"step\":2}\n{\"step\":3}\n{\"st");
  Metrics metrics(path, 2);
  EXPECT_EQ(text_of(path), "{\"step\":0,\"validation\":{}}\n{\"step\":1}\n{\"step\":2}\n");
  EXPECT_EQ(metrics.records().size(), 3U);
  metrics.add({{"step", 3}});
  EXPECT_THAT(text_of(path), testing::EndsWith("{\"step\":2}\n{\"step\":3}\n"));
  const Metrics fresh(path, 0);
  EXPECT_EQ(text_of(path), "");
}

TEST(Metrics, TimesAndLossesAreNumbers) {
  const data::Folder folder;
  const auto path =
      folder.write("m.jsonl",
                   "{\"step\":1,\"seconds\":5,\"note\":\"\\ud83d\"}\n{\"step\":2,\"seconds\":\"6\"}\n"
                   "{\"step\":2,\"loss\":NaN}\n");
  const Metrics metrics(path, 2);
  EXPECT_EQ(metrics.records().size(), 1U);
  EXPECT_EQ(metrics.seconds(), 5);
}

TEST(Metrics, WithoutAFileRecordsAreKeptInMemory) {
  Metrics metrics({}, 0);
  metrics.add({{"step", 1}});
  EXPECT_EQ(metrics.records().size(), 1U);
}

TEST(Metrics, LossesAreMeansOverLabels) {
  using Kind = train::Sample::Kind;
  const train::Losses losses = {
      {Kind::repetition, {6, 2}}, {Kind::retrieval, {2, 2}}, {Kind::continuation, {0, 0}}};
  EXPECT_EQ(losses_json(losses).dump(), "{\"loss\":2.0,\"losses\":{\"repetition\":3.0,\"retrieval\":1.0}}");
  EXPECT_EQ(losses_text(losses), "2.000 (repetition 3.000, retrieval 1.000)");
}

}  // namespace
}  // namespace focusllm::cli
