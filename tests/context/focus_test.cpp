// FocusLLM: what follows from its definition.

#include "context/focus/focus.h"

#include <cmath>
#include <map>
#include <numeric>

#include <gtest/gtest.h>

#include "base/error.h"
#include "context/alone.h"
#include "context/method.h"
#include "model/adapter.h"
#include "model/encoder_identity.h"
#include "model/rotations.h"
#include "support/tiny_adapter.h"
#include "support/tiny_model.h"

namespace focusllm::test {
namespace {

using Hidden = std::vector<float>;
using Tokens = std::span<const std::int32_t>;

Hidden copy(std::span<const float> hidden) {
  return {hidden.begin(), hidden.end()};
}

double worst(std::span<const float> a, std::span<const float> b) {
  if (a.size() != b.size()) return INFINITY;
  double worst = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double difference = std::abs(a[i] - b[i]);
    if (!(difference <= worst)) worst = difference;
  }
  return worst;
}

/// The method, with passes of its own.
class FocusAlone : public context::Alone {
 public:
  FocusAlone(const context::Options& options, const std::shared_ptr<const model::Model>& model,
             const CancelToken& cancel)
      : Alone(std::make_unique<context::Focus>(context::settled(options, model->spec()), model), model,
              cancel) {}
  const context::Candidates* candidates() const { return focus().candidates(); }
  std::int64_t memory_bytes() const { return focus().memory_bytes(); }
  std::int64_t tokens() const { return focus().tokens(); }
  std::int64_t done() const { return focus().done(); }
  std::int64_t room() const { return focus().room(); }
  bool sees_ahead() const { return focus().sees_ahead(); }
  const memory::SegmentStore& chunk_store() const { return focus().chunk_store(); }
  void start_citing() { (*this)->start_citing(); }
  std::vector<context::Attended> attended() const { return focus().attended(); }

 private:
  const context::Focus& focus() const { return static_cast<const context::Focus&>(*operator->()); }
};

class FocusMethod : public testing::Test {
 protected:
  context::Options options(std::int64_t chunk = 16, std::int64_t local = 24) const {
    context::Options options;
    options.method = "focus";
    options.kv_type = attention::KvType::f32;
    options.chunk = chunk;
    options.local = local;
    options.overlap = -1;
    return context::with_defaults(options, tiny_.model->spec());
  }
  FocusAlone make(const context::Options& options) { return {options, model_, cancel_}; }
  Hidden read(context::Alone& context, Tokens tokens) {
    context.read(tokens);
    return copy(context.finish());
  }
  std::vector<Hidden> steps(context::Alone& context, Tokens tokens) {
    std::vector<Hidden> all;
    for (const auto token : tokens) all.push_back(copy(context.step(token)));
    return all;
  }
  Tokens tokens(std::size_t first, std::size_t count) const { return Tokens(tokens_).subspan(first, count); }
  /// A candidate's keys or values of a layer: [kv_heads, dim].
  Hidden candidate(const FocusAlone& focus, int layer, std::int64_t index, bool values) const {
    const attention::KvRun run = focus.candidates()->run(layer);
    const auto& heads = tiny_.model->spec().heads;
    Hidden all;
    for (int head = 0; head < heads.kv_heads; ++head) {
      const auto* from = static_cast<const float*>(values ? run.values : run.keys) +
                         (head * run.capacity + index) * heads.dim;
      all.insert(all.end(), from, from + heads.dim);
    }
    return all;
  }

