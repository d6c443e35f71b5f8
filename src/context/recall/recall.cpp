#include "context/recall/recall.h"

#include <algorithm>

#include "base/error.h"
#include "context/method.h"
#include "context/recall/score.h"

namespace focusllm::context {
namespace {

constexpr std::int64_t kLastWords = 64;  // of a text without a question: what goes on is asked about
constexpr std::int64_t kSinks = 4;       // tokens at the very beginning, which every head looks at

}  // namespace

Recall::Recall(const Options& options, std::shared_ptr<const model::Model> model)
    : options_(options),
      model_(std::move(model)),
      reader_(options, model_, parse_heads(options.heads), attention::KvType::int8) {}

void Recall::begin_text() {
  if (in_text_) return;
  if (pieces_.empty()) {
    opening_ = std::exchange(words_, {});
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

void Recall::begin_asking() {
  queries_ = std::make_shared<HeadQueries>(reader_.keys().heads(), *model_, options_.distance);
  asking_ = reader_.asking(*queries_);
  asking_->append(question());
  asking_->end_text();
}

bool Recall::plan(model::Pass& pass, std::int64_t most_rows) {
  const auto plan_of = [&](Context& part) {
    if (!part.plan(pass, most_rows)) return false;
    active_ = &part;
    return true;
  };
  if (plan_of(reader_)) return true;
  if (state_ == State::asking) {
    if (!asking_) begin_asking();
    if (plan_of(*asking_)) return true;
    spans_ = find();
    asking_ = nullptr;
    queries_ = nullptr;
    show();
    state_ = State::answering;
  }
  return state_ == State::answering && plan_of(*shown_);
}

void Recall::took(const model::Pass& pass) {
  active_->took(pass);
  if (shown_ && active_ == &*shown_) words_done_ = std::ssize(words_);
  active_ = nullptr;
}

std::vector<Span> Recall::find() const {
  const std::int64_t opening = std::ssize(opening_);
  const std::int64_t shown = std::ssize(ending());
  const Scoring scoring{.block = options_.block,
                        .first = std::max(opening, kSinks),
                        .end = opening + std::ssize(text_) - shown,
                        .isa = model_->isa()};
  const std::int64_t one_place = options_.span_before + options_.block + options_.span_behind;
  if (scoring.end > scoring.first && budget() < std::min(one_place, scoring.end - scoring.first)) {
    throw Error(fmt::format("no place of the text can be shown: a place has {} tokens, and beside {} of the "
                            "conversation and the answer's there is room for {} (`recalled`): begin another "
                            "conversation",
                            one_place, words_.size(), std::max<std::int64_t>(0, budget())),
                "recalled");
  }
  const auto scores = block_scores(reader_.keys(), *queries_, scoring);
  std::vector<Span> spans = choose_spans(scores, scoring.end - scoring.first,
                                         {.block = options_.block,
                                          .before = options_.span_before,
                                          .behind = options_.span_behind,
                                          .budget = budget(),
                                          .threshold = options_.threshold});
  for (Span& span : spans) span.first += scoring.first - opening;
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

void Recall::show() {
  Options options = options_;
  options.method = kFull.traits.name;
  shown_.emplace(options, model_);
  shown_->append(opening_);
  for (auto span = spans_.rbegin(); span != spans_.rend(); ++span) {
    shown_->append(std::span<const Token>(text_).subspan(static_cast<std::size_t>(span->first),
                                                         static_cast<std::size_t>(span->tokens)));
    shown_->append(options_.separator);
  }
  shown_->append(ending());
  shown_->append(words_);
  shown_->end_prompt();
}

void Recall::answer(Token token) {
  words_.push_back(token);
  asked_ = words_.size();
  shown_->answer(token);
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
  return reader_.memory_bytes() + ids + (shown_ ? shown_->memory_bytes() : 0);
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
