#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gguf/value.h"
#include "tensor/block_type.h"

namespace focusllm::gguf {

struct KeyValue {
  std::string key;
  Value value;
};

/// A tensor in the mapped file. dims[0] runs fastest: a weight [out, in] has dims {in, out}.
struct Tensor {
  std::string name;
  BlockType type = BlockType::f32;
  std::vector<std::int64_t> dims;
  std::span<const std::byte> data;

  std::int64_t elements() const;
  /// As a matrix [dims[1], dims[0]], or [1, dims[0]]; throws Error if there are further dimensions other than
  /// 1.
  BlockMatrix matrix() const;
};

/// A GGUF model, version 2 or 3, memory-mapped, of one file or of all its parts (-00001-of-0000N.gguf).
/// A split model is opened by any of its parts and looks like one file: the first part's metadata without its
/// split.* keys, the tensors of all. Every count, length, offset and type is checked before it is used; a
/// broken file throws Error naming the key or tensor and the offset. Immutable, thread-safe; tensors and
/// strings are valid as long as the File lives. Format:
/// https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
class File {
 public:
  /// Throws Error, naming a part that is missing.
  static std::shared_ptr<const File> open(const std::filesystem::path& path);
  /// The same from memory, for the fuzzer and tests; `bytes` must outlive the File. A part of a split model
  /// is an error.
  static std::shared_ptr<const File> parse(std::span<const std::byte> bytes, std::string name);
  ~File();
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  const std::filesystem::path& path() const;
  std::uint32_t version() const;
  std::span<const KeyValue> metadata() const;
  std::span<const Tensor> tensors() const;

  /// Lets go of the memory of a part of a tensor that need not be read again soon (MappedFile::release).
  void release(std::span<const std::byte> part) const;

  /// Throws Error if a file on disk is no longer as it was opened (MappedFile::check_unchanged).
  void check_unchanged() const;

  const Value* find(std::string_view key) const;           ///< null if there is none
  const Tensor* find_tensor(std::string_view name) const;  ///< null if there is none
  const Tensor& tensor(std::string_view name) const;       ///< throws Error if there is none

  // Typed access. A missing key gives nothing; one of another kind or out of range throws Error.
  std::optional<std::int64_t> integer(std::string_view key) const;
  std::optional<double> number(std::string_view key) const;  ///< integers too
  std::optional<bool> boolean(std::string_view key) const;
  std::optional<std::string_view> string(std::string_view key) const;
  // The same, where the key must be there: throws Error naming it.
  std::int64_t require_integer(std::string_view key) const;
  double require_number(std::string_view key) const;
  std::string_view require_string(std::string_view key) const;
  bool is_array(std::string_view key) const;  ///< of any numbers or booleans
  // Arrays; empty if missing, Error if of another kind.
  std::span<const std::string_view> strings(std::string_view key) const;
  std::vector<double> numbers(std::string_view key) const;
  std::vector<std::int64_t> integers(std::string_view key) const;  ///< booleans too, as 0 and 1

 private:
  struct Impl;
  explicit File(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace focusllm::gguf
