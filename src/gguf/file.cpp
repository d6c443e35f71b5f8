#include <algorithm>
#include <limits>

#include <fmt/ranges.h>

#include "base/error.h"
#include "focusllm/gguf.h"
#include "gguf/cursor.h"
#include "gguf/name_index.h"
#include "gguf/split.h"
#include "tensor/block_type.h"

namespace focusllm::gguf {

struct File::Impl {
  std::filesystem::path path;
  std::vector<MappedFile> maps;
  Part part;
  NameIndex keys;
  NameIndex tensors;

  Impl(std::filesystem::path file, std::vector<MappedFile> mapped, Part content)
      : path(std::move(file)), maps(std::move(mapped)), part(std::move(content)) {
    std::vector<std::string_view> names;
    for (const KeyValue& entry : part.metadata) names.push_back(entry.key);
    keys = NameIndex(names);
    names.clear();
    for (const Tensor& tensor : part.tensors) names.push_back(tensor.name);
    tensors = NameIndex(names);
    if (const auto name = tensors.duplicate(); !name.empty()) {
      fail("{}: tensor {} is in two parts: the files are mixed up", path.string(), quote_name(name));
    }
  }

  [[noreturn]] void reject_kind(std::string_view key, const Value& value, std::string_view expected) const {
    fail("{}: metadata key {}: {} is expected, but it is of the kind: {}", path.string(), quote_name(key),
         expected, value.kind());
  }
  [[noreturn]] void reject_missing(std::string_view key) const {
    fail("{}: metadata key {} is missing", path.string(), quote_name(key));
  }
};

File::File(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
File::~File() = default;

std::shared_ptr<const File> File::open(const std::filesystem::path& path) {
  Joined joined = open_joined(path);
  return std::shared_ptr<const File>(
      new File(std::make_unique<Impl>(path, std::move(joined.maps), std::move(joined.whole))));
}

std::shared_ptr<const File> File::parse(std::span<const std::byte> bytes, std::string name) {
  Part part = read_part(bytes, name);
  const SplitPlace place = split_place(part, name);
  if (place.count > 1)
    fail("{}: is part {} of {} of a model: open it from disk", name, place.index + 1, place.count);
  return std::shared_ptr<const File>(
      new File(std::make_unique<Impl>(std::move(name), std::vector<MappedFile>{}, std::move(part))));
}

const std::filesystem::path& File::path() const {
  return impl_->path;
}
std::uint32_t File::version() const {
  return impl_->part.version;
}
std::span<const KeyValue> File::metadata() const {
  return impl_->part.metadata;
}
std::span<const Tensor> File::tensors() const {
  return impl_->part.tensors;
}

void File::release(std::span<const std::byte> part) const {
  for (const MappedFile& map : impl_->maps) map.release(part);
}

void File::check_unchanged() const {
  for (const MappedFile& map : impl_->maps) map.check_unchanged();
}

std::string File::identity() const {
  std::string all;
  for (const MappedFile& map : impl_->maps) all += map.identity();
  return all;
}

bool File::settled() const {
  return std::all_of(impl_->maps.begin(), impl_->maps.end(), [](const auto& map) { return map.settled(); });
}

const Value* File::find(std::string_view key) const {
  const std::size_t index = impl_->keys.find(key);
  return index == NameIndex::none ? nullptr : &impl_->part.metadata[index].value;
}

const Tensor* File::find_tensor(std::string_view name) const {
  const std::size_t index = impl_->tensors.find(name);
  return index == NameIndex::none ? nullptr : &impl_->part.tensors[index];
}

const Tensor& File::tensor(std::string_view name) const {
  if (const Tensor* tensor = find_tensor(name)) return *tensor;
  fail("{}: tensor {} is missing", impl_->path.string(), quote_name(name));
}

std::optional<std::int64_t> File::integer(std::string_view key) const {
  const Value* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (const auto* integer = std::get_if<std::int64_t>(&value->data)) return *integer;
  const auto* natural = std::get_if<std::uint64_t>(&value->data);
  if (natural == nullptr) impl_->reject_kind(key, *value, "an integer");
  if (*natural > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    fail("{}: metadata key {}: {} is out of range", impl_->path.string(), quote_name(key), *natural);
  }
  return static_cast<std::int64_t>(*natural);
}

std::optional<double> File::number(std::string_view key) const {
  const Value* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (const auto* number = std::get_if<double>(&value->data)) return *number;
  if (const auto* integer = std::get_if<std::int64_t>(&value->data)) return static_cast<double>(*integer);
  if (const auto* natural = std::get_if<std::uint64_t>(&value->data)) return static_cast<double>(*natural);
  impl_->reject_kind(key, *value, "a number");
}

std::optional<bool> File::boolean(std::string_view key) const {
  const Value* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (const auto* flag = std::get_if<bool>(&value->data)) return *flag;
  impl_->reject_kind(key, *value, "a boolean");
}

std::optional<std::string_view> File::string(std::string_view key) const {
  const Value* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (const auto* text = std::get_if<std::string_view>(&value->data)) return *text;
  impl_->reject_kind(key, *value, "a string");
}

std::int64_t File::require_integer(std::string_view key) const {
  if (const auto value = integer(key)) return *value;
  impl_->reject_missing(key);
}

double File::require_number(std::string_view key) const {
  if (const auto value = number(key)) return *value;
  impl_->reject_missing(key);
}

std::string_view File::require_string(std::string_view key) const {
  if (const auto value = string(key)) return *value;
  impl_->reject_missing(key);
}

std::span<const std::string_view> File::strings(std::string_view key) const {
  const Value* value = find(key);
  if (value == nullptr) return {};
  if (const auto* strings = std::get_if<Value::Strings>(&value->data)) return *strings;
  impl_->reject_kind(key, *value, "an array of strings");
}

std::vector<double> File::numbers(std::string_view key) const {
  const Value* value = find(key);
  if (value == nullptr) return {};
  if (const auto* array = std::get_if<NumberArray>(&value->data)) return array->numbers();
  impl_->reject_kind(key, *value, "an array of numbers");
}

bool File::is_array(std::string_view key) const {
  const Value* value = find(key);
  return value != nullptr && std::holds_alternative<NumberArray>(value->data);
}

std::vector<std::int64_t> File::integers(std::string_view key) const {
  const Value* value = find(key);
  if (value == nullptr) return {};
  if (const auto* array = std::get_if<NumberArray>(&value->data)) {
    if (auto integers = array->integers()) return *std::move(integers);
  }
  impl_->reject_kind(key, *value, "an array of integers (of 64 bits at most)");
}

std::int64_t Tensor::elements() const {
  std::int64_t product = 1;
  for (const std::int64_t dim : dims) product *= dim;
  return product;
}

BlockMatrix Tensor::matrix() const {
  const bool flat = std::all_of(dims.begin() + std::min<std::ptrdiff_t>(std::ssize(dims), 2), dims.end(),
                                [](std::int64_t dim) { return dim == 1; });
  if (dims.empty() || !flat)
    fail("tensor {} is {}: a matrix or a vector is expected", quote_name(name),
         dims.empty() ? "a single number" : fmt::format("{}", fmt::join(dims, " x ")));
  return {type, data.data(), dims.size() >= 2 ? dims[1] : 1, dims[0]};
}

}  // namespace focusllm::gguf
