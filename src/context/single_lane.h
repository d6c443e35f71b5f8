#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "context/context.h"

namespace focusllm::context {

/// The part that all methods share whose tokens go through the layers once, in order, as one lane: only what
/// a layer attends to differs (Lane::attend).
class SingleLane : public Context, protected model::Lane {
 public:
  /// How rows are grouped.
  struct Grouping {
    std::int64_t rows = model::kPassRows;  ///< fewer wait for more text
    /// A group is one piece of work: in each layer, all its rows together decide what each of them sees. A
    /// pass takes rows through all layers, so that no pass can have a part of them.
    bool whole = false;
    bool last_alone = false;  ///< the last token of a prompt is a group of its own
  };
  SingleLane(std::shared_ptr<const model::Model> model, const Grouping& grouping)
      : model_(std::move(model)), grouping_(grouping) {}

  void append(std::span<const Token> tokens) final;
  void end_text() final;
  void end_prompt() final;
  void answer(Token token) final;
  bool plan(model::Pass& pass, std::int64_t most_rows) final;
  void took(const model::Pass& pass) final;
  std::span<const float> hidden() const final { return last_hidden_; }
  void set_sink(HiddenSink sink) final { sink_ = std::move(sink); }
  std::int64_t tokens() const final { return done_ + std::ssize(waiting_); }
  std::int64_t done() const final { return done_; }
  void save(memory::Saver& saver) const final;
  void load(memory::Loader& loader) final;

 protected:
  const model::Model& model() const { return *model_; }
  const model::Spec& spec() const { return model_->spec(); }
  /// Whether the rows at hand are the last one of a prompt, or of an answer.
  bool answering() const { return group_.answering; }
  /// Whether its hidden states are wanted at the ends of texts and prompts.
  virtual bool predicts() const { return true; }
  /// Called before rows of tokens [first, first + positions.size()) go through the layers, and after.
  virtual void begin(std::span<const std::int64_t> positions) = 0;
  virtual void end() {}
  /// What it keeps of the rows that are done.
  virtual void save_rows(memory::Saver& saver) const = 0;
  virtual void load_rows(memory::Loader& loader) = 0;

 private:
  /// Rows that are planned together.
  struct Group {
    std::int64_t rows = 0;
    bool ends = false;       ///< text or prompt end behind it: its last hidden state is wanted
    bool answering = false;  ///< a token of an answer, or the last one of a prompt by itself
    std::size_t entry = 0;   ///< in the pass
  };
  std::int64_t group_rows(std::int64_t most_rows) const;

  std::shared_ptr<const model::Model> model_;
  Grouping grouping_;
  HiddenSink sink_;
  std::int64_t done_ = 0;
  std::deque<Token> waiting_;
  std::deque<std::int64_t> ends_;  ///< tokens before which a group has to end, ascending
  std::int64_t prompt_end_ = -1;   ///< the last of them, where a prompt ends there
  bool stepping_ = false;          ///< what waits is a token of an answer
  Group group_;                    ///< the one that is in a pass
  std::vector<float> last_hidden_;
};

}  // namespace focusllm::context
