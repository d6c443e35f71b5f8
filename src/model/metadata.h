#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "focusllm/gguf.h"

namespace focusllm::model {

/// The keys of a file that its architecture's name is in front of ("llama.block_count"). Every error names
/// the file and the key. The file outlives this.
class Metadata {
 public:
  explicit Metadata(const gguf::File& file)
      : file_(file), architecture_(file.require_string("general.architecture")) {}

  const gguf::File& file() const { return file_; }
  std::string path() const { return file_.path().string(); }
  const std::string& architecture() const { return architecture_; }
  /// A key as the file has it.
  std::string full(std::string_view key) const { return architecture_ + "." + std::string(key); }

  /// A size that must be there, from `low` to `high`.
  std::int64_t integer(std::string_view key, std::int64_t low, std::int64_t high) const;
  /// A size that follows from others where it is left out.
  std::int64_t integer_or(std::string_view key, std::int64_t other, std::int64_t low,
                          std::int64_t high) const;
  /// A number that is in the file, under any of some keys.
  std::optional<double> positive(std::initializer_list<std::string_view> keys) const;
  /// The same; what is missing is the architecture's own `constant`, where it has published one, or an error:
  /// a guess would change every number.
  double positive_known(std::initializer_list<std::string_view> keys, std::optional<double> constant) const;
  /// Throws Error unless the key is missing or 0: it would change every number, and nothing applies it.
  void refuse(std::string_view key, std::string_view says) const;

 private:
  std::int64_t checked(std::string_view key, std::int64_t value, std::int64_t low, std::int64_t high) const;

  const gguf::File& file_;
  std::string architecture_;
};

}  // namespace focusllm::model
