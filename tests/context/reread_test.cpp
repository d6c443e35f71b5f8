#include "context/focus/reread.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "context/alone.h"
#include "context/method.h"
#include "support/tiny_model.h"

namespace focusllm::test {
namespace {

using context::Alone;

class FocusReread : public testing::Test {
 protected:
  using Words = std::vector<std::int32_t>;

  Words random_words(std::int64_t count, unsigned seed) const {
    return random_tokens(count, tiny_.model->spec().vocabulary, seed);
  }
  context::Options options(std::int64_t passages) const {
    context::Options options;
    options.method = "focus";
    options.chunk = 32;
    options.local = 24;
    options.overlap = kNone;
    options.reread = passages;
    options.kv_type = attention::KvType::f32;
    options.answer_tokens = 8;
    options.separator = {7, 8};
    return options;
  }
  std::unique_ptr<Alone> reader(std::int64_t passages) const {
    return std::make_unique<Alone>(context::make(options(passages), tiny_.model), tiny_.model, cancel_);
  }
  /// After all of a prompt, by the plain model.
  std::vector<float> plain(const Words& prompt) const {
    context::Options options;
    options.kv_type = attention::KvType::f32;
    const auto context = context::alone(options, tiny_.model, cancel_);
    context->read(prompt);
    const auto hidden = context->finish();
    return {hidden.begin(), hidden.end()};
  }
  /// Opening, passages with the hardest looked at last, the end of the text, conversation.
  static Words prompt_of(const context::Context& context, const Words& all, std::int64_t text_first,
                         std::int64_t window_first, std::int64_t text_end, const Words& words) {
    Words prompt(all.begin(), all.begin() + text_first);
    const auto places = context.attended();
    for (auto place = places.rbegin(); place != places.rend(); ++place) {
      EXPECT_GE(place->first, text_first);
      EXPECT_LE(place->first + place->tokens, text_end);
      prompt.insert(prompt.end(), all.begin() + place->first, all.begin() + place->first + place->tokens);
      prompt.insert(prompt.end(), {7, 8});
    }
    if (window_first < text_end)
      prompt.insert(prompt.end(), all.begin() + window_first, all.begin() + text_end);
    prompt.insert(prompt.end(), words.begin(), words.end());
    return prompt;
  }
  static void append(Words& to, const Words& more) { to.insert(to.end(), more.begin(), more.end()); }

  TinyModel tiny_{TinySizes{}};
  CancelToken cancel_;
};

TEST_F(FocusReread, ThePlainModelAnswersFromThePassages) {
  const Words opening = random_words(9, 1), text = random_words(300, 2), question = random_words(12, 3);
  const auto context = reader(3);
  Words all = opening, words = question;
  (*context)->append(opening);
  (*context)->begin_text();
  context->read(text);
  context->begin_question();
  context->read(question);
  append(all, text);
  append(all, question);
  auto hidden = context->finish();
  ASSERT_EQ((*context)->attended().size(), 3U);
  // 12 tokens of the text are in the local window, in front of the question.
  EXPECT_EQ(std::vector<float>(hidden.begin(), hidden.end()),
            plain(prompt_of(*context->operator->(), all, 9, 309 - 12, 309, words)));
  EXPECT_EQ((*context)->tokens(), std::ssize(all));
  EXPECT_EQ((*context)->done(), std::ssize(all));

  for (const std::int32_t token : {3, 4}) {
    context->step(token);
    all.push_back(token);
    words.push_back(token);
  }
  EXPECT_EQ((*context)->done(), std::ssize(all));
  const Words next = random_words(10, 5);
  append(all, next);
  append(words, next);
  context->read(next);
  hidden = context->finish();
  EXPECT_EQ(std::vector<float>(hidden.begin(), hidden.end()),
            plain(prompt_of(*context->operator->(), all, 9, 309 - 12, 309, words)))
      << "a further question looks anew, behind the conversation";
  EXPECT_EQ((*context)->done(), std::ssize(all));
}

TEST_F(FocusReread, ATextThatFitsTheWindowIsShownWhole) {
  const Words text = random_words(12, 2), question = random_words(8, 3);
  const auto context = reader(3);
  (*context)->begin_text();
  context->read(text);
  context->begin_question();
  context->read(question);
  const auto hidden = context->finish();
  Words all = text;
  append(all, question);
  EXPECT_TRUE((*context)->attended().empty());
  EXPECT_EQ(std::vector<float>(hidden.begin(), hidden.end()), plain(all));
}

TEST_F(FocusReread, AnAnswerWithoutTheTextIsRefused) {
  const auto context = reader(3);
  (*context)->begin_text();
  context->read(random_words(300, 2));
  context->begin_question();
  context->read(random_words(tiny_.model->spec().trained_context - 20, 3));
  try {
    context->finish();
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.field(), "reread");
  }
}

}  // namespace
}  // namespace focusllm::test
