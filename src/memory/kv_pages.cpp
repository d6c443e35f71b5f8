#include "memory/kv_pages.h"

#include <algorithm>
#include <atomic>

namespace focusllm::memory {

std::byte* PagedRows::own_page(std::size_t index) {
  std::shared_ptr<Page>& page = pages_[index];
  if (page.use_count() > 1) page = std::make_shared<Page>(page->copy());
#ifndef __SANITIZE_THREAD__                             // which knows no fences
  std::atomic_thread_fence(std::memory_order_acquire);  // behind what others did before they let it go
#endif
  return page->data();
}

void PagedRows::append(const float* rows, std::int64_t stride, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i, ++count_) {
    const std::int64_t page = count_ / page_tokens() - dropped_;
    if (page == std::ssize(pages_))
      pages_.push_back(std::make_shared<Page>(static_cast<std::size_t>(layout_.side_bytes())));
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
