#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "context/full.h"
#include "context/recall/asking.h"
#include "context/recall/pieces.h"
#include "context/recall/spans.h"
#include "context/recall/surprise.h"
#include "context/recall/trail.h"

namespace focusllm::context {

/// Recall (methods.md section 7): a few heads read everything, by a part of the layers, and know where; the
/// places are read again by the whole model. A question goes behind the text through the same layers; its
/// queries at the chosen heads score all tokens; the best spans stand in front of it, as text, and the model
/// answers as it would a short prompt. The conversation is kept, and each question recalls anew.
///
/// What is said in several steps is found in several: the sentences that the question found are asked for in
/// turn, and lead on where another place has what only they name (Trail).
///
/// Whether the spans speak of the question: without them the model is asked the same, and a question whose
/// words are hardly less of a surprise behind the spans has no support in them.
class Recall final : public Context {
 public:
  Recall(const Options& options, std::shared_ptr<const model::Model> model);

  void append(std::span<const Token> tokens) override;
  void begin_text() override;
  void end_answer() override { asked_ = words_.size(); }
  void name_text(std::span<const Token> line) override { name_.assign(line.begin(), line.end()); }
  void end_text() override;
  void end_prompt() override;
  void mark_question(std::int64_t first, std::int64_t count) override;
  void answer(Token token) override;
  bool plan(model::Pass& pass, std::int64_t most_rows) override;
  void took(const model::Pass& pass) override;
  std::span<const float> hidden() const override { return shown_->hidden(); }
  void set_sink(HiddenSink sink) override;
  std::unique_ptr<Context> fork() const override { return std::make_unique<Recall>(*this); }
  bool put_before(const Context& earlier) override;
  void save(memory::Saver& saver) const override;
  void load(memory::Loader& loader) override;
  bool sees_ahead() const override { return true; }
  std::int64_t room() const override;
  std::int64_t tokens() const override;
  std::int64_t done() const override;
  std::int64_t memory_bytes() const override;
  std::vector<Attended> attended() const override;
  std::optional<bool> supported() const override;

 private:
  enum class State {
    reading,    ///< text, as it comes
    asking,     ///< the question goes behind it
    answering,  ///< spans and conversation
  };
  /// Hands the reader all of the text but its last tokens.
  void read_all_but(std::int64_t last);
  /// What the question that says nothing scores: once for a text, as far as it is not shown anyway.
  struct Plain {
    std::int64_t tokens = 0;  ///< of the text
    std::int64_t end = 0;     ///< of what was scored
    BlockScores scores;
  };
  bool plain_is_known() const;
  Scoring scoring() const;
  /// Asks the reader: first the question that says nothing, unless its scores are known, then the question,
  /// then for the sentences that were found.
  void begin_asking();
  void end_asking();
  void end_question(const BlockScores& scores, const BlockScores& fine);
  void end_clue(const BlockScores& scores, const BlockScores& fine);
  void check_room() const;
  /// The places that the queries looked at, in tokens of the text, the best first.
  std::vector<Span> find(const Combined& found) const;
  /// The sentence in a place that they looked at hardest.
  Span sentence_of(const Span& place, std::span<const float> fine) const;
  Choice choice() const;
  /// The prompt that the whole model answers, and the same without the text, to judge by.
  void show();
  /// The conversation behind `before`, whose rows tell how little the question was expected.
  Full told(const std::vector<Token>& before, std::shared_ptr<Surprise>& surprise) const;
  std::int64_t budget() const;
  std::span<const Token> ending() const;
  std::span<const Token> question() const;
  std::span<const Token> tokens_of(const Span& span) const;

  Options options_;
  std::shared_ptr<const model::Model> model_;
  std::vector<HeadGroup> groups_;
  Reader reader_;
  std::vector<Token> opening_;  ///< before the first text
  std::vector<Token> text_;
  Pieces pieces_;
  std::vector<Token> name_;   ///< of the text that is to begin
  std::vector<Token> words_;  ///< the conversation: all that is no text, but for the opening
  std::size_t asked_ = 0;     ///< words before the question at hand
  std::int64_t words_done_ = 0;
  std::int64_t earlier_ = 0;  ///< tokens of texts that others read
  std::int64_t unread_ = 0;   ///< tokens at the end of the text that the reader has not got
  bool in_text_ = false;
  State state_ = State::reading;
  Context* active_ = nullptr;  ///< whose rows are in a pass
  std::shared_ptr<const Plain> plain_;
  std::shared_ptr<Asking> asking_;  ///< null unless a question is being asked: no copy is made then
  std::size_t question_first_ = 0, question_count_ = 0;  ///< the question's own words, among all
  std::optional<Full> shown_, without_;                  ///< what answers; the same without the text
  std::shared_ptr<Surprise> surprise_, surprise_without_;
  Trail trail_;
};

}  // namespace focusllm::context
