#include "gguf/tensor_table.h"

#include <algorithm>

#include "gguf/tensor_layout.h"

namespace focusllm::gguf {
namespace {

/// A tensor's description: its place is relative to the data section.
struct Entry {
  Tensor tensor;
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
  std::size_t described_at = 0;

  std::uint64_t end() const { return offset + bytes; }
};

std::string subject(const Entry& entry) {
  return "tensor " + quote_name(entry.tensor.name);
}

std::vector<std::int64_t> read_dims(Cursor& cursor) {
  const auto count = cursor.read<std::uint32_t>();
  if (count > max_dims) cursor.reject("{} dimensions, more than {}", count, max_dims);
  std::vector<std::int64_t> dims(count);
  for (auto& dim : dims) dim = cursor.read<std::int64_t>();
  return dims;
}

BlockType read_type(Cursor& cursor) {
  const std::size_t start = cursor.offset();
  const auto type = cursor.read<std::uint32_t>();
  if (!block_traits(type)) {
    cursor.reject_at(start,
                     fmt::format("{} is not supported; F32, F16, BF16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q2_K to "
                                 "Q6_K, IQ4_NL and IQ4_XS are: take the model in one of these",
                                 type_name(type)));
  }
  return static_cast<BlockType>(type);
}

Entry read_entry(Cursor& cursor, std::uint64_t alignment) {
  Entry entry;
  entry.described_at = cursor.offset();
  entry.tensor.name = cursor.string(max_tensor_name);
  if (entry.tensor.name.empty()) cursor.reject_at(entry.described_at, "the name is empty");
  cursor.set_subject(subject(entry));
  const std::size_t dims_at = cursor.offset();
  entry.tensor.dims = read_dims(cursor);
  entry.tensor.type = read_type(cursor);
  try {
    entry.bytes = tensor_bytes(entry.tensor.type, entry.tensor.dims);
  } catch (const Error& error) {
    cursor.reject_at(dims_at, error.what());
  }
  const std::size_t offset_at = cursor.offset();
  entry.offset = cursor.read<std::uint64_t>();
  if (entry.offset % alignment != 0) {
    cursor.reject_at(offset_at,
                     fmt::format("its offset {} is not a multiple of {}", entry.offset, alignment));
  }
  return entry;
}

void check_unique_names(Cursor& cursor, const std::vector<Entry>& entries) {
  std::vector<const Entry*> sorted;
  for (const Entry& entry : entries) sorted.push_back(&entry);
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](auto* a, auto* b) { return a->tensor.name < b->tensor.name; });
  for (std::size_t i = 1; i < sorted.size(); ++i) {
    if (sorted[i - 1]->tensor.name != sorted[i]->tensor.name) continue;
    cursor.set_subject(subject(*sorted[i]));
    cursor.reject_at(sorted[i]->described_at, "the name is there twice");
  }
}

void check_ends(Cursor& cursor, const std::vector<Entry>& entries, std::uint64_t data_bytes) {
  for (const Entry& entry : entries) {
    if (entry.bytes <= data_bytes && entry.offset <= data_bytes - entry.bytes) continue;
    cursor.set_subject(subject(entry));
    cursor.reject_at(
        entry.described_at,
        fmt::format("its {} bytes at offset {} of the data end behind the file's ({} bytes); the file is "
                    "truncated: download it again",
                    entry.bytes, entry.offset, data_bytes));
  }
}

void check_overlaps(Cursor& cursor, const std::vector<Entry>& entries) {
  std::vector<const Entry*> sorted;
  for (const Entry& entry : entries) sorted.push_back(&entry);
  std::sort(sorted.begin(), sorted.end(), [](auto* a, auto* b) { return a->offset < b->offset; });
  for (std::size_t i = 1; i < sorted.size(); ++i) {
    if (sorted[i - 1]->end() <= sorted[i]->offset) continue;
    cursor.set_subject(subject(*sorted[i]));
    cursor.reject_at(sorted[i]->described_at, fmt::format("its bytes overlap those of tensor {}",
                                                          quote_name(sorted[i - 1]->tensor.name)));
  }
}

}  // namespace

std::vector<Tensor> read_tensors(Cursor& cursor, std::uint64_t count, std::uint64_t alignment) {
  std::vector<Entry> entries;
  for (std::uint64_t i = 0; i < count; ++i) {
    cursor.set_subject(fmt::format("tensor {} of {}", i + 1, count));
    entries.push_back(read_entry(cursor, alignment));
  }
  check_unique_names(cursor, entries);
  const std::uint64_t size = cursor.bytes().size();
  const std::uint64_t start = std::min(size, align_up(cursor.offset(), alignment));
  check_ends(cursor, entries, size - start);
  check_overlaps(cursor, entries);
  std::vector<Tensor> tensors;
  tensors.reserve(entries.size());
  for (Entry& entry : entries) {
    entry.tensor.data = cursor.bytes().subspan(start + entry.offset, entry.bytes);
    tensors.push_back(std::move(entry.tensor));
  }
  return tensors;
}

}  // namespace focusllm::gguf
