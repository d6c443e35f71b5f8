#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace focusllm {

/// Number types of tensors in a GGUF file; the values are the file's (ggml.h, enum ggml_type).
enum class BlockType : std::uint32_t {
  f32 = 0,
  f16 = 1,
  q4_0 = 2,
  q4_1 = 3,
  q5_0 = 6,
  q5_1 = 7,
  q8_0 = 8,
  q2_k = 10,
  q3_k = 11,
  q4_k = 12,
  q5_k = 13,
  q6_k = 14,
  iq4_nl = 20,
  iq4_xs = 23,
  bf16 = 30,
};

/// Name as llama.cpp prints it ("Q4_K"), elements in a block, and bytes that a block takes.
struct BlockTraits {
  std::string_view name;
  std::int64_t elements;
  std::int64_t bytes;
};

/// Nothing for a type that is not supported.
std::optional<BlockTraits> block_traits(std::uint32_t type);
BlockTraits block_traits(BlockType type);

struct BlockMatrix;

}  // namespace focusllm

namespace focusllm::gguf {

/// Types of metadata values; the numbers are the file's.
enum class ValueType : std::uint32_t {
  uint8 = 0,
  int8 = 1,
  uint16 = 2,
  int16 = 3,
  uint32 = 4,
  int32 = 5,
  float32 = 6,
  boolean = 7,
  string = 8,
  array = 9,
  uint64 = 10,
  int64 = 11,
  float64 = 12,
};

/// Bytes that a number or boolean takes in a file; nothing for strings, arrays and unknown types.
std::optional<std::size_t> number_size(ValueType type);

/// An array of numbers or booleans, left as it is in the mapped file and converted when asked for.
class NumberArray {
 public:
  /// `bytes` holds whole elements of `type`, which has a number_size(); booleans are 0 or 1.
  NumberArray(ValueType type, std::span<const std::byte> bytes);
  ValueType type() const { return type_; }
  std::size_t size() const;
  std::vector<double> numbers() const;
  /// Booleans as 0 and 1; nothing for floats and for an element beyond int64.
  std::optional<std::vector<std::int64_t>> integers() const;

 private:
  ValueType type_;
  std::span<const std::byte> bytes_;
};

/// A metadata value. What it refers to lives as long as its File.
struct Value {
  using Strings = std::vector<std::string_view>;  ///< views into the mapped file
  std::variant<std::uint64_t, std::int64_t, double, bool, std::string_view, Strings, NumberArray> data;
  /// Its type and value as they stand in the file, for copying.
  std::span<const std::byte> encoded;

  /// "integer", "array of strings"...: for error messages.
  std::string_view kind() const;
};

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
  /// MappedFile::identity of all files; empty for one from memory.
  std::string identity() const;
  bool settled() const;  ///< all files (MappedFile::settled)

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
