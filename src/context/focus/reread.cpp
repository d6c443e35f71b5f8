#include "context/focus/reread.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "context/method.h"

namespace focusllm::context {

Reread::Reread(const Options& options, std::shared_ptr<const model::Model> model)
    : options_(options), model_(std::move(model)), focus_(options, model_) {}

void Reread::begin_text() {
  if (std::exchange(in_text_, true)) return;
  if (texts_.empty()) opening_ = std::exchange(words_, {});
  texts_.push_back({tokens(), tokens()});
}

void Reread::append(std::span<const Token> tokens) {
  state_ = State::reading;
  focus_.append(std::exchange(answered_, {}));
  answered_done_ = 0;
  focus_.append(tokens);
  all_.insert(all_.end(), tokens.begin(), tokens.end());
  if (in_text_) {
    texts_.back().end = this->tokens();
  } else {
    words_.insert(words_.end(), tokens.begin(), tokens.end());
  }
}

void Reread::end_text() {
  in_text_ = false;
  focus_.end_text();
}

void Reread::end_prompt() {
  focus_.start_citing();
  focus_.end_prompt();
  state_ = State::asking;
}

bool Reread::plan(model::Pass& pass, std::int64_t most_rows) {
  active_ = &focus_;
  if (focus_.plan(pass, most_rows)) return true;
  if (state_ == State::reading) return false;
  if (state_ == State::asking) show();
  state_ = State::answering;
  active_ = &*shown_;
  return shown_->plan(pass, most_rows);
}

void Reread::took(const model::Pass& pass) {
  active_->took(pass);
  if (state_ == State::answering) answered_done_ = std::ssize(answered_);
}

void Reread::answer(Token token) {
  all_.push_back(token);
  words_.push_back(token);
  answered_.push_back(token);
  shown_->answer(token);
}

std::span<const Token> Reread::tokens_of(const Range& range) const {
  return std::span<const Token>(all_).subspan(static_cast<std::size_t>(range.first),
                                              static_cast<std::size_t>(range.end - range.first));
}

std::vector<Reread::Range> Reread::text_in(const Range& range) const {
  std::vector<Range> parts;
  for (const Range& text : texts_) {
    const Range part{std::max(text.first, range.first), std::min(text.end, range.end)};
    if (part.first < part.end) parts.push_back(part);
  }
  return parts;
}

std::vector<Attended> Reread::choose(std::int64_t room) const {
  std::vector<Attended> chosen;
  for (const Attended& place : focus_.attended()) {
    for (const Range& part : text_in({place.first, place.first + place.tokens})) {
      const std::int64_t tokens = part.end - part.first + std::ssize(options_.separator);
      if (std::ssize(chosen) == options_.reread || tokens > room) return chosen;
      room -= tokens;
      chosen.push_back({part.first, part.end - part.first, place.mass});
    }
  }
  return chosen;
}

void Reread::show() {
  const std::vector<Range> in_window = text_in({tokens() - focus_.window_tokens(), tokens()});
  const std::int64_t trained = model_->spec().trained_context;
  std::int64_t room = trained - (options_.answer_tokens > 0 ? options_.answer_tokens : trained / 4);
  room -= std::ssize(opening_) + std::ssize(words_);
  for (const Range& part : in_window) room -= part.end - part.first;
  passages_ = choose(room);
  if (passages_.empty() && focus_.window_tokens() < tokens() && !texts_.empty())
    throw Error(
        fmt::format("no passage of the text can be shown: beside {} tokens of the conversation there is "
                    "room for {} (`reread`): begin another conversation",
                    words_.size(), std::max<std::int64_t>(0, room)),
        "reread");
  Options options = options_;
  options.method = kFull.traits.name;
  shown_.emplace(options, model_);
  shown_->append(opening_);
  for (auto place = passages_.rbegin(); place != passages_.rend(); ++place) {
    shown_->append(tokens_of({place->first, place->first + place->tokens}));
    shown_->append(options_.separator);
  }
  for (const Range& part : in_window) shown_->append(tokens_of(part));
  shown_->append(words_);
  shown_->end_prompt();
}

void Reread::save(memory::Saver& saver) const {
  if (state_ != State::reading || shown_) fail(kAsked);
  for (const auto* tokens : {&all_, &opening_, &words_}) saver.array(std::span<const Token>(*tokens));
  saver.array(std::span<const Range>(texts_));
  saver.number(in_text_ ? 1 : 0);
  focus_.save(saver);
}

void Reread::load(memory::Loader& loader) {
  for (auto* tokens : {&all_, &opening_, &words_}) *tokens = loader.array<Token>();
  texts_ = loader.array<Range>();
  in_text_ = loader.number(0, 1) != 0;
  focus_.load(loader);
}

bool Reread::follow(const Context& earlier) {
  const auto* other = dynamic_cast<const Reread*>(&earlier);
  return other != nullptr && focus_.follow(other->focus_);
}

std::int64_t Reread::room() const {
  return state_ == State::answering ? shown_->room() : focus_.room();
}

std::int64_t Reread::memory_bytes() const {
  return focus_.memory_bytes() + (shown_ ? shown_->memory_bytes() : 0);
}

}  // namespace focusllm::context
