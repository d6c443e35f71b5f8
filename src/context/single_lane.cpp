#include "context/single_lane.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "base/error.h"
#include "context/memory_check.h"

namespace focusllm::context {

void SingleLane::append(std::span<const Token> tokens) {
  waiting_.insert(waiting_.end(), tokens.begin(), tokens.end());
}

void SingleLane::end_text() {
  if (!waiting_.empty() && (ends_.empty() || ends_.back() < tokens())) ends_.push_back(tokens());
}

void SingleLane::end_prompt() {
  if (tokens() == 0) fail("nothing to continue: the text is empty");
  if (waiting_.empty()) return;
  prompt_end_ = tokens();
  if (grouping_.last_alone && tokens() - 1 > done_ && (ends_.empty() || ends_.back() < tokens() - 1))
    ends_.push_back(tokens() - 1);
  if (ends_.empty() || ends_.back() < tokens()) ends_.push_back(tokens());
}

void SingleLane::answer(Token token) {
  stepping_ = waiting_.empty();
  append({&token, 1});
  end_prompt();
}

/// Of the next group; 0 while one token more than that is not there: a prompt's last one is not to be missed.
std::int64_t SingleLane::group_rows(std::int64_t most_rows) const {
  const bool ends = !ends_.empty();
  const std::int64_t there = ends ? ends_.front() - done_ : std::ssize(waiting_);
  const std::int64_t rows = grouping_.whole ? grouping_.rows : std::min(most_rows, grouping_.rows);
  if (!ends && there <= grouping_.rows) return 0;
  return std::min(there, rows);
}

bool SingleLane::plan(model::Pass& pass, std::int64_t most_rows) {
  group_ = {.rows = group_rows(most_rows)};
  if (group_.rows == 0) return false;
  check_memory(done_, group_.rows);
  group_.ends = !ends_.empty() && done_ + group_.rows == ends_.front();
  const bool alone = grouping_.last_alone && group_.ends && ends_.front() == prompt_end_;
  group_.answering = stepping_ || alone;
  std::vector<std::int64_t> positions(static_cast<std::size_t>(group_.rows));
  std::iota(positions.begin(), positions.end(), done_);
  begin(positions);
  const std::vector<Token> tokens(waiting_.begin(), waiting_.begin() + group_.rows);
  const model::Want want = sink_ && !stepping_         ? model::Want::all
                           : group_.ends && predicts() ? model::Want::last
                                                       : model::Want::nothing;
  group_.entry = pass.add(*this, tokens, done_, stepping_ ? Use::answer : Use::read, want);
  return true;
}

void SingleLane::took(const model::Pass& pass) {
  pass.check(group_.entry);
  end();
  const std::span<const float> hidden = pass.hidden(group_.entry);
  if (sink_ && !stepping_) sink_(done_, hidden);
  if (group_.ends) ends_.pop_front();
  if (group_.ends && predicts()) {
    const auto last = hidden.last(static_cast<std::size_t>(spec().width));
    last_hidden_.assign(last.begin(), last.end());
  }
  waiting_.erase(waiting_.begin(), waiting_.begin() + group_.rows);
  done_ += group_.rows;
  stepping_ = false;
}

void SingleLane::save(memory::Saver& saver) const {
  if (prompt_end_ >= 0) fail(kAsked);
  saver.number(done_);
  saver.array(std::span<const Token>(std::vector<Token>(waiting_.begin(), waiting_.end())));
  saver.array(std::span<const std::int64_t>(std::vector<std::int64_t>(ends_.begin(), ends_.end())));
  saver.array(std::span<const float>(last_hidden_));
  save_rows(saver);
}

void SingleLane::load(memory::Loader& loader) {
  done_ = loader.number(0, std::numeric_limits<std::int64_t>::max());
  const std::vector<Token> waiting = loader.array<Token>();
  waiting_.assign(waiting.begin(), waiting.end());
  const std::vector<std::int64_t> ends = loader.array<std::int64_t>();
  ends_.assign(ends.begin(), ends.end());
  last_hidden_ = loader.array<float>();
  load_rows(loader);
}

}  // namespace focusllm::context
