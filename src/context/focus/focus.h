#pragma once

#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "context/context.h"
#include "context/focus/chunk_encoder.h"
#include "context/focus/chunk_lanes.h"
#include "context/focus/chunker.h"

namespace focusllm::context {

/// FocusLLM (arXiv 2408.11745; methods.md section 1). The text is cut into chunks, each encoded alone; behind
/// each stands the end of the local window, whose last token, with the candidates' weights, is the chunk's
/// candidate. A chunk may begin with the end of the one before, so that no short fact is cut in two (not in
/// the paper). The candidates of all chunks stand in front of the local window, which predicts the next
/// token. Cost linear in the text; chunks are never encoded again.
///
/// Incremental: rows up to the prompt's last token see the candidates of that token, each later row those of
/// its own step, and its keys and values stay. Exact: the local window is computed anew whenever candidates
/// are.
///
/// A conversation goes on behind what is there while that is short; where text makes it grow by more than
/// kGrowth tokens, chunks and local window are cut anew at the end of what was read. An answer is not
/// interrupted for that, however long: its window is cut anew only where the trained positions run out.
class Focus final : public Context {
 public:
  Focus(const Options& options, std::shared_ptr<const model::Model> model);

  void append(std::span<const Token> tokens) override;
  void end_text() override;
  void end_prompt() override;
  void answer(Token token) override;
  bool plan(model::Pass& pass, std::int64_t most_rows) override;
  void took(const model::Pass& pass) override;
  std::span<const float> hidden() const override { return last_hidden_; }
  /// Rows of a prompt see candidates that know all of it, so that their hidden states predict nothing.
  void set_sink(HiddenSink sink) override;
  bool sees_ahead() const override { return true; }
  /// 0 where no position is left and cutting the window anew would not bring kGrowth tokens.
  std::int64_t room() const override;
  void save(memory::Saver& saver) const override;
  void load(memory::Loader& loader) override;
  bool follow(const Context& earlier) override;
  std::int64_t tokens() const override { return text_.tokens(); }
  std::int64_t done() const override;
  std::int64_t memory_bytes() const override;
  std::int64_t found() const override { return found_; }
  void start_citing() override;
  std::vector<Attended> attended() const override;
  /// Tokens at the end that are in no chunk.
  std::int64_t window_tokens() const { return std::ssize(text_.window()); }
  /// Null before the prompt ended, or when something was read since that will cut the window anew.
  const Candidates* candidates() const { return window_ ? &window_->candidates : nullptr; }
  /// Where its chunks are looked for: its own store where none is shared.
  const memory::SegmentStore& chunk_store() const { return *options_.chunk_store; }

 private:
  struct Chunk {
    std::int64_t first;  ///< token of the conversation
    std::shared_ptr<const memory::Segment> encoded;
    std::int64_t tokens() const { return encoded->capacity(); }
  };
  /// The local window while it is cut: its tokens, and those behind each chunk, with BOS in front where the
  /// model wants it, and everything since.
  struct Window {
    Window(const model::Model& model, attention::KvType type, std::span<const Chunk> chunks);
    std::vector<Token> tokens, tail;
    std::vector<ChunkTail> tails;      ///< one for each chunk of another content
    std::vector<std::size_t> tail_of;  ///< [chunks]: where a chunk's is
    Candidates candidates;
    LocalWindow local;
    std::int64_t done = 0;  ///< rows of `tokens` that were computed
  };
  const model::Model& model() const { return *model_; }
  std::int64_t chunk_count() const { return static_cast<std::int64_t>(chunks_.size()); }

  std::int64_t positions_left() const;
  bool grown(std::int64_t more) const;
  void extend(std::span<const Token> tokens);
  void follow_known();
  std::int64_t longest_chunk() const;
  bool take_chunks();
  void encode(std::span<const TextChunk> chunks);
  void open();
  void close();

  bool window_done() const { return window_->done == std::ssize(window_->tokens); }
  void begin_prompt();
  void renew(std::span<const std::int64_t> chunks);
  void note_passages(std::span<const std::int64_t> chunks);
  bool adopt(ChunkTail& tail);
  void plan_tails(model::Pass& pass, std::int64_t most_rows);
  void plan_window(model::Pass& pass, std::int64_t most_rows);
  void settle_tails(const model::Pass& pass);

  Options options_;
  std::shared_ptr<const model::Model> model_;
  std::optional<ChunkEncoder> encoder_;
  Chunker text_;
  std::int64_t found_ = 0;
  std::vector<Chunk> chunks_;  ///< that were cut so far
  /// Chunks of an earlier version, while the text may still go on like it.
  std::vector<std::shared_ptr<const memory::Segment>> known_;
  std::optional<Window> window_;    ///< where the text ended
  std::deque<ChunkTail*> waiting_;  ///< chunks whose candidates are to be renewed
  /// What of the window is in the pass at hand.
  struct Planned {
    std::vector<std::pair<ChunkTail*, std::size_t>> tails;  ///< and their entries
    std::int64_t rows = 0;                                  ///< of the local window
    std::size_t entry = 0;
  } planned_;
  bool prompt_ended_ = false;  ///< all that is there is to be done
  std::int64_t steps_ = 0;     ///< since candidates were renewed
  Use use_ = Use::read;        ///< of the window's rows that are planned
  bool citing_ = false;
  std::vector<float> last_hidden_;
};

}  // namespace focusllm::context
