#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace focusllm::memory {
class ChunkStore;
}

namespace focusllm::context {

class TailStore;

/// What a method is told about how a text is kept. Sizes are in tokens; 0 = the method's own default for the
/// model (method.h).
struct Settings {
  std::string method = "full";  ///< one of method_names()
  std::int64_t local = 0;       ///< all but full: local window
  std::int64_t initial = 0;     ///< streaming, lm-infinite, infllm: first tokens that stay visible; -1: none
  std::int64_t block = 0;       ///< infllm: tokens in a memory block
  std::int64_t top_k = 0;       ///< infllm: memory blocks that a block of queries sees in reading
  std::int64_t answer_top_k = 0;     ///< infllm: the same for each token of the answer, where recall matters
  std::int64_t representatives = 0;  ///< infllm: keys averaged into a block's representative
  std::int64_t block_cache = 0;      ///< infllm: blocks of each layer in memory, the others in a file; 0: all
  std::string cache_dir;             ///< infllm: folder of that file; empty: TMPDIR, else /var/tmp
  bool evict_by_score = false;  ///< infllm: the block with the least attention makes room, not the oldest
  double score_decay = 0.9;     ///< infllm: what is left of that attention at the next choice
  bool parity = false;          ///< infllm: as the official code, which counts some keys twice in reading
  bool beyond_trained = false;  ///< full, focus: allowed past the trained context
  std::int64_t chunk = 0;       ///< focus: tokens in a chunk; dca: the largest distance between two tokens
  std::int64_t overlap = 0;     ///< focus: a chunk begins with so many tokens of the one before; -1: none
  std::int64_t tail = 0;        ///< focus: most tokens of the local window that stand behind each chunk
  std::int64_t refresh = 0;     ///< focus: tokens of an answer between two renewals of candidates
  std::int64_t renew = 0;       ///< focus: chunks renewed then, those looked at hardest
  bool exact = false;           ///< focus: the local window is computed anew with every renewal
  std::int64_t sharpen = 0;     ///< dca: logits are sharpened as for a text of so many tokens; 0: not
  std::shared_ptr<memory::ChunkStore> chunk_store;  ///< focus: encoded chunks that sessions share, or null
  std::shared_ptr<TailStore> tail_store;            ///< focus: what sessions put behind equal chunks, or null
};

}  // namespace focusllm::context
