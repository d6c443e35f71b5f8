#pragma once

#include <optional>
#include <vector>

#include "context/focus/focus.h"
#include "context/full.h"

namespace focusllm::context {

/// Focus, whose places are read again: its candidates say where the text speaks of a question; the passages
/// that they looked at hardest, and what of the text is in the local window, stand in front of the question
/// as text, and the plain model answers from them. The conversation is kept, and each question looks anew.
class Reread final : public Context {
 public:
  Reread(const Options& options, std::shared_ptr<const model::Model> model);

  void begin_text() override;
  void append(std::span<const Token> tokens) override;
  void end_text() override;
  void end_prompt() override;
  void answer(Token token) override;
  bool plan(model::Pass& pass, std::int64_t most_rows) override;
  void took(const model::Pass& pass) override;
  std::span<const float> hidden() const override { return shown_->hidden(); }
  void set_sink(HiddenSink sink) override { focus_.set_sink(std::move(sink)); }
  bool sees_ahead() const override { return true; }
  std::int64_t room() const override;
  std::int64_t tokens() const override { return std::ssize(all_); }
  std::int64_t done() const override { return focus_.done() + answered_done_; }
  std::int64_t memory_bytes() const override;
  std::vector<Attended> attended() const override { return passages_; }
  void save(memory::Saver& saver) const override;
  void load(memory::Loader& loader) override;
  bool follow(const Context& earlier) override;
  std::int64_t found() const override { return focus_.found(); }

 private:
  enum class State { reading, asking, answering };
  struct Range {
    std::int64_t first, end;
  };
  std::span<const Token> tokens_of(const Range& range) const;
  /// The parts of a range that are text.
  std::vector<Range> text_in(const Range& range) const;
  /// What there is room for of the passages, the hardest looked at first.
  std::vector<Attended> choose(std::int64_t room) const;
  void show();

  Options options_;
  std::shared_ptr<const model::Model> model_;
  Focus focus_;
  std::vector<Token> all_;
  std::vector<Range> texts_;     ///< of them, ascending
  std::vector<Token> opening_;   ///< before the first text
  std::vector<Token> words_;     ///< what else is no text: the conversation
  std::vector<Token> answered_;  ///< which focus gets with the next question
  std::int64_t answered_done_ = 0;
  bool in_text_ = false;
  State state_ = State::reading;
  Context* active_ = nullptr;  ///< whose rows are in a pass
  std::optional<Full> shown_;
  std::vector<Attended> passages_;
};

}  // namespace focusllm::context
