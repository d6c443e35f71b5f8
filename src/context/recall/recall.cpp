#include "context/recall/recall.h"

#include <algorithm>

#include "base/error.h"
#include "context/method.h"

namespace focusllm::context {
namespace {

constexpr std::int64_t kLastWords = 64;  // of a text without a question: what goes on is asked about
constexpr std::int64_t kSinks = 4;       // tokens at the very beginning, which every head looks at
constexpr double kLeastSurprise = 16;    // nats of a question that can be judged: of one rare word at least

}  // namespace

Recall::Recall(const Options& options, std::shared_ptr<const model::Model> model)
    : options_(options),
      model_(std::move(model)),
      groups_(parse_heads(options.heads)),
      reader_(options, model_, heads_of(groups_), attention::KvType::int8) {}

void Recall::begin_text() {
  if (in_text_) return;
  if (pieces_.empty()) {
    opening_ = std::exchange(words_, {});
    asked_ = 0;
    reader_.append(opening_);
  }
  pieces_.push_back({std::ssize(text_), tokens()});
  in_text_ = true;
}

void Recall::append(std::span<const Token> tokens) {
  if (!in_text_) {
    words_.insert(words_.end(), tokens.begin(), tokens.end());
    return;
  }
  text_.insert(text_.end(), tokens.begin(), tokens.end());
  unread_ += std::ssize(tokens);
  read_all_but(kLastWords);
}

void Recall::read_all_but(std::int64_t last) {
  const std::int64_t more = unread_ - last;
  if (more <= 0) return;
  reader_.append(std::span<const Token>(text_)
                     .last(static_cast<std::size_t>(unread_))
                     .first(static_cast<std::size_t>(more)));
  unread_ = last;
}

void Recall::end_text() {
  in_text_ = false;
  read_all_but(0);
  reader_.end_text();
}

/// The end of the text, as far as it is always shown: where nothing is asked, it is what goes on.
std::span<const Token> Recall::ending() const {
  const std::int64_t least = asked_ == words_.size() ? kLastWords : unread_;
  const std::int64_t shown = std::min(std::ssize(text_), std::max(options_.ending, least));
  return std::span<const Token>(text_).last(static_cast<std::size_t>(shown));
}

/// The words since the last answer; where there are none, the end of the text.
std::span<const Token> Recall::question() const {
  const auto words = std::span<const Token>(words_).subspan(asked_);
  if (!words.empty()) return words;
  return ending().last(std::min<std::size_t>(kLastWords, ending().size()));
}

void Recall::end_prompt() {
  if (tokens() == 0) fail("nothing to continue: the text is empty");
  reader_.end_text();
  state_ = State::asking;
}

void Recall::mark_question(std::int64_t first, std::int64_t count) {
  const std::int64_t words = std::ssize(words_);
  question_first_ = static_cast<std::size_t>(std::clamp<std::int64_t>(words - (tokens() - first), 0, words));
  question_count_ = std::min(words_.size() - question_first_, static_cast<std::size_t>(count));
}

Scoring Recall::scoring() const {
  const std::int64_t opening = std::ssize(opening_);
  return {.block = options_.block,
          .first = std::max(opening, kSinks),
          .end = opening + std::ssize(text_) - std::ssize(ending()),
          .isa = model_->isa()};
}

bool Recall::plain_is_known() const {
  if (options_.plain.empty() || text_.empty()) return true;
  return plain_ && plain_->tokens == std::ssize(text_) && plain_->end == scoring().end;
}

void Recall::begin_asking() {
  check_room();
  asking_ = std::make_shared<Asking>(reader_, *model_, options_.distance,
                                     plain_is_known() ? question() : std::span<const Token>(options_.plain));
}

void Recall::end_asking() {
  const Scoring how = scoring();
  BlockScores scores = asking_->scores(how);
  asking_ = nullptr;
  if (!plain_is_known()) {
    plain_ = std::make_shared<Plain>(Plain{std::ssize(text_), how.end, std::move(scores)});
    return;
  }
  if (plain_) leave_out(plain_->scores, scores);
  spans_ = find(combined(groups_, scores));
  show();
  state_ = State::answering;
}

bool Recall::plan(model::Pass& pass, std::int64_t most_rows) {
  const auto plan_of = [&](Context& part) {
    if (!part.plan(pass, most_rows)) return false;
    active_ = &part;
    return true;
  };
  if (plan_of(reader_)) return true;
  while (state_ == State::asking) {
    if (!asking_) begin_asking();
    if (plan_of(asking_->lane())) return true;
    end_asking();
  }
  if (state_ != State::answering) return false;
  if (without_ && plan_of(*without_)) return true;
  without_.reset();
  return plan_of(*shown_);
}

void Recall::took(const model::Pass& pass) {
  active_->took(pass);
  if (shown_ && active_ == &*shown_) words_done_ = std::ssize(words_);
  active_ = nullptr;
}

void Recall::check_room() const {
  const Scoring how = scoring();
  const std::int64_t one_place =
      least_place({.block = options_.block, .before = options_.span_before, .behind = options_.span_behind});
  if (how.end <= how.first || budget() >= std::min(one_place, how.end - how.first)) return;
  throw Error(fmt::format("no place of the text can be shown: a place has {} tokens, and beside {} of the "
                          "conversation and the answer's there is room for {} (`recalled`): begin another "
                          "conversation",
                          one_place, words_.size(), std::max<std::int64_t>(0, budget())),
              "recalled");
}

std::vector<Span> Recall::find(const Combined& found) const {
  const Scoring how = scoring();
  const std::int64_t first = how.first - std::ssize(opening_);
  Choice choice{.block = options_.block,
                .before = options_.span_before,
                .behind = options_.span_behind,
                .budget = budget(),
                .threshold = options_.threshold};
  if (options_.ends_sentence) {
    choice.begins_sentence = [&](std::int64_t token) {
      const std::int64_t end = first + token, back = std::min(end, kSentenceEnd);
      return options_.ends_sentence(std::span<const Token>(text_).subspan(
          static_cast<std::size_t>(end - back), static_cast<std::size_t>(back)));
    };
  }
  std::vector<Span> spans = choose_spans(found.scores, found.shares, how.end - how.first, choice);
  for (Span& span : spans) span.first += first;
  return spans;
}

/// Tokens that there is room for beside what is always there, half of the trained context at most for an
/// answer whose length is not known.
std::int64_t Recall::budget() const {
  const std::int64_t trained = model_->spec().trained_context;
  const std::int64_t answer = options_.answer_tokens > 0 ? options_.answer_tokens : trained / 4;
  const std::int64_t there = std::ssize(opening_) + std::ssize(ending()) + std::ssize(words_);
  return std::min(options_.recalled, (trained - answer - there) * 3 / 4);
}

Full Recall::told(const std::vector<Token>& before, std::shared_ptr<Surprise>& surprise) const {
  Options options = options_;
  options.method = kFull.traits.name;
  Full told(options, model_);
  told.append(before);
  told.append(words_);
  if (question_count_ > 0) {
    surprise = std::make_shared<Surprise>(
        model_->spec(), std::ssize(before) + static_cast<std::int64_t>(question_first_),
        std::span<const Token>(words_).subspan(question_first_, question_count_));
    told.set_sink(
        [to = surprise](std::int64_t first, std::span<const float> hidden) { to->take(first, hidden); });
  }
  return told;
}

void Recall::show() {
  std::vector<Token> before = opening_;
  const auto append = [&](std::span<const Token> more) {
    before.insert(before.end(), more.begin(), more.end());
  };
  for (auto span = spans_.rbegin(); span != spans_.rend(); ++span) {
    append(std::span<const Token>(text_).subspan(static_cast<std::size_t>(span->first),
                                                 static_cast<std::size_t>(span->tokens)));
    append(options_.separator);
  }
  append(ending());
  // At the very beginning nothing predicts the first word.
  if (text_.empty() || opening_.size() + question_first_ == 0) question_count_ = 0;
  surprise_ = surprise_without_ = nullptr;
  without_.reset();
  if (question_count_ > 0) {
    without_ = told(opening_, surprise_without_);
    without_->end_text();
  }
  shown_ = told(before, surprise_);
  shown_->end_prompt();
}

std::optional<bool> Recall::supported() const {
  if (!surprise_) return {};
  const double without = surprise_without_->nats(*model_);
  if (without < kLeastSurprise) return {};
  return 1 - surprise_->nats(*model_) / without >= options_.support;
}

void Recall::answer(Token token) {
  words_.push_back(token);
  asked_ = words_.size();
  shown_->answer(token);
}

void Recall::save(memory::Saver& saver) const {
  if (state_ != State::reading) fail(kAsked);
  saver.array(std::span<const Token>(opening_));
  saver.array(std::span<const Token>(text_));
  saver.array(std::span<const Piece>(pieces_));
  saver.array(std::span<const Token>(words_));
  saver.number(unread_);
  saver.number(in_text_ ? 1 : 0);
  reader_.save(saver);
}

void Recall::load(memory::Loader& loader) {
  opening_ = loader.array<Token>();
  text_ = loader.array<Token>();
  pieces_ = loader.array<Piece>();
  words_ = loader.array<Token>();
  unread_ = loader.number(0, std::ssize(text_));
  in_text_ = loader.number(0, 1) != 0;
  reader_.load(loader);
}

void Recall::set_sink(HiddenSink /*sink*/) {
  fail("recall reads the text by a part of the layers: only its answers predict");
}

std::int64_t Recall::room() const {
  return state_ == State::answering ? shown_->room() : Context::room();
}

std::int64_t Recall::tokens() const {
  return std::ssize(opening_) + std::ssize(text_) + std::ssize(words_);
}

std::int64_t Recall::done() const {
  return reader_.done() + words_done_ + (state_ == State::answering ? unread_ : 0);
}

std::int64_t Recall::memory_bytes() const {
  const std::int64_t ids = tokens() * static_cast<std::int64_t>(sizeof(Token));
  return reader_.memory_bytes() + ids + (shown_ ? shown_->memory_bytes() : 0) +
         (without_ ? without_->memory_bytes() : 0);
}

std::int64_t Recall::token_of(std::int64_t text) const {
  const auto behind = std::ranges::upper_bound(pieces_, text, {}, &Piece::text);
  const Piece& piece = *std::prev(behind);
  return piece.token + text - piece.text;
}

std::vector<Attended> Recall::attended() const {
  std::vector<Attended> places;
  for (const Span& span : spans_) {
    const std::int64_t first = token_of(span.first);
    places.push_back({first, token_of(span.end() - 1) + 1 - first, span.score});
  }
  return places;
}

}  // namespace focusllm::context
