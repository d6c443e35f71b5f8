#include "memory/kv_pages.h"

#include <algorithm>
#include <atomic>
#include <cstring>

#include "attention/spread.h"

namespace focusllm::memory {
PageSide PagedRows::new_page() const {
  PageSide page;
  const std::int64_t slots = shape_.kv_heads * page_tokens_;
  page.data.resize(static_cast<std::size_t>(slots * shape_.dim * element_bytes(type_)));
  if (type_ == KvType::int8) page.scales.resize(static_cast<std::size_t>(slots));
  return page;
}

PageSide& PagedRows::own_page(std::size_t index) {
  std::shared_ptr<PageSide>& page = pages_[index];
  if (page.use_count() > 1) {
    page = std::make_shared<PageSide>(PageSide{page->data.copy(), page->scales.copy()});
  }
#ifndef __SANITIZE_THREAD__                             // which knows no fences
  std::atomic_thread_fence(std::memory_order_acquire);  // behind what others did before they let it go
#endif
  return *page;
}

void PagedRows::append(const float* rows, std::int64_t stride, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i, ++count_) {
    const std::int64_t page = count_ / page_tokens_ - dropped_;
    if (page == static_cast<std::int64_t>(pages_.size()))
      pages_.push_back(std::make_shared<PageSide>(new_page()));
    PageSide& side = own_page(static_cast<std::size_t>(page));
    store_row(shape_, type_, rows + i * stride, count_ % page_tokens_, page_tokens_, side.data.data(),
              side.scales.data());
  }
}

void PagedRows::drop_before(std::int64_t token) {
  while (!pages_.empty() && (dropped_ + 1) * page_tokens_ <= std::min(token, count_)) {
    pages_.pop_front();
    ++dropped_;
  }
}

void PagedRows::read(std::int64_t token, int kv_head, float* out) const {
  const PageSide& side = page(token / page_tokens_);
  const std::int64_t place = kv_head * page_tokens_ + token % page_tokens_;
  const std::byte* source = side.data.data() + place * shape_.dim * element_bytes(type_);
  switch (type_) {
    case KvType::f32:
      std::memcpy(out, source, static_cast<std::size_t>(shape_.dim) * sizeof(float));
      return;
    case KvType::bf16: {
      const auto* values = reinterpret_cast<const std::uint16_t*>(source);
      for (int i = 0; i < shape_.dim; ++i) out[i] = to_float(Bf16{values[i]});
      return;
    }
    case KvType::int8: {
      const auto* values = reinterpret_cast<const std::int8_t*>(source);
      const float scale = side.scales[static_cast<std::size_t>(place)];
      for (int i = 0; i < shape_.dim; ++i) out[i] = static_cast<float>(values[i]) * scale;
      attention::gather_heads(out, 1, shape_.dim, out);
      return;
    }
  }
}

std::int64_t PagedRows::bytes() const {
  return static_cast<std::int64_t>(pages_.size()) * page_tokens_ * row_bytes(shape_, type_);
}

void add_runs(const PagedRows& keys, const PagedRows& values, std::int64_t begin, std::int64_t end,
              std::vector<attention::KvRun>& runs) {
  const std::int64_t size = keys.page_tokens();
  const std::int64_t head_bytes = keys.shape().dim * element_bytes(keys.type());
  for (std::int64_t token = begin; token < end;) {
    const std::int64_t index = token / size;
    const std::int64_t slot = token % size;
    const std::int64_t count = std::min(end - token, size - slot);
    const PageSide& k = keys.page(index);
    const PageSide& v = values.page(index);
    const bool scaled = keys.type() == KvType::int8;
    runs.push_back({k.data.data() + slot * head_bytes, v.data.data() + slot * head_bytes,
                    scaled ? k.scales.data() + slot : nullptr, scaled ? v.scales.data() + slot : nullptr,
                    size, count, token});
    token += count;
  }
}

}  // namespace focusllm::memory
