#pragma once

#include <span>
#include <vector>

#include "attention/attend.h"
#include "memory/kv_pages.h"
#include "model/pass.h"

namespace focusllm::context {

/// Keys (rotated at true positions) and values of one layer's last tokens, or of all of them.
struct WindowCache {
  static constexpr std::int64_t kPage = 256;  ///< tokens that are let go of together, where nothing else says

  /// window: tokens that a query sees, 0 = all.
  WindowCache(const model::Spec& spec, attention::KvType type, std::int64_t window_tokens, std::int64_t page);

  /// Takes the rows' keys and values and lets go of those that no query from now on can see.
  void append(const model::LaneRows& rows, const float* rotated_keys);
  /// The rows' queries and everything held; valid until the next call.
  attention::Part part(const model::Spec& spec, const model::LaneRows& rows, const float* queries);
  /// The whole attention of a layer that sees its window and nothing else, at true positions: rows are
  /// stored, then attend.
  void attend(const model::Spec& spec, const model::LaneRows& rows, std::vector<attention::Block>& blocks);
  std::int64_t bytes() const { return keys.bytes() + values.bytes(); }
  void save(memory::Saver& saver) const;
  void load(memory::Loader& loader);

  std::int64_t window;
  memory::PagedRows keys, values;
  std::vector<attention::KvRun> runs;
  attention::Part whole;  ///< of the layer at hand, where it is all
};

/// What the caches of all layers hold.
std::int64_t bytes_of(std::span<const WindowCache> layers);
void save(std::span<const WindowCache> layers, memory::Saver& saver);
void load(std::span<WindowCache> layers, memory::Loader& loader);
/// What a window cache of `tokens` tokens needs in bytes.
std::int64_t window_bytes(const model::Spec& spec, attention::KvType type, std::int64_t window,
                          std::int64_t tokens);

/// The same for one cache of each layer, with the layer's own window.
std::int64_t layers_bytes(const model::Spec& spec, attention::KvType type, std::int64_t tokens);

}  // namespace focusllm::context
