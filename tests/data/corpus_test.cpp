#include "data/corpus.h"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "data/sample_data.h"

namespace focusllm::data {
namespace {

using testing::HasSubstr;

Corpus read_corpus(const std::vector<std::filesystem::path>& paths, double validation = 0.2) {
  CorpusOptions options;
  options.validation = validation;
  return read_corpus(paths, options, *byte_tokenizer(), CancelToken());
}

std::set<std::string> names(const Documents& documents) {
  std::set<std::string> result;
  for (const auto& document : documents) result.insert(document->name);
  return result;
}

TEST(Corpus, HoldsBackTheSameDocumentsWhateverElseThereIs) {
  const Folder folder;
  for (int i = 0; i < 60; ++i) folder.write(std::to_string(i) + ".txt", prose(200, static_cast<unsigned>(i)));
  const Corpus few = read_corpus({folder.path()});
  EXPECT_GT(few.validation.size(), 4U);
  EXPECT_LT(few.validation.size(), 24U);
  EXPECT_EQ(few.training.size() + few.validation.size(), 60U);
  for (int i = 60; i < 120; ++i)
    folder.write(std::to_string(i) + ".txt", prose(200, static_cast<unsigned>(i)));
  const auto held_back = names(read_corpus({folder.path()}).validation);
  for (const auto& name : names(few.validation)) EXPECT_TRUE(held_back.contains(name));
  for (const auto& name : names(few.training)) EXPECT_FALSE(held_back.contains(name));
}

TEST(Corpus, NoSideIsEmptyUnlessAsked) {
  const Folder folder;
  folder.write("a.txt", prose(200, 1));
  EXPECT_EQ(read_corpus({folder.path()}).training.size(), 1U);
  folder.write("b.txt", prose(200, 2));
  for (const double share : {1e-9, 0.5, 1.0}) {
    const Corpus corpus = read_corpus({folder.path()}, share);
    EXPECT_EQ(corpus.training.size(), 1U) << share;
    EXPECT_EQ(corpus.validation.size(), 1U) << share;
  }
  EXPECT_EQ(read_corpus({folder.path()}, 0).validation.size(), 0U);
}

TEST(Corpus, ShortDocumentsAreLeftOutAloud) {
  const Folder folder;
  folder.write("short.txt", "too short");
  folder.write("long.txt", prose(200, 1));
  const Corpus corpus = read_corpus({folder.path()});
  EXPECT_EQ(corpus.skipped.describe(), "1 shorter than 64 tokens (first: short.txt)");
  EXPECT_EQ(corpus.tokens(), std::ssize(corpus.training.front()->tokens));
}

TEST(Corpus, NothingToTrainOnIsAnErrorThatSaysWhy) {
  const Folder folder;
  try {
    read_corpus({folder.path()});
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("the folders are empty"));
  }
  folder.write("bad.txt", "\xff");
  try {
    read_corpus({folder.path()});
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("1 not valid UTF-8 (first: bad.txt)"));
  }
}

TEST(Corpus, PlacesAreSpreadEvenly) {
  int below = 0;
  for (int i = 0; i < 2000; ++i) below += place_of("novel " + std::to_string(i)) < 0.3 ? 1 : 0;
  EXPECT_NEAR(below, 600, 80);
}

}  // namespace
}  // namespace focusllm::data
