#include "base/mappings.h"

#include <atomic>
#include <functional>
#include <mutex>

#include "base/mapped_file.h"
#include "base/utf8.h"

namespace focusllm {
namespace {

/// Entries are never freed, only used again: a signal handler may walk along them at any time, without a
/// lock.
struct Entry {
  std::atomic<const std::byte*> begin{nullptr};  ///< null: free
  std::atomic<std::size_t> size{0};
  std::string path;  ///< changed while the entry is free
  Entry* next = nullptr;
};

std::atomic<Entry*> entries{nullptr};
std::mutex changing;
static_assert(std::atomic<Entry*>::is_always_lock_free && std::atomic<std::size_t>::is_always_lock_free);

/// That of a mapping, or with null a free one; null if there is none.
Entry* find(const std::byte* begin) noexcept {
  Entry* entry = entries.load();
  while (entry != nullptr && entry->begin.load() != begin) entry = entry->next;
  return entry;
}

}  // namespace

void remember_mapping(std::span<const std::byte> bytes, const std::string& path) {
  const std::lock_guard lock(changing);
  Entry* entry = find(nullptr);
  if (entry == nullptr) {
    entry = new Entry;
    entry->next = entries.load();
    entries.store(entry);
  }
  entry->path = printable(path);
  entry->size.store(bytes.size());
  entry->begin.store(bytes.data());
}

void forget_mapping(std::span<const std::byte> bytes) noexcept {
  const std::lock_guard lock(changing);
  if (Entry* entry = find(bytes.data())) entry->begin.store(nullptr);
}

const char* mapped_file_at(const void* address) noexcept {
  const auto* place = static_cast<const std::byte*>(address);
  for (const Entry* entry = entries.load(); entry != nullptr; entry = entry->next) {
    const std::byte* begin = entry->begin.load();
    if (begin != nullptr && std::less_equal<>()(begin, place) &&
        std::less<>()(place, begin + entry->size.load()))
      return entry->path.c_str();
  }
  return nullptr;
}

}  // namespace focusllm
