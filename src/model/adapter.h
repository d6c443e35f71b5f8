#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "focusllm/gguf.h"
#include "model/low_rank.h"
#include "model/spec.h"
#include "tensor/block_type.h"

namespace focusllm::model {

/// What an adapter names its base model by (docs/adapters.md): 32 hexadecimal digits.
std::string weights_hash(const gguf::File& file);
/// The same as an adapter file says it; throws Error if the file is not an adapter of this kind.
std::string base_hash(const gguf::File& adapter);

/// Throws Error, with both hashes, unless the adapter was made for this model, whose weights have this hash.
void check_base(const gguf::File& adapter, const gguf::File& base, std::string_view hash);

/// Throws Error unless the file is a FocusLLM adapter whose tensors, by name and shape, are those of a model
/// of this specification. Reads no weights, so it comes before check_base.
void check_adapter(const gguf::File& adapter, const Spec& spec);

/// The candidates' weights in an adapter file that fits its model (check_adapter). The file outlives this.
class AdapterTensors {
 public:
  AdapterTensors(const gguf::File& adapter, const Arithmetic& arithmetic);

  /// The whole matrix in place of a tensor of the model, if the adapter has one.
  std::optional<BlockMatrix> whole(const std::string& name) const;
  /// A low-rank addition to it, to outputs from `first` on, if the adapter has one.
  std::optional<LowRank::Part> low_rank(const std::string& name, std::int64_t first) const;

 private:
  const gguf::File& file_;
  Arithmetic arithmetic_;
};

}  // namespace focusllm::model
