#include "gguf/part.h"

#include <algorithm>

#include "gguf/cursor.h"
#include "gguf/metadata.h"
#include "gguf/tensor_layout.h"
#include "gguf/tensor_table.h"

namespace focusllm::gguf {
namespace {

constexpr std::uint64_t least_entry_bytes = 8 + 1 + 4 + 1;  // key length, key, type, value
constexpr std::uint64_t least_tensor_bytes =
    8 + 1 + 4 + 4 + 8;  // name length, name, dimensions, type, offset

void read_magic(Cursor& cursor) {
  const auto head = cursor.bytes().first(std::min<std::size_t>(cursor.remaining(), 12));
  const std::string_view text(reinterpret_cast<const char*>(head.data()), head.size());
  if (text.starts_with("GGUF")) {
    cursor.take(4);
    return;
  }
  if (text.starts_with("FUGG"))
    cursor.reject("a big-endian GGUF file: convert it for little-endian machines");
  if (text.starts_with("tjgg") || text.starts_with("lmgg") || text.starts_with("fmgg")) {
    cursor.reject("a GGML file from before GGUF: download or convert the model as GGUF");
  }
  if (text.starts_with("version http")) {
    cursor.reject("a Git LFS pointer, not the model itself: fetch it with `git lfs pull`");
  }
  cursor.reject("not a GGUF file (it starts with {})", quote_name(text));
}

std::uint32_t read_version(Cursor& cursor) {
  const std::size_t start = cursor.offset();
  const auto version = cursor.read<std::uint32_t>();
  if (version == 2 || version == 3) return version;
  if (version == 1)
    cursor.reject_at(start, "GGUF version 1 is too old: convert the model again (2 and 3 are read)");
  if (version != 0 && (version & 0xffffU) == 0) {
    cursor.reject_at(start, "a big-endian GGUF file: convert it for little-endian machines");
  }
  cursor.reject_at(start, fmt::format("GGUF version {} is not supported (2 and 3 are)", version));
}

std::uint64_t read_count(Cursor& cursor, std::uint64_t least_size, std::string_view what) {
  const std::uint64_t count = cursor.count(least_size, what);
  if (count > max_entries) cursor.reject("{} {}: more than any model has ({})", count, what, max_entries);
  return count;
}

std::uint64_t find_alignment(Cursor& cursor, const std::vector<KeyValue>& metadata) {
  for (const auto& [key, value] : metadata) {
    if (key != alignment_key) continue;
    const auto offset = static_cast<std::size_t>(value.encoded.data() - cursor.bytes().data());
    cursor.set_subject("metadata key " + quote_name(key));
    const auto* natural = std::get_if<std::uint64_t>(&value.data);
    const auto* integer = std::get_if<std::int64_t>(&value.data);
    if (natural == nullptr && integer == nullptr)
      cursor.reject_at(offset, fmt::format("an integer is expected, not a {}", value.kind()));
    if (integer != nullptr && *integer <= 0)
      cursor.reject_at(offset, fmt::format("the alignment {} is not a power of two", *integer));
    const std::uint64_t alignment = natural != nullptr ? *natural : static_cast<std::uint64_t>(*integer);
    try {
      check_alignment(alignment);
    } catch (const Error& error) {
      cursor.reject_at(offset, error.what());
    }
    return alignment;
  }
  return default_alignment;
}

/// Duplicates would make two readers of one file disagree.
void check_unique_keys(Cursor& cursor, const std::vector<KeyValue>& metadata) {
  std::vector<const KeyValue*> sorted;
  for (const KeyValue& entry : metadata) sorted.push_back(&entry);
  std::sort(sorted.begin(), sorted.end(), [](auto* a, auto* b) { return a->key < b->key; });
  const auto same =
      std::adjacent_find(sorted.begin(), sorted.end(), [](auto* a, auto* b) { return a->key == b->key; });
  if (same == sorted.end()) return;
  const std::byte* second = std::max((*same)->value.encoded.data(), (*(same + 1))->value.encoded.data());
  cursor.set_subject("metadata key " + quote_name((*same)->key));
  cursor.reject_at(static_cast<std::size_t>(second - cursor.bytes().data()), "the key is there twice");
}

}  // namespace

Part read_part(std::span<const std::byte> bytes, const std::string& file) {
  Cursor cursor(bytes, file);
  Part part;
  read_magic(cursor);
  part.version = read_version(cursor);
  const std::uint64_t tensors = read_count(cursor, least_tensor_bytes, "tensors");
  const std::uint64_t entries = read_count(cursor, least_entry_bytes, "metadata entries");
  part.metadata = read_metadata(cursor, entries);
  check_unique_keys(cursor, part.metadata);
  part.tensors = read_tensors(cursor, tensors, find_alignment(cursor, part.metadata));
  return part;
}

}  // namespace focusllm::gguf
