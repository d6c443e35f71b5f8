#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include "context/focus/known_chunks.h"
#include "memory/saver.h"

namespace focusllm::context {

/// A chunk of a text: its place and what stands there.
struct TextChunk {
  std::int64_t first = 0;  ///< token of the text
  std::vector<std::int32_t> tokens;
  bool operator==(const TextChunk&) const = default;
};

/// Cuts a growing text into chunks and, where it ends for now, a local window behind them. Chunks begin every
/// `chunk - overlap` tokens. A whole one is cut once and for all; a short one, at the end, is cut anew where
/// the text goes on. Which chunks there are follows from the text and its ends, never from the pieces it
/// comes in. Knows tokens and sizes, nothing else.
///
/// Another version of a text is cut where the first one was (follow()), so that only chunks at a change are
/// others. What stands between two known chunks is cut evenly. Where that is less than half a chunk, the one
/// behind it goes with it: however often a text changes, no chunk begins less than half a chunk behind the
/// one before. At one place, a change costs the chunks that it touches, and two more at most.
class Chunker {
 public:
  /// In tokens: chunk > overlap >= 0, local >= 0.
  struct Sizes {
    std::int64_t chunk = 0;
    std::int64_t overlap = 0;  ///< of a chunk with the one before
    std::int64_t local = 0;    ///< of the window at the end
  };
  explicit Chunker(const Sizes& sizes) : sizes_(sizes) {}

  /// From here on the text is like one that was cut into these chunks, with the same sizes.
  void follow(std::vector<std::vector<std::int32_t>> chunks);
  bool follows() const { return known_.has_value(); }
  /// The text that was like it ends here: the chunks up to the last that is known, if any. What comes then is
  /// cut as any text.
  std::vector<TextChunk> end_following();
  /// The text goes on; behind an end, so does the window.
  void append(std::span<const std::int32_t> tokens);
  /// Chunks that are whole wherever the text ends, and not taken yet; none behind an end.
  std::int64_t certain() const;
  /// The next `count` of them.
  std::vector<TextChunk> take(std::int64_t count);
  /// The text ends here for now: the rest of its chunks, of which the last one may be short. The window is
  /// what follows them: `local` tokens, or all where there are no chunks.
  std::vector<TextChunk> end();
  /// Goes back to reading. Whether end() gave a short chunk: it counts no longer.
  bool go_on();
  bool ended() const { return window_begin_.has_value(); }
  /// The window, and what was appended since. Valid until the next call that is not const.
  std::span<const std::int32_t> window() const;

  std::int64_t tokens() const { return next_ + std::ssize(rest_); }
  /// Before an end.
  void save(memory::Saver& saver) const {
    saver.number(next_);
    saver.array(std::span<const std::int32_t>(rest_));
  }
  void load(memory::Loader& loader) {
    next_ = loader.number(0, std::numeric_limits<std::int64_t>::max());
    rest_ = loader.array<std::int32_t>();
  }
  /// Of them in chunks, each counted once.
  std::int64_t in_chunks() const;

 private:
  std::int64_t stride() const { return sizes_.chunk - sizes_.overlap; }
  std::optional<std::int64_t> step_to_known(std::int64_t first, std::int64_t most) const;
  TextChunk cut(std::int64_t first, std::int64_t tokens) const;
  void advance(std::int64_t tokens);

  Sizes sizes_;
  std::int64_t next_ = 0;           ///< token at which the next whole chunk begins, as those before did
  std::vector<std::int32_t> rest_;  ///< from there on
  std::optional<KnownChunks> known_;
  std::optional<std::int64_t> window_begin_;
};

}  // namespace focusllm::context