  TinySizes sizes_;
  TinyModel tiny_{sizes_};
  TinyAdapter adapter_{tiny_, 5, 3};
  std::shared_ptr<const model::Model> model_ = with_adapter(tiny_, adapter_);
  CancelToken cancel_;
  std::vector<std::int32_t> tokens_ = random_tokens(2600, sizes_.vocabulary, 21);
};

TEST_F(FocusMethod, WithCopiesForWeightsACandidateIsAnOrdinaryRow) {
  const TinyAdapter copies(tiny_, TinyAdapter::kCopies, 0);
  FocusAlone with(options(), with_adapter(tiny_, copies), cancel_);
  FocusAlone without(options(), tiny_.model, cancel_);
  EXPECT_TRUE(worst(read(with, tokens(0, 100)), read(without, tokens(0, 100))) <= 1e-4);
  // Whatever the weights, an ordinary row takes the candidate's place at the next token. With copies it
  // brings the same keys and values, so that a candidate that is renewed twice for one token stays what it
  // was.
  for (int layer = 0; layer < model_->spec().layers; ++layer) {
    for (std::int64_t i = 0; i < with.candidates()->count(); ++i) {
      EXPECT_TRUE(worst(candidate(with, layer, i, true), candidate(without, layer, i, true)) <= 1e-5);
      EXPECT_TRUE(worst(candidate(with, layer, i, false), candidate(without, layer, i, false)) <= 1e-4);
    }
  }
}

TEST_F(FocusMethod, ACandidateWithoutAdapterIsWhatPlainReadingMakesOfTheToken) {
  // One chunk with all of the local window as its tail: the candidate is the last token of the text.
  FocusAlone focus(options(32, 8), tiny_.model, cancel_);
  read(focus, tokens(0, 40));
  memory::Segment whole(tiny_.model->spec().heads, attention::KvType::f32, tiny_.model->spec().layers, 40);
  context::ChunkText text(tiny_.model->spec(), whole);
  model::Runner runner(tiny_.model);
  model::Pass pass;
  pass.add(text, tokens(0, 40), 0, Use::read, model::Want::nothing);
  runner.run(pass);
  const auto& heads = tiny_.model->spec().heads;
  for (int layer = 0; layer < tiny_.model->spec().layers; ++layer) {
    const attention::KvRun run = whole.run(layer, 40, 0);
    for (int head = 0; head < heads.kv_heads; ++head) {
      const auto* row = static_cast<const float*>(run.values) + (head * run.capacity + 39) * heads.dim;
      const Hidden got = candidate(focus, layer, 0, true);
      EXPECT_TRUE(worst(std::span(got).subspan(static_cast<std::size_t>(head * heads.dim),
                                               static_cast<std::size_t>(heads.dim)),
                        std::span(row, static_cast<std::size_t>(heads.dim))) <= 1e-5);
    }
  }
}

TEST_F(FocusMethod, AnAdapterChangesCandidatesAndThroughThemTheAnswer) {
  auto with = make(options());
  FocusAlone without(options(), tiny_.model, cancel_);
  const auto a = read(with, tokens(0, 100));
  const auto b = read(without, tokens(0, 100));
  EXPECT_GT(worst(a, b), 1e-3);
  EXPECT_GT(worst(candidate(with, 0, 0, true), candidate(without, 0, 0, true)), 1e-3);
}

TEST_F(FocusMethod, SwappedChunksChangeOnlyTheCandidatesPositions) {
  std::vector<std::int32_t> swapped(tokens_.begin(),
                                    tokens_.begin() + 56);  // two chunks and the local window
  std::rotate(swapped.begin(), swapped.begin() + 16, swapped.begin() + 32);
  auto a = make(options());
  auto b = make(options());
  read(a, tokens(0, 56));
  read(b, swapped);
  const model::Rotations one(*model_, std::vector<std::int64_t>{1});
  const auto& heads = model_->spec().heads;
  for (int layer = 0; layer < model_->spec().layers; ++layer) {
    EXPECT_TRUE(worst(candidate(a, layer, 0, true), candidate(b, layer, 1, true)) <= 1e-5);
    EXPECT_TRUE(worst(candidate(a, layer, 1, true), candidate(b, layer, 0, true)) <= 1e-5);
    Hidden key = candidate(a, layer, 0, false);
    one.rotate(layer, key.data(), heads.kv_heads, 0, key.data());
    EXPECT_TRUE(worst(key, candidate(b, layer, 1, false)) <= 1e-4) << layer;
  }
}

TEST_F(FocusMethod, ExactAndIncrementalAgreeOnTheFirstToken) {
  auto incremental = make(options());
  auto with_exact = options();
  with_exact.exact = true;
  auto exact = make(with_exact);
  EXPECT_TRUE(worst(read(incremental, tokens(0, 130)), read(exact, tokens(0, 130))) <= 1e-5);
  const auto a = steps(incremental, tokens(130, 3));
  const auto b = steps(exact, tokens(130, 3));
  EXPECT_GT(worst(a.back(), b.back()), 1e-4);  // rows of the local window see newer candidates in one of them
}

TEST_F(FocusMethod, RefreshRenewsEverySoManyTokens) {
  auto every_third = options();
  every_third.refresh = 3;
  auto often = make(options());
  auto seldom = make(every_third);
  read(often, tokens(0, 130));
  read(seldom, tokens(0, 130));
  const auto before = candidate(seldom, 1, 2, true);
  steps(seldom, tokens(130, 2));
  EXPECT_EQ(candidate(seldom, 1, 2, true), before);
  steps(seldom, tokens(132, 1));
  steps(often, tokens(130, 3));
  // The chunk saw the same tokens: its candidate is the one that was renewed at every step.
  EXPECT_TRUE(worst(candidate(seldom, 1, 2, true), candidate(often, 1, 2, true)) <= 1e-4);
}

TEST_F(FocusMethod, RenewingSomeChunksLeavesTheOthersAlone) {
  auto some = options();
  some.renew = 2;
  auto focus = make(some);
  read(focus, tokens(0, 130));
  std::vector<Hidden> before;
  for (std::int64_t i = 0; i < focus.candidates()->count(); ++i)
    before.push_back(candidate(focus, 1, i, true));
  const auto expected = focus.candidates()->hardest(2);
  steps(focus, tokens(130, 1));
  for (std::int64_t i = 0; i < focus.candidates()->count(); ++i) {
    const bool renewed = std::find(expected.begin(), expected.end(), i) != expected.end();
    EXPECT_EQ(candidate(focus, 1, i, true) != before[static_cast<std::size_t>(i)], renewed) << i;
  }
  // The next question renews all of them, over all that they missed.
  auto all = make(options());
  read(all, tokens(0, 130));
  steps(all, tokens(130, 1));
  read(focus, tokens(131, 5));
  read(all, tokens(131, 5));
  for (std::int64_t i = 0; i < focus.candidates()->count(); ++i) {
    EXPECT_TRUE(worst(candidate(focus, 1, i, true), candidate(all, 1, i, true)) <= 1e-4) << i;
  }
}

TEST_F(FocusMethod, ASecondQuestionCostsOnlyItsOwnTokens) {
  auto focus = make(options());
  read(focus, tokens(0, 150));
  const auto bytes = focus.memory_bytes();
  focus.read(tokens(150, 3), {});
  focus.finish({});
  EXPECT_EQ(focus.memory_bytes(), bytes);  // in pages that were there
  EXPECT_EQ(focus.done(), 153);
}

TEST_F(FocusMethod, ATextThatGoesOnIsCutAnew) {
  // More than a conversation may add (1024 tokens) behind a first answer: as if all had been read at once.
  // The first text ends in the window, behind whole chunks (40: with 5 tokens of overlap also 51) or a short
  // one.
  for (const std::int64_t overlap : {0, 5}) {
    auto chosen = options();
    chosen.overlap = overlap;
    for (const std::size_t first : {24U, 40U, 41U, 50U, 51U, 150U}) {
      auto twice = make(chosen);
      read(twice, tokens(0, first));
      EXPECT_EQ(twice.tokens(), static_cast<std::int64_t>(first));
      EXPECT_EQ(twice.done(), static_cast<std::int64_t>(first));
      const auto a = read(twice, tokens(first, 1500));
      auto once = make(chosen);
      const auto b = read(once, tokens(0, first + 1500));
      // Rows go through the products in other company, which may round them differently.
      EXPECT_TRUE(worst(a, b) <= 1e-4) << first << ", overlap " << overlap;
      EXPECT_EQ(twice.done(), static_cast<std::int64_t>(first + 1500));
      EXPECT_EQ(twice.done(), once.done());
      EXPECT_EQ(twice.tokens(), once.tokens());
    }
  }
}

TEST_F(FocusMethod, ALongAnswerIsNotInterruptedAndTheNextQuestionIsCutAnew) {
  sizes_.context = 4096;
  const TinyModel longer(sizes_);
  auto chosen = options();
  context::Focus focus(context::settled(chosen, longer.model->spec()), longer.model);
  model::Runner runner(longer.model);
  const auto rows = [&] {
    std::int64_t sum = 0;
    for (model::Pass pass; focus.plan(pass, model::kPassRows); pass.clear()) {
      sum += pass.rows();
      runner.run(pass);
      focus.took(pass);
    }
    return sum;
  };
  focus.append(tokens(0, 100));
  focus.end_prompt();
  rows();
  const std::int64_t chunks = focus.candidates()->count();
  EXPECT_EQ(chunks, 5);
  constexpr std::size_t kAnswer = 1200;  // more than a conversation may add
  for (std::size_t i = 0; i < kAnswer; ++i) {
    focus.answer(tokens_[100 + i]);
    ASSERT_EQ(rows(), 2 * chunks + 1) << "token " << i;
  }
  EXPECT_EQ(focus.done(), 100 + static_cast<std::int64_t>(kAnswer));
  focus.append(tokens(100 + kAnswer, 7));
  EXPECT_EQ(focus.candidates(), nullptr);
  focus.end_prompt();
  rows();
  FocusAlone once(chosen, longer.model, cancel_);
  EXPECT_TRUE(worst(focus.hidden(), read(once, tokens(0, 100 + kAnswer + 7))) <= 1e-4);
  EXPECT_EQ(focus.candidates()->count(), once.candidates()->count());
}

TEST_F(FocusMethod, AnAnswerWithoutPositionsEndsOrIsCutAnew) {
  // A chunk of 16 tokens and its tail of 16; five candidates and a window of 24 are fewer.
  constexpr int kUsed = 16 + 16;
  for (const int context : {128, 1200}) {
    sizes_.context = context;
    const TinyModel small(sizes_);
    FocusAlone focus(options(), small.model, cancel_);
    read(focus, tokens(0, 100));
    steps(focus, tokens(100, static_cast<std::size_t>(context - kUsed)));
    EXPECT_EQ(focus.candidates()->count(), 5);
    // One that is longer than a conversation may be goes on.
    EXPECT_EQ(focus.room() > 0, context == 1200);
    if (context == 128) continue;
    steps(focus, tokens(100 + 1200 - kUsed, 1));
    EXPECT_EQ(focus.candidates()->count(), 78);  // (100 + 1169 - 24) / 16
  }
}

TEST_F(FocusMethod, AQuestionThatHasNoPositionsIsCutAnew) {
  sizes_.context = 128;
  const TinyModel small(sizes_);
  for (const auto& [question, chunks] : {std::pair{96U, 5}, {97U, 11}}) {
    FocusAlone focus(options(), small.model, cancel_), once(options(), small.model, cancel_);
    read(focus, tokens(0, 100));
    const auto got = read(focus, tokens(100, question));
    EXPECT_EQ(focus.candidates()->count(), chunks);
    if (chunks > 5) {
      EXPECT_TRUE(worst(got, read(once, tokens(0, 100 + question))) <= 1e-4);
    }
  }
}

TEST_F(FocusMethod, MemoryAfterAnAnswerIsWhatWasNeeded) {
  sizes_.context = 2048;
  const TinyModel longer(sizes_);
  // Where no length is expected, as much as a conversation may add.
  for (const auto& [expected, answer] : {std::pair{0, 100U}, {100, 100U}, {1200, 1200U}}) {
    auto chosen = options(256, 64);
    chosen.bos = 1;
    chosen.answer_tokens = expected;
    FocusAlone focus(chosen, longer.model, cancel_);
    read(focus, tokens(0, 800));
    steps(focus, tokens(800, answer));
    const std::int64_t needed = context::bytes_needed(chosen, longer.model->spec(), 800);
    EXPECT_LE(focus.memory_bytes(), needed) << expected;
    EXPECT_GE(focus.memory_bytes(), needed / 4) << expected;
  }
}

TEST_F(FocusMethod, OverlappingChunksRepeatTheEndOfTheOneBefore) {
  auto chosen = options();  // chunks of 16, a window of 24
  chosen.overlap = 6;
  auto overlapping = make(chosen);
  read(overlapping, tokens(0, 16 + 10 + 10 + 24));
  std::vector<std::int32_t> text;
  for (const std::size_t first : {0U, 10U, 20U}) {
    const auto chunk = tokens(first, 16);
    text.insert(text.end(), chunk.begin(), chunk.end());
  }
  const auto local = tokens(36, 24);
  text.insert(text.end(), local.begin(), local.end());
  auto repeated = make(options());
  read(repeated, text);
  ASSERT_EQ(overlapping.candidates()->count(), 3);
  for (std::int64_t i = 0; i < 3; ++i)
    EXPECT_EQ(candidate(overlapping, 1, i, true), candidate(repeated, 1, i, true));
}

TEST_F(FocusMethod, GivesNoHiddenStatesOfAPrompt) {
  auto focus = make(options());
  EXPECT_TRUE(focus.sees_ahead());
  EXPECT_THROW(focus.read(tokens(0, 100), [](std::int64_t, std::span<const float>) {}), Error);
}

TEST_F(FocusMethod, EncodedChunksAreSharedByContent) {
  auto shared = options();
  shared.chunk_store = std::make_shared<memory::SegmentStore>(std::int64_t{1} << 30);
  auto alone = make(options());
  auto first = make(shared);
  const auto want = read(alone, tokens(0, 150));
  EXPECT_EQ(read(first, tokens(0, 150)), want);
  const auto bytes = shared.chunk_store->bytes();
  EXPECT_GT(bytes, 0);
  auto second = make(shared);
  EXPECT_EQ(read(second, tokens(0, 150)), want);
  EXPECT_EQ(shared.chunk_store->bytes(), bytes);
}

/// Stores that sessions share.
context::Options with_stores(context::Options options) {
  options.chunk_store = std::make_shared<memory::SegmentStore>(std::int64_t{1} << 30);
  options.tail_store = std::make_shared<context::TailStore>(std::int64_t{1} << 30);
  return options;
}

/// Two models of some weights: what `second` makes of a text is what it makes of it alone, though `first` has
/// put its chunks and tails into the same stores.
void expect_no_exchange(const std::shared_ptr<const model::Model>& first, const context::Options& of_first,
                        const std::shared_ptr<const model::Model>& second, context::Options of_second,
                        Tokens text) {
  const CancelToken cancel;
  const auto read = [&](const context::Options& options, const std::shared_ptr<const model::Model>& model) {
    FocusAlone focus(options, model, cancel);
    focus.read(text);
    return copy(focus.finish());
  };
  const Hidden want = read(of_second, second);
  read(of_first, first);
  of_second.chunk_store = of_first.chunk_store;
  of_second.tail_store = of_first.tail_store;
  EXPECT_EQ(read(of_second, second), want);
}

TEST_F(FocusMethod, ModelsThatShareAStoreExchangeNothing) {
  const TinyModel other(sizes_, 2);
  const auto text = tokens(0, 150);
  const auto shared = with_stores(options());
  expect_no_exchange(tiny_.model, shared, other.model, options(), text);
  // Each found nothing of the other's.
  const auto twice = shared.chunk_store->bytes();
  const auto single = with_stores(options());
  FocusAlone one(single, tiny_.model, cancel_);
  read(one, text);
  EXPECT_EQ(twice, 2 * single.chunk_store->bytes());
}

TEST_F(FocusMethod, ModelsOfOneFileExchangeChunksOnlyWhereTheyAreTheSame) {
  const auto text = tokens(0, 150);
  const auto hash = model::weights_hash(*tiny_.file);
  const auto of = [&](const std::shared_ptr<const gguf::File>& file, ProductType products) {
    return std::make_shared<const model::Model>(file, Arithmetic{products}, nullptr, hash);
  };
  const auto model = of(tiny_.file, ProductType::f32);
  sizes_.rope_base = 500;
  const TinyModel turned(sizes_);
  ASSERT_EQ(model::weights_hash(*turned.file), hash);
  expect_no_exchange(model, with_stores(options()), of(turned.file, ProductType::f32), options(), text);
  expect_no_exchange(model, with_stores(options()), of(tiny_.file, ProductType::int8), options(), text);
  auto rounded = options();
  rounded.kv_type = attention::KvType::bf16;
  expect_no_exchange(model, with_stores(options()), model, rounded, text);
  // The same in all of that: what one has encoded serves the other.
  const auto shared = with_stores(options());
  expect_no_exchange(model, shared, of(tiny_.file, ProductType::f32), options(), text);
  const auto single = with_stores(options());
  FocusAlone one(single, model, cancel_);
  read(one, text);
  EXPECT_EQ(shared.chunk_store->bytes(), single.chunk_store->bytes());
}

TEST_F(FocusMethod, AdaptersOfOneModelShareChunksAndNeverCandidates) {
  const auto text = tokens(0, 150);
  const auto hash = model::weights_hash(*tiny_.file);
  const TinyAdapter other(tiny_, 5, 4);
  const auto with = [&](const std::shared_ptr<const gguf::File>& adapter) {
    return std::make_shared<const model::Model>(tiny_.file, Arithmetic{ProductType::f32}, adapter, hash);
  };
  const auto shared = with_stores(options());
  expect_no_exchange(with(adapter_.file), shared, with(other.file), options(), text);
  const auto bytes = shared.chunk_store->bytes();
  expect_no_exchange(with(adapter_.file), shared, with(nullptr), options(), text);
  EXPECT_EQ(shared.chunk_store->bytes(), bytes);
  const auto single = with_stores(options());
  FocusAlone one(single, with(nullptr), cancel_);
  read(one, text);
  EXPECT_EQ(bytes, single.chunk_store->bytes());
}

TEST_F(FocusMethod, HoldsNoMoreThanItSays) {
  // Reads, answers and reads on: each text ends in a short chunk, which is cut anew with the next one.
  const memory::SegmentKey key{model::encoder_identity(*model_, attention::KvType::f32), {}};
  const std::int64_t of_token =
      2 * model_->spec().layers * memory::row_bytes(model_->spec().heads, attention::KvType::f32);
  auto chosen = options();
  chosen.overlap = 5;
  auto focus = make(chosen);
  std::size_t at = 0;
  const auto next = [&](std::size_t count) {
    at += count;
    return tokens(at - count, count);
  };
  for (const std::size_t count : {45U, 1090U, 1103U}) {
    focus.read(next(count));
    ASSERT_EQ(focus.candidates(), nullptr);  // whole chunks of 16 tokens alone
    const std::int64_t held = focus.memory_bytes(), in_chunks = held / of_token;
    EXPECT_EQ(in_chunks % 16, 0);
    EXPECT_EQ(in_chunks > 0, at > 45);
    EXPECT_EQ(focus.chunk_store().bytes(), 0);
    EXPECT_EQ(focus.chunk_store().bytes_in_use(), held + in_chunks / 16 * key.bytes() + 4 * in_chunks);
    read(focus, next(3));
    steps(focus, next(2));
  }
}

TEST_F(FocusMethod, TailsOfTheSameQuestionAreSharedByChunk) {
  for (const bool exact : {false, true}) {
    auto alone = options();
    alone.exact = exact;
    auto shared = alone;
    shared.chunk_store = std::make_shared<memory::SegmentStore>(std::int64_t{1} << 30);
    shared.tail_store = std::make_shared<context::TailStore>(std::int64_t{1} << 30);
    std::vector<std::int32_t> text(tokens(0, 150).begin(), tokens(0, 150).end());
    const auto compare = [&] {
      auto want = make(alone), got = make(shared);
      EXPECT_TRUE(worst(read(got, text), read(want, text)) <= 1e-5);
      EXPECT_EQ(got.memory_bytes(), want.memory_bytes());
      EXPECT_EQ(got.done(), want.done());
      const auto a = steps(got, tokens(150, 90)), b = steps(want, tokens(150, 90));
      for (std::size_t i = 0; i < a.size(); ++i) EXPECT_TRUE(worst(a[i], b[i]) <= 1e-5) << i;
      return shared.tail_store->bytes();
    };
    const auto bytes = compare();
    EXPECT_GT(bytes, 0);
    EXPECT_EQ(compare(), bytes);  // all taken from there
    text[20] = (text[20] + 1) % 50;
    const auto more = compare();
    EXPECT_LT(more - bytes, bytes / 4);  // one of eight chunks is another
    EXPECT_GT(more, bytes);
    text.back() = (text.back() + 1) % 50;
    EXPECT_GT(compare(), more + bytes / 2);  // another question
  }
}

TEST(Tails, AreThoseOfChunkModelAndTokens) {
  const auto chunk = [](std::int32_t token) {
    return std::make_shared<const memory::SegmentKey>(memory::SegmentKey{{}, {token}});
  };
  const context::TailKey key{chunk(5), 7, {1, 2, 3}};
  context::TailStore store(1 << 20);
  const auto tail = std::make_shared<context::EncodedTail>(key);
  tail->rows = 2;
  tail->candidate = {1, 2};
  store.insert(tail);
  ASSERT_EQ(store.find({chunk(5), 7, {1, 2, 3}}), tail);  // another chunk of the same content
  EXPECT_EQ(store.find({chunk(5), 7, {1, 2, 4}}), nullptr);
  EXPECT_EQ(store.find({chunk(5), 8, {1, 2, 3}}), nullptr);
  EXPECT_EQ(store.find({chunk(6), 7, {1, 2, 3}}), nullptr);
  EXPECT_EQ(store.bytes(), tail->bytes() + key.bytes());
  EXPECT_EQ(key.bytes(), key.chunk->bytes() + 3 * 4);
}

/// Another session's options, whose store has a wrong tail behind the first chunk of tokens(0, 150).
context::Options with_wrong_tail(context::Options options, Tokens text, const model::Model& model) {
  const model::Spec& spec = model.spec();
  options.chunk_store = std::make_shared<memory::SegmentStore>(std::int64_t{1} << 30);
  options.tail_store = std::make_shared<context::TailStore>(std::int64_t{1} << 30);
  const auto first = text.first(static_cast<std::size_t>(options.chunk));
  const auto chunk = std::make_shared<memory::Segment>(
      spec.heads, spec.layers,
      memory::SegmentKey{model::encoder_identity(model, options.kv_type), {first.begin(), first.end()}});
  const std::vector<float> zeros(static_cast<std::size_t>(spec.heads.kv_heads * spec.heads.dim));
  for (int layer = 0; layer < spec.layers; ++layer)
    for (std::int64_t i = 0; i < options.chunk; ++i) chunk->store(layer, i, zeros.data(), zeros.data());
  options.chunk_store->insert(chunk);
  const auto last = text.last(static_cast<std::size_t>(options.tail));
  const auto tail = std::make_shared<context::EncodedTail>(
      context::TailKey{chunk->key(), model.number(), {last.begin(), last.end()}});
  tail->rows = options.tail - 1;
  tail->candidate.assign(static_cast<std::size_t>(2 * spec.layers) * zeros.size(), 9.0F);
  options.tail_store->insert(tail);
  return options;
}

TEST_F(FocusMethod, TailsAreCutToFitThePassAndStayWhatTheyAre) {
  model::Runner runner(model_);
  for (const bool cites : {false, true}) {
    const auto hold = [&](const context::Options& chosen, std::int64_t most_rows) {
      context::Focus focus(context::settled(chosen, model_->spec()), model_);
      if (cites) focus.start_citing();
      const auto run = [&] {
        for (model::Pass pass; focus.plan(pass, most_rows); pass.clear()) {
          EXPECT_LE(pass.rows(), most_rows);
          runner.run(pass);
          focus.took(pass);
        }
        return copy(focus.hidden());
      };
      std::vector<Hidden> hidden;
      focus.append(tokens(0, 900));
      focus.end_prompt();
      hidden.push_back(run());
      focus.answer(tokens_[900]);
      hidden.push_back(run());
      focus.append(tokens(901, 40));
      focus.end_prompt();
      hidden.push_back(run());
      std::vector<std::pair<std::int64_t, double>> cited;
      for (const auto& place : focus.attended()) cited.emplace_back(place.first, place.mass);
      return std::pair(hidden, cited);
    };
    const auto want = hold(options(256, 24), model::kPassRows);
    for (const std::int64_t most_rows : {1, 7, 16, 100}) {
      EXPECT_EQ(hold(options(256, 24), most_rows), want) << most_rows;
      auto shared = options(256, 24);
      shared.chunk_store = std::make_shared<memory::SegmentStore>(std::int64_t{1} << 30);
      shared.tail_store = std::make_shared<context::TailStore>(std::int64_t{1} << 30);
      EXPECT_EQ(hold(shared, most_rows), want) << most_rows;
      EXPECT_EQ(hold(shared, most_rows), want) << most_rows;  // from the store
    }
  }
}

TEST_F(FocusMethod, ATailIsTakenFromTheStoreUnlessSomeoneCites) {
  const auto text = tokens(0, 150);
  auto wrong = with_wrong_tail(options(), text, *model_);
  auto without = wrong;
  without.tail_store = nullptr;
  auto taken = make(wrong), computed = make(without), cited = make(wrong);
  cited.start_citing();
  const auto want = read(computed, text);
  EXPECT_GT(worst(read(taken, text), want), 1e-2);
  EXPECT_TRUE(worst(read(cited, text), want) <= 1e-5);
}

TEST_F(FocusMethod, CitesPassagesOfLongChunksInAnswersAndFurtherQuestions) {
  std::vector<std::int32_t> text;
  for (const std::size_t first : {0, 300, 0}) {
    const auto chunk = tokens(first, 256);
    text.insert(text.end(), chunk.begin(), chunk.end());
  }
  const auto local = tokens(900, 24);
  text.insert(text.end(), local.begin(), local.end());
  for (const bool exact : {false, true}) {
    auto chosen = options(256, 24);
    chosen.exact = exact;
    const auto check = [&](std::size_t answer, bool second) {
      auto focus = make(chosen);
      focus.start_citing();
      read(focus, text);
      steps(focus, tokens(1000, answer));
      if (second) read(focus, tokens(1100, 30));
      std::map<std::int64_t, std::int64_t> by_chunk;
      for (const auto& place : focus.attended()) {
        EXPECT_EQ(place.tokens, 128);
        EXPECT_LE(place.first % 256, 128);
        by_chunk[place.first / 256] = place.first % 256;
      }
      EXPECT_EQ(by_chunk.size(), 3U);
      EXPECT_EQ(by_chunk[0], by_chunk[2]);  // the same chunk
    };
    check(0, false);
    check(5, false);
    check(5, true);
  }
}

TEST_F(FocusMethod, ARepeatedChunkIsEncodedOnceAndStandsInEveryPlace) {
  std::vector<std::int32_t> text;
  for (const std::size_t first : {0U, 16U, 0U, 32U, 0U}) {
    const auto chunk = tokens(first, 16);
    text.insert(text.end(), chunk.begin(), chunk.end());
  }
  const auto local = tokens(64, 24);
  text.insert(text.end(), local.begin(), local.end());
  auto repeated = make(options());
  const auto got = read(repeated, text);
  auto different = make(options());
  read(different, tokens(0, text.size()));
  EXPECT_LT(repeated.memory_bytes(), different.memory_bytes());
  EXPECT_EQ(repeated.candidates()->count(), 5);
  EXPECT_EQ(candidate(repeated, 1, 0, true), candidate(repeated, 1, 4, true));
  EXPECT_NE(candidate(repeated, 1, 0, false), candidate(repeated, 1, 4, false));  // at other positions
  EXPECT_EQ(repeated.done(), std::ssize(text));
}

TEST_F(FocusMethod, NamesTheChunksThatAnswered) {
  auto focus = make(options());
  focus.read(tokens(0, 150), {});
  focus.start_citing();
  focus.finish({});
  const auto places = focus.attended();
  ASSERT_EQ(places.size(), 8U);  // seven whole chunks and 14 tokens
  double mass = 0;
  std::int64_t covered = 0;
  for (const auto& place : places) {
    EXPECT_GT(place.mass, 0);
    EXPECT_EQ(place.first % 16, 0);
    mass += place.mass;
    covered += place.tokens;
  }
  EXPECT_EQ(covered, 126);
  EXPECT_TRUE(mass <= sizes_.heads * sizes_.layers);
}

/// The passage of a chunk of `tokens` that is cited when the candidate, the last of two rows, looks for the
/// key at `looked_for`, and the first row for another.
context::Passage cited(std::int64_t tokens, std::int64_t looked_for) {
  const attention::HeadShape heads{2, 1, 16};
  const auto encoded = std::make_shared<memory::Segment>(heads, attention::KvType::f32, 1, tokens);
  std::vector<float> key(16), queries(2 * 2 * 16);
  for (std::int64_t i = 0; i < tokens; ++i) {
    key[0] = i == 0 || i == looked_for ? 1 : 0;  // the first token is looked at as well: a sink
    encoded->store(0, i, key.data(), key.data());
  }
  queries[0] = -9;
  queries[32] = 9;
  const model::Spec spec;
  context::ChunkTail tail(spec, encoded, {0});
  tail.note_attention(true);
  const attention::KvRun runs[] = {encoded->run(0, tokens, 0)};
  const std::int64_t positions[] = {tokens, tokens + 1};
  std::vector<float> out(queries.size()), lse(4);
  const attention::Part part{.queries = queries.data(), .positions = positions, .runs = runs};
  const attention::Block block{.shape = heads,
                               .type = attention::KvType::f32,
                               .rows = 2,
                               .parts = {&part, 1},
                               .out = out.data(),
                               .lse = lse.data()};
  attention::attend(block);
  tail.attended({}, {&block, 1});
  return tail.hardest();
}

TEST(ChunkPassages, AreWhereTheCandidateLooks) {
  EXPECT_EQ(cited(1024, 700), (context::Passage{640 - 64, 128}));
  EXPECT_EQ(cited(1024, 20), (context::Passage{0, 128}));
  EXPECT_EQ(cited(1000, 999), (context::Passage{1000 - 40 - 64, 104}));  // the last passage is short
  EXPECT_EQ(cited(100, 90), (context::Passage{0, 100}));
  EXPECT_EQ(cited(3, 2), (context::Passage{0, 3}));
}

TEST(ChunkPassages, AreTheWholeChunkWhereNothingWasNoted) {
  const attention::HeadShape heads{2, 1, 16};
  const model::Spec spec;
  const context::ChunkTail tail(
      spec, std::make_shared<memory::Segment>(heads, attention::KvType::f32, 1, 300), {0});
  EXPECT_EQ(tail.hardest(), (context::Passage{0, 300}));
}

TEST_F(FocusMethod, MoreChunksThanPositionsAreAnError) {
  sizes_.context = 64;
  const TinyModel small(sizes_);
  auto chosen = options(8, 8);
  FocusAlone focus(chosen, small.model, cancel_);
  focus.read(tokens(0, 500), {});
  EXPECT_THROW(focus.finish({}), Error);
  chosen.beyond_trained = true;
  FocusAlone beyond(chosen, small.model, cancel_);
  beyond.read(tokens(0, 500), {});
  EXPECT_NO_THROW(beyond.finish({}));
}

TEST_F(FocusMethod, WrongSizesNameTheFlag) {
  for (const auto& [chunk, local, tail] : {std::tuple{-1, 24, 0}, {16, -1, 0}, {16, 24, 17}, {513, 24, 0}}) {
    context::Options wrong;
    wrong.method = "focus";
    wrong.chunk = chunk;
    wrong.local = local;
    wrong.tail = tail;
    EXPECT_THROW(context::with_defaults(wrong, tiny_.model->spec()), UsageError) << chunk;
  }
  for (const std::int64_t overlap : {std::int64_t{-2}, std::int64_t{16}}) {
    auto wrong = options();
    wrong.overlap = overlap;
    EXPECT_THROW(context::with_defaults(wrong, tiny_.model->spec()), UsageError) << overlap;
  }
}

}  // namespace
}  // namespace focusllm::test
