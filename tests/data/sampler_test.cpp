#include "data/sampler.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "data/sample_data.h"
#include "data/validate.h"

namespace focusllm::data {
namespace {

using train::Sample;
using Kind = Sample::Kind;

constexpr std::int64_t kContext = 1024;

struct Bench {
  std::shared_ptr<const Tokenizer> tokenizer = byte_tokenizer();
  Documents texts = documents(6, 6000, *tokenizer);
  std::unique_ptr<Sampler> sampler(const SamplerOptions& options, std::uint64_t seed = 1) const {
    check(options, kContext);
    return std::make_unique<Sampler>(texts, tokenizer, options, seed);
  }
  std::string text(const std::vector<Token>& tokens) const { return tokenizer->decode(tokens); }
};

bool same(const Sample& a, const Sample& b) {
  const auto chunk = [](const auto& x, const auto& y) { return x->id == y->id && x->tokens == y->tokens; };
  return a.kind == b.kind &&
         std::equal(a.chunks.begin(), a.chunks.end(), b.chunks.begin(), b.chunks.end(), chunk) &&
         a.positions == b.positions && a.local_position == b.local_position && a.local == b.local &&
         a.tail == b.tail && a.split == b.split && a.weights == b.weights && a.targets == b.targets;
}

std::vector<Token> labels(const Sample& sample) {
  std::vector<Token> tokens;
  for (std::size_t i = 0; i < sample.targets.size(); ++i)
    if (sample.weights[i] > 0) tokens.push_back(sample.targets[i]);
  return tokens;
}

std::vector<SamplerOptions> odd_settings() {
  std::vector<SamplerOptions> all(10, small_options());
  all[1].chunk_sizes = {150, 257, 400};
  all[2].chunks = {1, 1};
  all[3].run = all[3].pool = 5, all[3].chunks = {5, 5}, all[3].renewed = 5;
  all[4].run = 1, all[4].chunks = {24, 24}, all[4].renewed = 24;
  all[5].local = {8, 8}, all[5].labels = {1, 1}, all[5].tail = {1, 1};
  all[6].dense = false, all[6].tail = {0, 0};
  all[7].facts = 6, all[7].questions = {3, 8}, all[7].chat = 1, all[7].absent = 0.5;
  all[8].renewed = 0, all[8].gapless = 1, all[8].chat = 0;
  all[9].chunk_sizes = {16, 500}, all[9].renewed = 0.25, all[9].gapless = 0, all[9].positions = 300;
  return all;
}

TEST(Sampler, ThousandsOfSamplesAtOddSettingsAreValid) {
  const Bench bench;
#ifdef FOCUSLLM_SANITIZE
  constexpr std::int64_t kSteps = 8;
#else
  constexpr std::int64_t kSteps = 60;
#endif
  for (std::size_t i = 0; i < odd_settings().size(); ++i) {
    const SamplerOptions options = odd_settings()[i];
    const auto sampler = bench.sampler(options, i);
    for (std::int64_t step = 0; step < kSteps; ++step)
      for (std::int64_t index = 0; index < options.batch; ++index) {
        const Drawn drawn = sampler->draw(3 * step, index);
        ASSERT_NO_THROW(validate(drawn.sample, bench.tokenizer->size(), kContext)) << i << " " << step;
        ASSERT_LE(std::ssize(drawn.sample.chunks), options.chunks.most);
        for (const auto& chunk : drawn.sample.chunks)
          ASSERT_LE(std::ssize(chunk->tokens),
                    *std::max_element(options.chunk_sizes.begin(), options.chunk_sizes.end()));
        const std::int64_t longest_tail = options.tail == Range{} ? 512 : options.tail.most;
        ASSERT_LE(drawn.sample.tail, longest_tail);
        const bool one_label =
            labels(drawn.sample).size() == 1 && drawn.sample.split + 1 == std::ssize(drawn.sample.local);
        ASSERT_TRUE(options.dense || one_label);
      }
  }
}

TEST(Sampler, FollowsFromSeedAndStepAlone) {
  const Bench bench;
  const SamplerOptions options = small_options();
  const auto one = bench.sampler(options), resumed = bench.sampler(options),
             other = bench.sampler(options, 2);
  std::map<std::int64_t, std::vector<Sample>> batches;
  for (std::int64_t step = 0; step < 40; ++step) batches[step] = one->batch(step);
  int equal = 0;
  for (const std::int64_t step : {37, 12, 39, 0}) {  // any step, in any order
    const auto again = resumed->batch(step), different = other->batch(step);
    ASSERT_EQ(again.size(), static_cast<std::size_t>(options.batch));
    for (std::size_t i = 0; i < again.size(); ++i) {
      EXPECT_TRUE(same(again[i], batches[step][i])) << step;
      equal += same(different[i], batches[step][i]) ? 1 : 0;
    }
  }
  EXPECT_EQ(equal, 0);
}

TEST(Sampler, ThePoolIsRenewedLittleByLittle) {
  const Bench bench;
  SamplerOptions options = small_options();
  options.chunks = {24, 24};  // every sample shows the whole pool
  options.retrieval = options.continuation = 0;
  const auto sampler = bench.sampler(options);
  std::map<std::uint64_t, const train::Chunk*> objects;
  std::map<std::uint64_t, std::shared_ptr<const train::Chunk>> alive;
  std::set<std::uint64_t> before;
  std::int64_t renewed = 0;
  for (std::int64_t step = 0; step < 60; ++step) {
    std::set<std::uint64_t> now;
    for (const auto& chunk : sampler->draw(step, 0).sample.chunks) {
      now.insert(chunk->id);
      alive[chunk->id] = chunk;
      const auto [place, added] = objects.try_emplace(chunk->id, chunk.get());
      EXPECT_EQ(place->second, chunk.get()) << "the same chunk as another object";
    }
    EXPECT_EQ(now.size(), 24U);
    std::int64_t fresh = 0;
    for (const auto id : now) fresh += before.count(id) == 0 ? 1 : 0;
    EXPECT_LE(fresh, step == 0 ? 24 : 4);
    if (step > 0) renewed += fresh;
    before = now;
  }
  EXPECT_NEAR(static_cast<double>(renewed) / 59, 2, 0.1);
}

TEST(Sampler, ChunksThatLeftThePoolAreLetGo) {
  const Bench bench;
  const auto sampler = bench.sampler(small_options());
  std::vector<std::weak_ptr<const train::Chunk>> seen;
  for (std::int64_t step = 0; step < 100; ++step)
    for (const auto& sample : sampler->batch(step))
      seen.insert(seen.end(), sample.chunks.begin(), sample.chunks.end());
  std::set<std::shared_ptr<const train::Chunk>> alive;
  for (const auto& chunk : seen)
    if (auto held = chunk.lock()) alive.insert(held);
  EXPECT_LE(alive.size(), 24U);
}

SamplerOptions continuation_options(double unrelated) {
  SamplerOptions options = small_options();
  options.facts = 0;
  options.retrieval = 0;
  options.unrelated = unrelated;
  return options;
}

/// The local window and the last label behind it.
std::vector<Token> local_text(const Drawn& drawn) {
  std::vector<Token> text = drawn.sample.local;
  text.push_back(drawn.sample.targets.back());
  return text;
}

TEST(Sampler, ContinuationGoesOnBehindItsChunks) {
  const Bench bench;
  const SamplerOptions options = continuation_options(0);
  const auto sampler = bench.sampler(options);
  std::size_t longest = 0;
  for (std::int64_t step = 0; step < 60; ++step) {
    const Drawn drawn = sampler->draw(step, 0, Kind::continuation);
    const PoolChunk& last = *drawn.memory.back();
    const std::vector<Token> text = local_text(drawn);
    const auto expected = last.document->tokens.begin() + last.end;
    ASSERT_TRUE(std::equal(text.begin(), text.end(), expected)) << step;
    std::size_t run = 1;
    for (std::size_t i = drawn.memory.size() - 1; i > 0 && drawn.memory[i - 1]->goes_on_in(*drawn.memory[i]);
         --i)
      ++run;
    longest = std::max(longest, run);
    for (std::int64_t row = drawn.sample.split; row < std::ssize(drawn.sample.local); ++row)
      ASSERT_EQ(drawn.sample.weights[static_cast<std::size_t>(row)], 1)
          << "dense: every later row is a label";
  }
  EXPECT_GE(longest, 5U);
}

TEST(Sampler, UnrelatedMemoryHasNothingOfTheTextThatGoesOn) {
  const Bench bench;
  const SamplerOptions options = continuation_options(1);
  const auto sampler = bench.sampler(options);
  for (std::int64_t step = 0; step < 60; ++step) {
    const Drawn drawn = sampler->draw(step, 0, Kind::continuation);
    ASSERT_FALSE(drawn.memory.empty());
    const std::vector<Token> text = local_text(drawn);
    for (const auto& chunk : drawn.memory) {
      const auto& tokens = chunk->document->tokens;
      const auto next = tokens.begin() + chunk->end;
      if (tokens.end() - next < std::ssize(text)) continue;
      EXPECT_FALSE(std::equal(text.begin(), text.end(), next)) << step;
    }
  }
}

TEST(Sampler, RepetitionRepeatsWhatAChunkSays) {
  const Bench bench;
  const auto sampler = bench.sampler(small_options());
  std::set<std::size_t> chunks;
  for (std::int64_t step = 0; step < 60; ++step) {
    const Drawn drawn = sampler->draw(step, 0, Kind::repetition);
    std::vector<Token> memory;
    for (const auto& chunk : drawn.sample.chunks)
      memory.insert(memory.end(), chunk->tokens.begin(), chunk->tokens.end());
    // With its cue: at least the prompt's last two tokens (opening tokens of a chunk are between runs only).
    std::vector<Token> passage = labels(drawn.sample);
    passage.insert(passage.begin(), drawn.sample.local[static_cast<std::size_t>(drawn.sample.split)]);
    const auto found = std::search(memory.begin(), memory.end(), passage.begin(), passage.end());
    ASSERT_NE(found, memory.end()) << bench.text(passage);
  }
}

TEST(Sampler, EachAnswerStandsInExactlyItsChunk) {
  const Bench bench;
  SamplerOptions options = small_options();
  options.facts = 3;
  options.chunk_sizes = {500};
  options.absent = 0.2;
  options.cut = 0.5;
  const auto sampler = bench.sampler(options);
  int told = 0, absent = 0, several = 0, cut = 0, cut_value = 0;
  for (std::int64_t step = 0; step < 150; ++step) {
    const Drawn drawn = sampler->draw(step, 0, Kind::retrieval);
    ASSERT_FALSE(drawn.asked.empty());
    std::map<std::string, std::size_t> cut_facts;  // key: the chunk that begins to tell it
    for (std::size_t i = 0; i + 1 < drawn.memory.size(); ++i) {
      const auto &chunk = *drawn.memory[i], &next = *drawn.memory[i + 1];
      if (chunk.across && chunk.goes_on_in(next)) cut_facts[chunk.across->key()] = i;
    }
    several += drawn.asked.size() > 1 ? 1 : 0;
    std::vector<std::string> texts;
    std::multiset<std::string> keys;
    for (const auto& chunk : drawn.memory) {
      texts.push_back(bench.text(chunk->chunk->tokens));
      for (const Fact& fact : chunk->facts) {
        keys.insert(fact.key());
        EXPECT_NE(texts.back().find(fact.statement), std::string::npos) << "a fact that is not whole";
      }
    }
    for (const Asked& asked : drawn.asked) {
      if (const auto found = cut_facts.find(asked.fact.key()); found != cut_facts.end()) {
        const std::size_t i = found->second;
        EXPECT_EQ(asked.chunk, i);
        auto both = drawn.memory[i]->chunk->tokens;
        const auto& rest = drawn.memory[i + 1]->chunk->tokens;
        both.insert(both.end(), rest.begin() + drawn.memory[i + 1]->repeats, rest.end());
        EXPECT_NE(bench.text(both).find(asked.fact.statement), std::string::npos);
        ++cut;
        const auto has_value = [&](const std::string& text) {
          return text.find(asked.fact.value) != std::string::npos;
        };
        const std::string before =
            bench.text({both.begin(), both.end() - std::ssize(rest) + drawn.memory[i + 1]->repeats});
        if (!has_value(before) &&
            !has_value(bench.text({rest.begin() + drawn.memory[i + 1]->repeats, rest.end()})))
          ++cut_value;
        continue;
      }
      EXPECT_EQ(keys.count(asked.fact.key()), asked.chunk ? 1U : 0U);
      for (std::size_t i = 0; i < texts.size(); ++i) {
        const bool may_repeat = asked.chunk && i == *asked.chunk + 1 && drawn.memory[i]->repeats > 0;
        if (!may_repeat) {
          EXPECT_EQ(texts[i].find(asked.fact.statement) != std::string::npos, asked.chunk == i);
        }
      }
      const auto& targets = drawn.sample.targets;
      const std::string answer = bench.text(
          {targets.begin() + asked.first_label, targets.begin() + asked.first_label + asked.labels});
      if (asked.chunk)
        EXPECT_NE(answer.find(asked.fact.value.substr(1)), std::string::npos)
            << answer;  // a capital in front
      else
        EXPECT_EQ(answer.find(asked.fact.value), std::string::npos) << answer;
      (asked.chunk ? told : absent)++;
    }
  }
  EXPECT_GT(told, 150);
  EXPECT_GT(absent, 20);
  EXPECT_GT(several, 50);
  EXPECT_GT(cut, 5);
  EXPECT_GT(cut_value, 1);
}

TEST(Sampler, OnlyAnswersAreLabelsOfRetrieval) {
  const Bench bench;
  const auto sampler = bench.sampler(small_options());
  for (std::int64_t step = 0; step < 60; ++step) {
    const Drawn drawn = sampler->draw(step, 0, Kind::retrieval);
    std::int64_t sum = 0;
    for (const Asked& asked : drawn.asked) {
      sum += asked.labels;
      for (std::int64_t row = asked.first_label; row < asked.first_label + asked.labels; ++row)
        EXPECT_EQ(drawn.sample.weights[static_cast<std::size_t>(row)], 1);
    }
    EXPECT_EQ(sum, std::ssize(labels(drawn.sample)));
    EXPECT_EQ(drawn.sample.split, drawn.asked.front().first_label);
    EXPECT_EQ(drawn.sample.weights.back(), 1) << "the token that ends the last answer is a label";
  }
}

TEST(Sampler, ConversationsUseTheTemplateAndEndTheirAnswers) {
  const Bench bench;
  SamplerOptions options = small_options();
  options.chat = 1;
  const Token end = bench.tokenizer->encode("<|im_end|>", true).front();
  const auto sampler = bench.sampler(options);
  for (std::int64_t step = 0; step < 30; ++step) {
    const Sample sample = sampler->draw(step, 0, Kind::retrieval).sample;
    EXPECT_EQ(sample.targets.back(), end);
    const std::string prompt = bench.tokenizer->decode(
        std::span(sample.local).first(static_cast<std::size_t>(sample.split + 1)), true);
    EXPECT_TRUE(prompt.ends_with("<|im_end|>\n<|im_start|>assistant\n")) << prompt;
  }
  options.chat = 0;
  const auto plain = bench.sampler(options);
  for (std::int64_t step = 0; step < 30; ++step) {
    const Sample sample = plain->draw(step, 0, Kind::retrieval).sample;
    EXPECT_EQ(std::count(sample.local.begin(), sample.local.end(), end), 0);
  }
}

TEST(Sampler, AModelWithoutATemplateIsAskedInPlainText) {
  Bench bench;
  bench.tokenizer = plain_tokenizer();
  SamplerOptions options = small_options();
  options.chat = 1;
  EXPECT_NO_THROW(
      validate(bench.sampler(options)->draw(0, 0, Kind::retrieval).sample, bench.tokenizer->size()));
}

TEST(Sampler, PositionsHaveGapsOverALongRangeAndAreOftenContiguous) {
  const Bench bench;
  SamplerOptions options = small_options();
  options.positions = 300;
  const auto sampler = bench.sampler(options);
  int contiguous = 0, count = 0;
  std::int64_t farthest = 0, widest = 0;
  for (std::int64_t step = 0; step < 200; ++step) {
    const Sample sample = sampler->draw(step, 0).sample;
    const auto n = std::ssize(sample.positions);
    ++count;
    contiguous +=
        sample.positions.front() == 0 && sample.positions.back() == n - 1 && sample.local_position == n ? 1
                                                                                                        : 0;
    farthest = std::max(farthest, sample.positions.back());
    widest = std::max(widest, sample.local_position - sample.positions.back());
    EXPECT_LT(sample.local_position, options.positions);
  }
  EXPECT_GT(contiguous, count * 2 / 5);
  EXPECT_LT(contiguous, count * 4 / 5);
  EXPECT_GT(farthest, 15 * 12);
  EXPECT_GT(widest, 20);
}

TEST(Sampler, KindsComeAsOftenAsTheirShares) {
  const Bench bench;
  SamplerOptions options = small_options();
  options.retrieval = 3, options.repetition = 1, options.continuation = 0;
  const auto sampler = bench.sampler(options);
  std::map<Kind, int> counts;
  for (std::int64_t i = 0; i < 400; ++i) counts[sampler->draw(i % 3, i).sample.kind]++;
  EXPECT_EQ(counts[Kind::continuation], 0);
  EXPECT_NEAR(counts[Kind::retrieval], 300, 40);
  std::map<Kind, int> fixed;
  for (const auto& sample : sampler->fixed(10)) fixed[sample.kind]++;
  EXPECT_EQ(fixed, (std::map<Kind, int>{{Kind::repetition, 5}, {Kind::retrieval, 5}}));
}

TEST(Sampler, NoPublishedPasskeySentenceIsInIt) {
  const Bench bench;
  SamplerOptions options = small_options();
  options.facts = 4;
  const auto sampler = bench.sampler(options);
  for (std::int64_t step = 0; step < 100; ++step) {
    const Sample sample = sampler->draw(step, 0, Kind::retrieval).sample;
    std::string all = bench.text(sample.local);
    for (const auto& chunk : sample.chunks) all += bench.text(chunk->tokens);
    for (const std::string phrase :
         {"pass key", "passkey", "Remember it", "grass is green", "lighthouse", "secret number"})
      ASSERT_EQ(all.find(phrase), std::string::npos) << phrase;
  }
}

TEST(Sampler, WhatCannotBeMadeIsAnErrorThatSaysWhatToDo) {
  const Bench bench;
  SamplerOptions tiny = small_options();
  tiny.chunk_sizes = {16};
  try {
    bench.sampler(tiny)->draw(0, 0, Kind::retrieval);
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("`chunk_size`"));
  }
}

TEST(SamplerOptions, ContradictionsNameTheField) {
  const std::vector<std::pair<std::string, std::function<void(SamplerOptions&)>>> wrong = {
      {"`chunk_size`", [](auto& o) { o.chunk_sizes = {}; }},
      {"`chunk_size`",
       [](auto& o) {
         o.chunk_sizes = {256, 8};
       }},
      {"`chunk_size`", [](auto& o) { o.chunk_sizes = {2000}; }},
      {"`chunks`",
       [](auto& o) {
         o.chunks = {0, 3};
       }},
      {"`chunks`",
       [](auto& o) {
         o.chunks = {5, 3};
       }},
      {"`chunks`",
       [](auto& o) {
         o.chunks = {1, 25};
       }},
      {"`run`", [](auto& o) { o.run = 0; }},
      {"`run`", [](auto& o) { o.run = 25; }},
      {"`local`",
       [](auto& o) {
         o.local = {1, 100};
       }},
      {"`local`",
       [](auto& o) {
         o.local = {8, 900};
       }},
      {"`labels`",
       [](auto& o) {
         o.labels = {0, 4};
       }},
      {"`tail`",
       [](auto& o) {
         o.tail = {0, 5};
       }},
      {"`renewed`", [](auto& o) { o.renewed = -1; }},
      {"`renewed`", [](auto& o) { o.renewed = std::nan(""); }},
      {"`positions`", [](auto& o) { o.positions = 11; }},
      {"`positions`", [](auto& o) { o.positions = 900; }},
      {"`facts`", [](auto& o) { o.facts = 0; }},
      {"`questions`",
       [](auto& o) {
         o.questions = {0, 0};
       }},
      {"`chat`", [](auto& o) { o.chat = 1.5; }},
      {"`gapless`", [](auto& o) { o.gapless = std::nan(""); }},
      {"`batch`", [](auto& o) { o.batch = 0; }},
      {"`retrieval`", [](auto& o) { o.retrieval = o.repetition = o.continuation = 0; }},
      {"`retrieval`", [](auto& o) { o.repetition = -1; }}};
  EXPECT_NO_THROW(check(small_options(), kContext));
  EXPECT_NO_THROW(check(SamplerOptions(), 2048)) << "the defaults suit a small model";
  for (const auto& [flag, change] : wrong) {
    SamplerOptions options = small_options();
    change(options);
    try {
      check(options, kContext);
      ADD_FAILURE() << flag;
    } catch (const UsageError& error) {
      EXPECT_THAT(error.what(), testing::HasSubstr(flag));
    }
  }
}

}  // namespace
}  // namespace focusllm::data
