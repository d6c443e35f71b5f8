#include "memory/kv_pages.h"

#include <algorithm>
#include <atomic>

#include "base/ceil_div.h"

namespace focusllm::memory {

PagedRows::Page::Page(const KvLayout& layout) : own_(static_cast<std::size_t>(layout.side_bytes())) {
  layout.clear_gaps(own_.data());
}

std::shared_ptr<PagedRows::Page> PagedRows::Page::copy(const KvLayout& layout) const {
  auto copy = std::make_shared<Page>(layout);
  std::copy_n(data(), layout.side_bytes(), copy->own());
  return copy;
}

std::byte* PagedRows::own_page(std::size_t index) {
  std::shared_ptr<Page>& page = pages_[index];
  if (page.use_count() > 1 || page->own() == nullptr) page = page->copy(layout_);
#ifndef __SANITIZE_THREAD__                             // which knows no fences
  std::atomic_thread_fence(std::memory_order_acquire);  // behind what others did before they let it go
#endif
  return page->own();
}

void PagedRows::append(const float* rows, std::int64_t stride, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i, ++count_) {
    const std::int64_t page = count_ / page_tokens() - dropped_;
    if (page == std::ssize(pages_)) pages_.push_back(std::make_shared<Page>(layout_));
    layout_.store(rows + i * stride, count_ % page_tokens(), own_page(static_cast<std::size_t>(page)));
  }
}

void PagedRows::drop_before(std::int64_t token) {
  while (!pages_.empty() && (dropped_ + 1) * page_tokens() <= std::min(token, count_)) {
    pages_.pop_front();
    ++dropped_;
  }
}

void PagedRows::read(std::int64_t token, int kv_head, float* out) const {
  layout_.load(page(token / page_tokens()), kv_head, token % page_tokens(), out);
}

std::int64_t PagedRows::bytes() const {
  return std::ssize(pages_) * layout_.side_bytes();
}

/// Pages that are saved as one piece, unless the text ends within them: so that a text that grew has the same
/// pieces as before but for the last.
std::int64_t PagedRows::pages_together() const {
  constexpr std::int64_t kPiece = std::int64_t{4} << 20;
  return std::max<std::int64_t>(1, kPiece / layout_.side_bytes());
}

/// Pages [begin, end).
SavedPiece PagedRows::piece(std::int64_t begin, std::int64_t end) const {
  SavedPiece piece;
  const auto side = static_cast<std::size_t>(layout_.side_bytes());
  for (std::int64_t index = begin; index < end; ++index) {
    std::shared_ptr<const Page> page = pages_[static_cast<std::size_t>(index - dropped_)];
    const std::int64_t used = std::min(count_ - index * page_tokens(), page_tokens());
    if (used < page_tokens()) {
      const auto part = std::make_shared<Page>(layout_);
      std::fill_n(part->own(), side, std::byte{0});
      layout_.copy_side(page->data(), used, part->own());
      page = part;
    }
    piece.parts.emplace_back(page->data(), side);
    piece.keepers.push_back(std::move(page));
  }
  return piece;
}

void PagedRows::save(Saver& saver) const {
  saver.number(count_);
  saver.number(dropped_);
  const std::int64_t end = dropped_ + std::ssize(pages_), together = pages_together();
  for (std::int64_t begin = dropped_; begin < end;) {
    const std::int64_t next = std::min(end, (begin / together + 1) * together);
    saver.bytes(piece(begin, next));
    begin = next;
  }
}

void PagedRows::load(Loader& loader) {
  constexpr std::int64_t kMostTokens = std::int64_t{1} << 40;
  count_ = loader.number(0, kMostTokens);
  const std::int64_t end = ceil_div(count_, page_tokens());
  dropped_ = loader.number(0, end);
  pages_.clear();
  const std::int64_t together = pages_together();
  for (std::int64_t begin = dropped_; begin < end;) {
    const std::int64_t next = std::min(end, (begin / together + 1) * together);
    const auto bytes = loader.bytes(static_cast<std::size_t>((next - begin) * layout_.side_bytes()));
    for (std::int64_t index = begin; index < next; ++index) {
      pages_.push_back(std::make_shared<Page>(
          std::shared_ptr<const std::byte>(bytes, bytes.get() + (index - begin) * layout_.side_bytes())));
    }
    begin = next;
  }
}

void add_runs(const PagedRows& keys, const PagedRows& values, std::int64_t begin, std::int64_t end,
              std::vector<attention::KvRun>& runs) {
  const std::int64_t size = keys.page_tokens();
  for (std::int64_t token = begin; token < end;) {
    const std::int64_t index = token / size;
    const std::int64_t slot = token % size;
    const std::int64_t count = std::min(end - token, size - slot);
    runs.push_back(keys.layout().run(keys.page(index), values.page(index), slot, count, token));
    token += count;
  }
}

}  // namespace focusllm::memory
