#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <utility>
#include <vector>

#include "attention/partial.h"
#include "base/memory.h"
#include "memory/kv_layout.h"
#include "memory/saver.h"

namespace focusllm::memory {

/// Keys or values of a growing sequence of tokens, in pages of equal size, each one side of a KvLayout. Rows
/// are converted as they come (kv_rows.h). A copy shares the pages; who appends to a shared one, or to one
/// that was loaded, takes a page of its own first.
class PagedRows {
 public:
  PagedRows(const HeadShape& shape, KvType type, std::int64_t page_tokens)
      : layout_(shape, type, page_tokens) {}
  /// rows [count, kv_heads * dim], `stride` floats apart.
  void append(const float* rows, std::int64_t stride, std::int64_t count);
  /// Frees every page that lies wholly before `token`. Tokens keep their numbers.
  void drop_before(std::int64_t token);

  std::int64_t count() const { return count_; }                    ///< tokens appended so far
  std::int64_t first() const { return dropped_ * page_tokens(); }  ///< first token that may still be there
  std::int64_t page_tokens() const { return layout_.capacity(); }
  const std::byte* page(std::int64_t index) const {
    return pages_[static_cast<std::size_t>(index - dropped_)]->data();
  }
  /// Reads a token's row of one head back as floats: out [dim].
  void read(std::int64_t token, int kv_head, float* out) const;

  const KvLayout& layout() const { return layout_; }
  KvType type() const { return layout_.type(); }
  const HeadShape& shape() const { return layout_.shape(); }
  std::int64_t bytes() const;

  /// All pages that are there; of a page that is not full, what is not used is zero.
  void save(Saver& saver) const;
  /// In the place of what is held: what others of this layout saved. Throws Error if it is of another one.
  void load(Loader& loader);

 private:
  /// Memory of its own, or bytes that somebody else keeps.
  class Page {
   public:
    explicit Page(const KvLayout& layout);
    explicit Page(std::shared_ptr<const std::byte> kept) : kept_(std::move(kept)) {}
    const std::byte* data() const { return kept_ ? kept_.get() : own_.data(); }
    std::byte* own() { return kept_ ? nullptr : own_.data(); }
    /// In memory of its own.
    std::shared_ptr<Page> copy(const KvLayout& layout) const;

   private:
    AlignedBuffer<std::byte> own_;
    std::shared_ptr<const std::byte> kept_;
  };
  /// The page as one that nobody else holds.
  std::byte* own_page(std::size_t index);
  std::int64_t pages_together() const;
  SavedPiece piece(std::int64_t begin, std::int64_t end) const;

  KvLayout layout_;
  std::int64_t count_ = 0;
  std::int64_t dropped_ = 0;  ///< pages freed at the front
  std::deque<std::shared_ptr<Page>> pages_;
};

/// The runs of tokens [begin, end), at positions equal to their numbers, of keys and values with equal pages.
/// Appends.
void add_runs(const PagedRows& keys, const PagedRows& values, std::int64_t begin, std::int64_t end,
              std::vector<attention::KvRun>& runs);

}  // namespace focusllm::memory
