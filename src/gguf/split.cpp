#include "gguf/split.h"

#include <iterator>
#include <string_view>

#include "base/error.h"
#include "gguf/cursor.h"
#include "gguf/metadata.h"

namespace focusllm::gguf {
namespace {

constexpr std::string_view index_key = "split.no";
constexpr std::string_view count_key = "split.count";
constexpr std::string_view tensors_key = "split.tensors.count";
constexpr std::int64_t max_parts = 99999;  // what the five digits of a file's name can say

/// A small non-negative integer of either signedness, or nothing if there is no such key.
std::optional<std::int64_t> small_integer(const Part& part, std::string_view key, const std::string& file) {
  for (const KeyValue& entry : part.metadata) {
    if (entry.key != key) continue;
    const auto* natural = std::get_if<std::uint64_t>(&entry.value.data);
    const auto* integer = std::get_if<std::int64_t>(&entry.value.data);
    const std::int64_t value = natural != nullptr   ? static_cast<std::int64_t>(*natural)
                               : integer != nullptr ? *integer
                                                    : -1;
    if (value >= 0 && value <= INT32_MAX) return value;
    fail("{}: metadata key {}: a small natural number is expected", file, quote_name(key));
  }
  return std::nullopt;
}

std::string split_suffix(std::int64_t index, std::int64_t count) {
  return fmt::format("-{:05}-of-{:05}.gguf", index + 1, count);
}

void check_place(const Part& part, SplitPlace expected, const std::string& file) {
  const SplitPlace place = split_place(part, file);
  if (place.index == expected.index && place.count == expected.count) return;
  fail("{}: is part {} of {} by its metadata, but {} of {} by its name: the files are mixed up", file,
       place.index + 1, place.count, expected.index + 1, expected.count);
}

void check_tensor_count(const Part& first, const Part& whole, const std::string& file) {
  const auto expected = small_integer(first, tensors_key, file);
  if (!expected || static_cast<std::size_t>(*expected) == whole.tensors.size()) return;
  fail("{}: {} is {}, but the parts have {} tensors: download them again", file, tensors_key, *expected,
       whole.tensors.size());
}

void append(Part& whole, Part part, const std::string& file) {
  whole.tensors.insert(whole.tensors.end(), std::make_move_iterator(part.tensors.begin()),
                       std::make_move_iterator(part.tensors.end()));
  if (whole.tensors.size() > max_entries) fail("{}: more than {} tensors up to here", file, max_entries);
}

MappedFile open_part(const std::filesystem::path& path, SplitPlace place) {
  if (!std::filesystem::exists(path)) {
    fail("{}: missing, part {} of {} of the model: put all parts in one folder", path.string(),
         place.index + 1, place.count);
  }
  return MappedFile(path);
}

Joined join_parts(const std::filesystem::path& any, SplitPlace known) {
  Joined joined;
  for (std::int64_t i = 0; i < known.count; ++i) {
    const SplitPlace place{i, known.count};
    const auto path = split_path(any, known, i);
    joined.maps.push_back(open_part(path, place));
    Part part = read_part(joined.maps.back().bytes(), path.string());
    check_place(part, place, path.string());
    if (i == 0) {
      joined.whole = std::move(part);
    } else {
      append(joined.whole, std::move(part), path.string());
    }
  }
  check_tensor_count(joined.whole, joined.whole, any.string());
  std::erase_if(joined.whole.metadata, [](const KeyValue& entry) { return entry.key.starts_with("split."); });
  return joined;
}

}  // namespace

SplitPlace split_place(const Part& part, const std::string& file) {
  const std::int64_t count = small_integer(part, count_key, file).value_or(1);
  const std::int64_t index = small_integer(part, index_key, file).value_or(0);
  if (count <= 1 && index == 0) return {};
  if (count > max_parts || index >= count)
    fail("{}: {} {} of {} {}", file, index_key, index, count_key, count);
  return {index, count};
}

std::filesystem::path split_path(const std::filesystem::path& any, SplitPlace place, std::int64_t index) {
  const std::string name = any.filename().string();
  const std::string suffix = split_suffix(place.index, place.count);
  if (!name.ends_with(suffix)) {
    fail("{}: is part {} of {} of a model, so its name must end in {} for the others to be found",
         any.string(), place.index + 1, place.count, suffix);
  }
  return any.parent_path() / (name.substr(0, name.size() - suffix.size()) + split_suffix(index, place.count));
}

Joined open_joined(const std::filesystem::path& path) {
  MappedFile map(path);
  Part part = read_part(map.bytes(), path.string());
  const SplitPlace place = split_place(part, path.string());
  if (place.count > 1) return join_parts(path, place);
  Joined joined;
  joined.maps.push_back(std::move(map));
  joined.whole = std::move(part);
  return joined;
}

}  // namespace focusllm::gguf
