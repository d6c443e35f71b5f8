#include "engine/transcript.h"

#include <algorithm>
#include <utility>

#include "base/error.h"

namespace focusllm {
namespace {

constexpr std::string_view kBeforeQuestion = "\n\n";
constexpr std::string_view kPlainQuestion = "Who was it, and what was it?";

/// Of ascending numbers the first that is `least` or more, else `none`.
std::int64_t first_from(const std::vector<std::int64_t>& numbers, std::int64_t least, std::int64_t none) {
  const auto first = std::ranges::lower_bound(numbers, least);
  return first == numbers.end() ? none : *first;
}

}  // namespace

/// The opening of the first turn, or BOS alone where there is no template.
void Transcript::open() {
  if (std::exchange(opened_, true)) return;
  if (chat_) {
    append(chat_->open(system_));
  } else if (tokenizer_->adds_bos() && tokenizer_->bos()) {
    tokens_.push_back(*tokenizer_->bos());
  }
}

void Transcript::mark_text() {
  if (!std::exchange(in_text_, true)) {
    places_.begin_run(size());
    first_words_ = true;
  }
  if (!name_) return;
  const auto run = std::span(tokens_).subspan(static_cast<std::size_t>(places_.last_run()));
  const std::size_t before = run.empty() ? 0 : tokenizer_->decode(run, true).size();
  places_.begin_text(static_cast<std::int64_t>(before + pending_.size()),
                     *std::exchange(name_, std::nullopt));
}

std::int64_t Transcript::next_answer_end(std::int64_t token) const {
  return first_from(answer_ends_, token, size());
}

bool Transcript::end_answer() {
  if (!std::exchange(asked_, false)) return false;
  answer_ends_.push_back(size());
  return true;
}

void Transcript::name_text(std::string name, std::int64_t byte, std::int64_t line) {
  name_ = TextPlace{std::move(name), byte, line};
  if (!chat_ || !in_text_) return;
  encode_pending();
  end_run();
}

void Transcript::end_run() {
  if (std::exchange(in_text_, false)) places_.end_run(size());
}

void Transcript::begin_text() {
  open();
  if (end_answer() && chat_) append(chat_->next());
}

void Transcript::encode(std::string_view text) {
  if (std::exchange(in_words_, true)) {
    first_words_ = false;
    return append(tokenizer_->encode_continued(text, special_));
  }
  std::vector<Token> ids = chat_ ? chat_->words(text, tokens_) : tokenizer_->encode(text, special_);
  const bool only_bos = tokenizer_->adds_bos() && size() == 1;
  if (special_ && only_bos && !ids.empty() && ids.front() == tokenizer_->bos()) ids.erase(ids.begin());
  if (std::exchange(first_words_, false) && in_text_)
    places_.set_extra_bytes(std::ssize(tokenizer_->decode(ids, true)) - std::ssize(text));
  append(ids);
}

bool Transcript::take(std::string_view text) {
  if (!text.empty()) mark_text();
  has_text_ = has_text_ || !text.empty();
  pending_.append(text);
  if (special_) return false;  // a control token's name may be cut anywhere
  // Looked through only when it has doubled: else a text without such places takes time by its square.
  if (pending_.size() < 2 * uncut_) return false;
  const std::size_t stable = tokenizer_->stable_prefix(pending_);
  uncut_ = stable == 0 ? pending_.size() : 0;
  if (stable == 0) return false;
  encode(std::string_view(pending_).substr(0, stable));
  pending_.erase(0, stable);
  return true;
}

void Transcript::take(std::span<const Token> ids) {
  open();
  encode_pending();
  in_words_ = false;
  end_answer();
  if (!ids.empty()) mark_text();
  tokens_.insert(tokens_.end(), ids.begin(), ids.end());
}

void Transcript::encode_pending() {
  if (!pending_.empty()) encode(std::exchange(pending_, {}));
  uncut_ = 0;
}

void Transcript::end_text() {
  begin_text();
  if (!as_written_) encode_pending();
  end_run();
}

/// The token behind those from `first` on that hold the first `bytes` bytes.
std::int64_t Transcript::behind(std::int64_t first, std::size_t bytes) const {
  for (std::size_t passed = 0; passed < bytes && first < size(); ++first)
    passed += tokenizer_->decode(std::span(tokens_).subspan(static_cast<std::size_t>(first), 1)).size();
  return first;
}

std::vector<Token> Transcript::plain_question(std::string_view lead) const {
  Transcript other(*tokenizer_, chat_, system_, special_, as_written_);
  other.begin_text();
  other.take(".");
  other.end_text();
  const std::int64_t before = other.size();
  other.ask(kPlainQuestion, lead);
  return {other.tokens_.begin() + before, other.tokens_.end()};
}

void Transcript::ask(std::string_view question, std::string_view lead) {
  const bool behind_text = has_text_ && !question.empty() && chat_ != nullptr;
  if (behind_text) pending_.append(as_written_ ? std::string_view() : kBeforeQuestion).append(lead);
  // A space in front of a question goes with its first word.
  const std::size_t front = pending_.find_last_not_of(' ') + 1;
  const std::int64_t before = size();
  pending_.append(question);
  encode_pending();
  question_.first = behind(before, front);
  question_.count = size() - question_.first;
  in_words_ = false;
  if (chat_) append(chat_->answer());
  if (tokens_.empty()) fail("nothing to read: the text and the question are empty");
  asked_ = true;
  end_run();
  name_.reset();
  has_text_ = false;
}

std::int64_t Transcript::put_before(const Transcript& other) {
  const std::int64_t first = other.next_text(0), place = next_text(0), count = other.size() - first;
  tokens_.insert(tokens_.begin() + place, other.tokens_.begin() + first, other.tokens_.end());
  places_.put_before(other.places_, first, count, place);
  return count;
}

void Transcript::save(memory::Saver& saver) const {
  saver.array(std::span<const Token>(tokens_));
  saver.text(pending_);
  for (const bool flag : {opened_, in_words_, asked_, has_text_, in_text_, first_words_})
    saver.number(flag ? 1 : 0);
  places_.save(saver);
}

void Transcript::load(memory::Loader& loader) {
  tokens_ = loader.array<Token>();
  pending_ = loader.text();
  for (bool* flag : {&opened_, &in_words_, &asked_, &has_text_, &in_text_, &first_words_})
    *flag = loader.number(0, 1) != 0;
  places_.load(loader);
}

std::string Transcript::text(std::int64_t first, std::int64_t count) const {
  first = std::clamp<std::int64_t>(first, 0, size());
  const std::int64_t end = std::clamp<std::int64_t>(first + count, first, size());
  StreamDecoder decoder(*tokenizer_);
  std::string text;
  for (std::int64_t i = first; i < end; ++i) text += decoder.add(tokens_[static_cast<std::size_t>(i)]);
  return text + decoder.finish();
}

}  // namespace focusllm
