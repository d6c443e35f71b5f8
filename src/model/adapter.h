#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "gguf/file.h"
#include "model/low_rank.h"

namespace focusllm::model {

/// What an adapter names its base model by (docs/adapters.md): 32 hexadecimal digits.
std::string weights_hash(const gguf::File& file);
/// The same as an adapter file says it; throws Error if the file is not an adapter of this kind.
std::string base_hash(const gguf::File& adapter);

/// Throws Error, with both hashes, unless the adapter was made for this model, whose weights have this hash.
void check_base(const gguf::File& adapter, const gguf::File& base, std::string_view hash);

/// The candidates' weights in an adapter file, each checked against the base model's shape.
class AdapterTensors {
 public:
  /// The file outlives this. Throws Error when it is no FocusLLM adapter, or one for another architecture.
  AdapterTensors(const gguf::File& adapter, std::string_view architecture, ProductType type);

  /// The whole matrix in place of the base model's tensor `name`, if the adapter has one.
  std::optional<BlockMatrix> whole(const std::string& name, std::int64_t outputs, std::int64_t inputs);
  /// A low-rank addition to it, to outputs from `first` on, if the adapter has one.
  std::optional<LowRank::Part> low_rank(const std::string& name, std::int64_t outputs, std::int64_t inputs,
                                        std::int64_t first);
  /// Throws Error naming a tensor that nobody asked for: it would change nothing, in silence.
  void check_all_used() const;

 private:
  const gguf::Tensor* find(const std::string& name);
  BlockMatrix matrix(const gguf::Tensor& tensor, std::int64_t rows, std::int64_t cols) const;

  const gguf::File& file_;
  ProductType type_;
  double alpha_ = 0;  ///< 0: not given, as for whole matrices
  std::set<std::string, std::less<>> used_;
};

}  // namespace focusllm::model
