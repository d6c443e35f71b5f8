// FocusLLM on another version of a text: what it takes from the first one is what it would compute.

#include <algorithm>
#include <numeric>

#include <gtest/gtest.h>

#include "context/alone.h"
#include "context/focus/focus.h"
#include "context/focus/reread.h"
#include "memory/kv_layout.h"
#include "support/tiny_adapter.h"
#include "support/tiny_model.h"

namespace focusllm::test {
namespace {

using Text = std::vector<std::int32_t>;
using Steps = std::vector<std::vector<float>>;

constexpr std::int64_t kChunk = 32, kLocal = 24;

class Revised : public testing::Test {
 protected:
  context::Options options(std::int64_t reread = -1) const {
    context::Options options;
    options.method = "focus";
    options.kv_type = attention::KvType::f32;
    options.chunk = kChunk;
    options.local = kLocal;
    options.reread = reread;
    options.beyond_trained = true;
    return context::settled(options, model_->spec());
  }
  context::Alone make() const {
    return {std::make_unique<context::Focus>(options(), model_), model_, cancel_};
  }
  context::Alone make(const Text& text) const {
    context::Alone focus = make();
    read(focus, text);
    return focus;
  }
  static void read(context::Alone& focus, const Text& text) {
    focus.read(text);
    focus.begin_question();
  }
  /// `text`, as another version of what `earlier` read.
  context::Alone revise(const context::Alone& earlier, const Text& text) const {
    context::Alone focus = make();
    EXPECT_TRUE(focus->follow(*earlier.operator->()));
    read(focus, text);
    return focus;
  }
  /// Another one with the chunks of `focus`, all of them computed here and now.
  context::Alone computed(const context::Alone& focus) const;
  static std::vector<SavedPiece> saved(const context::Alone& focus) {
    memory::Saver saver;
    focus->save(saver);
    return saver.take();
  }
  Steps answer(context::Alone& focus) const {
    Steps all;
    focus.read(Text(tokens_.begin(), tokens_.begin() + 5));
    const auto first = focus.finish();
    all.emplace_back(first.begin(), first.end());
    for (const std::int32_t token : {3, 5, 7}) {
      const auto step = focus.step(token);
      all.emplace_back(step.begin(), step.end());
    }
    return all;
  }
  void expect_as_computed(const Text& before, const Text& after, std::int64_t least_found) const {
    const context::Alone earlier = make(before);
    context::Alone revised = revise(earlier, after);
    EXPECT_GE(revised->found(), least_found);
    context::Alone fresh = computed(revised);
    EXPECT_EQ(bytes(saved(fresh)), bytes(saved(revised)));
    EXPECT_EQ(answer(fresh), answer(revised));
  }
  static std::vector<std::byte> bytes(const std::vector<SavedPiece>& pieces) {
    std::vector<std::byte> all;
    for (const SavedPiece& piece : pieces)
      for (const auto& part : piece.parts) all.insert(all.end(), part.begin(), part.end());
    return all;
  }

