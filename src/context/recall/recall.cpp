#include "context/recall/recall.h"

#include <algorithm>

#include "base/error.h"
#include "context/method.h"

namespace focusllm::context {
namespace {

constexpr std::int64_t kLastWords = 64;  // of a text without a question: what goes on is asked about
constexpr std::int64_t kSinks = 4;       // tokens at the very beginning, which every head looks at
constexpr std::int64_t kFine = 8;  // tokens by which a place is looked into, where blocks have whole eights
// What a group has to pay a place that a sentence leads to. A word that it and that place alone have brings
// an eighth (score.cpp averages over eight tokens), and any text repeats some: it takes a bit more than one.
constexpr float kLeadsOn = 0.15F;
constexpr double kLeastSurprise = 16;  // nats of a question that can be judged: of one rare word at least

}  // namespace

Recall::Recall(const Options& options, std::shared_ptr<const model::Model> model)
    : options_(options),
      model_(std::move(model)),
      groups_(parse_heads(options.heads)),
      reader_(options, model_, heads_of(groups_), attention::KvType::int8) {}

void Recall::begin_text() {
  if (pieces_.empty()) {
    opening_ = std::exchange(words_, {});
    asked_ = 0;
    reader_.append(opening_);
  }
  pieces_.add(std::ssize(text_), tokens(), std::exchange(name_, {}));
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

std::span<const Token> Recall::tokens_of(const Span& span) const {
  return std::span<const Token>(text_).subspan(static_cast<std::size_t>(span.first),
                                               static_cast<std::size_t>(span.tokens));
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
  return {.block = options_.block % kFine == 0 ? kFine : options_.block,
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
  std::span<const Token> asks = options_.plain;
  if (plain_is_known()) asks = question();
  if (const Span* clue = trail_.clue()) asks = tokens_of(*clue);
  asking_ = std::make_shared<Asking>(reader_, *model_, options_.distance, asks);
}

void Recall::end_asking() {
  Scoring how = scoring();
  const bool clue = trail_.clue() != nullptr;
  if (clue) how.without = trail_.tokens();
  for (TokenRange& shown : how.without) {
    shown.first += std::ssize(opening_);
    shown.end += std::ssize(opening_);
  }
  const BlockScores fine = asking_->scores(how);
  asking_ = nullptr;
  BlockScores scores = of_longer_blocks(fine, options_.block / how.block);
  if (!clue && !plain_is_known()) {
    plain_ = std::make_shared<Plain>(Plain{std::ssize(text_), how.end, std::move(scores)});
    return;
  }
  if (plain_) leave_out(plain_->scores, scores);
  if (clue) {
    end_clue(scores, fine);
  } else {
    end_question(scores, fine);
  }
  if (trail_.clue() != nullptr) return;
  show();
  state_ = State::answering;
}

void Recall::end_question(const BlockScores& scores, const BlockScores& fine) {
  std::vector<Span> found = find(combined(groups_, scores));
  const std::vector<float> looked = combined(groups_, fine).scores;
  std::vector<Span> sentences;
  for (std::size_t i = 0; i < std::min(kAlways, found.size()); ++i)
    sentences.push_back(sentence_of(found[i], looked));
  trail_ = Trail(std::move(found), sentences, options_.steps);
}

void Recall::end_clue(const BlockScores& scores, const BlockScores& fine) {
  const Combined found = combined(groups_, scores);
  const auto best = std::ranges::max_element(found.scores);
  if (best == found.scores.end() ||
      found.paid[static_cast<std::size_t>(best - found.scores.begin())] < kLeadsOn)
    return trail_.give_up();
  const std::vector<Span> places = find(found);
  if (places.empty()) return trail_.give_up();
  trail_.go_on(places.front(), sentence_of(places.front(), combined(groups_, fine).scores), budget());
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
      pieces_.name_tokens() +
      least_place({.block = options_.block, .before = options_.span_before, .behind = options_.span_behind});
  if (how.end <= how.first || budget() >= std::min(one_place, how.end - how.first)) return;
  throw Error(fmt::format("no place of the text can be shown: a place has {} tokens, and beside {} of the "
                          "conversation and the answer's there is room for {} (`recalled`): begin another "
                          "conversation",
                          one_place, words_.size(), std::max<std::int64_t>(0, budget())),
              "recalled");
}

/// Tokens are counted from the first that is scored.
Choice Recall::choice() const {
  Choice choice{.block = options_.block,
                .before = options_.span_before,
                .behind = options_.span_behind,
                .each = pieces_.name_tokens(),
                .budget = budget(),
                .threshold = options_.threshold};
  if (!options_.ends_sentence) return choice;
  choice.begins_sentence = [this, first = scoring().first - std::ssize(opening_)](std::int64_t token) {
    const std::int64_t end = first + token, back = std::min(end, kSentenceEnd);
    return options_.ends_sentence(std::span<const Token>(text_).subspan(static_cast<std::size_t>(end - back),
                                                                        static_cast<std::size_t>(back)));
  };
  return choice;
}

Span Recall::sentence_of(const Span& place, std::span<const float> fine) const {
  const Scoring how = scoring();
  const std::int64_t first = how.first - std::ssize(opening_);
  const auto block = [&](std::int64_t token) { return std::max<std::int64_t>(0, token - first) / how.block; };
  const auto looked = fine.subspan(static_cast<std::size_t>(block(place.first)),
                                   static_cast<std::size_t>(block(place.end() - 1) + 1 - block(place.first)));
  const std::int64_t hardest = std::ranges::max_element(looked) - looked.begin() + block(place.first);
  Span of_scored = place;
  of_scored.first -= first;
  const std::int64_t middle = hardest * how.block + how.block / 2;
  Span sentence = sentence_in(of_scored, std::clamp(middle, of_scored.first, of_scored.end() - 1), choice());
  sentence.first += first;
  return sentence;
}

std::vector<Span> Recall::find(const Combined& found) const {
  const Scoring how = scoring();
  const std::int64_t first = how.first - std::ssize(opening_);
  std::vector<Span> spans = choose_spans(found.scores, found.shares, how.end - how.first, choice());
  for (Span& span : spans) span.first += first;
  return pieces_.cut(spans);
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
  for (const Span& span : trail_.in_prompt()) {
    append(pieces_.name_of(span.first));
    append(tokens_of(span));
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

bool Recall::put_before(const Context& earlier) {
  const auto* other = dynamic_cast<const Recall*>(&earlier);
  const auto ended = [](const Recall& one) {
    return one.state_ == State::reading && one.words_.empty() && !one.in_text_ && one.unread_ == 0;
  };
  if (other == nullptr || !ended(*other) || !ended(*this) || pieces_.empty()) return false;
  const std::int64_t more = std::ssize(other->text_), opening = std::ssize(opening_);
  reader_.put_before(other->reader_, std::ssize(other->opening_), opening);
  text_.insert(text_.begin(), other->text_.begin(), other->text_.end());
  Pieces pieces;
  for (const Pieces::Piece& piece : other->pieces_.all())
    pieces.add(piece.text, opening + piece.text, piece.name);
  for (const Pieces::Piece& piece : pieces_.all())
    pieces.add(more + piece.text, opening + more + piece.text, piece.name);
  pieces_ = std::move(pieces);
  earlier_ += more;
  plain_ = nullptr;
  return true;
}

void Recall::save(memory::Saver& saver) const {
  if (state_ != State::reading) fail(kAsked);
  saver.array(std::span<const Token>(opening_));
  saver.array(std::span<const Token>(text_));
  pieces_.save(saver);
  saver.array(std::span<const Token>(name_));
  saver.array(std::span<const Token>(words_));
  saver.number(unread_);
  saver.number(in_text_ ? 1 : 0);
  reader_.save(saver);
}

void Recall::load(memory::Loader& loader) {
  opening_ = loader.array<Token>();
  text_ = loader.array<Token>();
  pieces_.load(loader);
  name_ = loader.array<Token>();
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
  return earlier_ + reader_.done() + words_done_ + (state_ == State::answering ? unread_ : 0);
}

std::int64_t Recall::memory_bytes() const {
  const std::int64_t ids = tokens() * static_cast<std::int64_t>(sizeof(Token));
  return reader_.memory_bytes() + ids + (shown_ ? shown_->memory_bytes() : 0) +
         (without_ ? without_->memory_bytes() : 0);
}

std::vector<Attended> Recall::attended() const {
  std::vector<Attended> places;
  for (const Span& span : trail_.places()) {
    const std::int64_t first = pieces_.token_of(span.first);
    places.push_back({first, pieces_.token_of(span.end() - 1) + 1 - first, span.score});
  }
  return places;
}

}  // namespace focusllm::context