  TinySizes sizes_;
  TinyModel tiny_{sizes_};
  TinyAdapter adapter_{tiny_, 5, 3};
  std::shared_ptr<const model::Model> model_ = with_adapter(tiny_, adapter_);
  CancelToken cancel_;
  Text tokens_ = random_tokens(900, sizes_.vocabulary, 21);
  Text others_ = random_tokens(900, sizes_.vocabulary, 22);
};

context::Alone Revised::computed(const context::Alone& focus) const {
  memory::SegmentStore store(0);
  context::ChunkEncoder encoder(*model_, attention::KvType::f32, store);
  model::Runner runner(model_);
  const auto pieces = saved(focus);
  memory::Loader loader(pieces);
  memory::Saver saver;
  saver.number(loader.number());                                             // of the chunker: how far it is
  saver.array(std::span<const std::int32_t>(loader.array<std::int32_t>()));  // and what is not cut yet
  EXPECT_EQ(loader.number(), 0);                                             // nothing is followed any more
  saver.number(0);
  const std::int64_t chunks = loader.number();
  saver.number(chunks);
  for (std::int64_t i = 0; i < chunks; ++i) {
    saver.number(loader.number());
    const Text text = loader.array<std::int32_t>();
    const memory::KvLayout layout(model_->spec().heads, attention::KvType::f32, std::ssize(text));
    loader.bytes(static_cast<std::size_t>(layout.bytes(model_->spec().layers)));
    const auto segment = encoder.take(text);
    model::Pass pass;
    while (encoder.plan(pass, model::kPassRows)) {
      runner.run(pass);
      encoder.took(pass);
      pass.clear();
    }
    encoder.save(segment, saver);
  }
  loader.finish();
  const auto again = saver.take();
  memory::Loader loads(again);
  context::Alone fresh = make();
  fresh->load(loads);
  loads.finish();
  return fresh;
}

TEST_F(Revised, GivesWhatIsComputedWithTheSameChunks) {
  const auto changed = [this](std::int64_t at, std::int64_t removed, std::int64_t inserted) {
    Text text = tokens_;
    const auto place = text.erase(text.begin() + at, text.begin() + at + removed);
    text.insert(place, others_.begin(), others_.begin() + inserted);
    return text;
  };
  for (const std::int64_t at : {0, 28, 450, 895}) {
    SCOPED_TRACE(testing::Message() << "at " << at);
    expect_as_computed(tokens_, changed(at, 0, 3), 700);
    expect_as_computed(tokens_, changed(at, 3, 0), 700);
    expect_as_computed(tokens_, changed(at, 2, 60), 700);
  }
  expect_as_computed(tokens_, changed(200, 300, 1), 400);
  expect_as_computed(tokens_, Text(tokens_.begin(), tokens_.begin() + 400), 300);
}

TEST_F(Revised, AtSeveralPlaces) {
  Text text = tokens_;
  for (const std::int64_t at : {800, 500, 490, 2}) text.insert(text.begin() + at, {1, 2, 3});
  expect_as_computed(tokens_, text, 500);
}

TEST_F(Revised, OfTextsThatRepeatThemselves) {
  Text line(900);
  for (std::size_t i = 0; i < line.size(); ++i) line[i] = tokens_[i % 9];
  Text more = line;
  more.insert(more.begin() + 333, {1, 2});
  expect_as_computed(line, more, 700);
  const Text same(900, 7);
  Text other = same;
  other.insert(other.begin() + 333, 8);
  expect_as_computed(same, other, 700);
}

TEST_F(Revised, OfTextsOfOneChunkOrFewer) {
  const auto first = [this](std::int64_t count) { return Text(tokens_.begin(), tokens_.begin() + count); };
  for (const std::int64_t tokens : {10, 24, 50, 56, 60})
    for (const std::int64_t more : {-1, 1}) expect_as_computed(first(tokens), first(tokens + more), 0);
}

TEST_F(Revised, AnotherTextIsReadAsAnyOther) {
  expect_as_computed(tokens_, others_, 0);
  context::Alone revised = revise(make(tokens_), others_);
  context::Alone plain = make(others_);
  EXPECT_EQ(revised->found(), 0);
  EXPECT_EQ(bytes(saved(revised)), bytes(saved(plain)));
  EXPECT_EQ(answer(revised), answer(plain));
}

TEST_F(Revised, GoesOnWhenItWasSavedOnTheWay) {
  Text text = tokens_;
  text.insert(text.begin() + 100, {1, 2, 3});
  const context::Alone earlier = make(tokens_);
  context::Alone whole = revise(earlier, text);
  const auto wanted = bytes(saved(whole));
  const Steps wanted_answer = answer(whole);
  for (const std::int64_t read_first : {10, 90, 400, 890}) {
    context::Alone begun = make();
    ASSERT_TRUE(begun->follow(*earlier.operator->()));
    begun.read(std::span(text).first(static_cast<std::size_t>(read_first)));
    const auto pieces = saved(begun);
    memory::Loader loader(pieces);
    context::Alone goes_on = make();
    goes_on->load(loader);
    loader.finish();
    read(goes_on, Text(text.begin() + read_first, text.end()));
    EXPECT_EQ(bytes(saved(goes_on)), wanted) << read_first;
    EXPECT_EQ(answer(goes_on), wanted_answer) << read_first;
  }
}

TEST_F(Revised, OnlyBeforeItsFirstTokenAndOfItsKind) {
  const context::Alone earlier = make(tokens_);
  context::Alone begun = make();
  begun.read(Text{1, 2, 3});
  EXPECT_FALSE(begun->follow(*earlier.operator->()));
  context::Reread reread(options(2), model_);
  EXPECT_FALSE(reread.follow(*earlier.operator->()));
}

TEST_F(Revised, PassagesThatAreReadAgainAreOfTheNewVersion) {
  const auto reread = [this](const context::Context* earlier, const Text& text) {
    context::Alone alone(std::make_unique<context::Reread>(options(2), model_), model_, cancel_);
    EXPECT_EQ(earlier != nullptr && alone->follow(*earlier), earlier != nullptr);
    alone->begin_text();
    read(alone, text);
    return alone;
  };
  const context::Alone earlier = reread(nullptr, tokens_);
  Text text = tokens_;
  // As many tokens as before, so that the chunks are those of a text that is read as any other.
  std::copy(others_.begin(), others_.begin() + 20, text.begin() + 400);
  context::Alone revised = reread(earlier.operator->(), text), plain = reread(nullptr, text);
  EXPECT_GT(revised->found(), 600);
  EXPECT_EQ(answer(revised), answer(plain));
}

}  // namespace
}  // namespace focusllm::test
