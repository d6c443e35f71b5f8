#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "memory/kv_rows.h"

namespace focusllm::memory {

/// What the keys and values of a text follow from, beside its tokens. Who has the same gets the same, up to
/// the rounding of another instruction set (Segment::isa()). Adapters are not among it: they change
/// candidates, never the ordinary rows of a text.
struct EncoderIdentity {
  std::string weights;             ///< their hash (model::weights_hash); empty: nobody has read all of them
  std::uint64_t model_number = 0;  ///< stands for the weights in this process where their hash is not known
  std::string spec;                ///< what goes in of the model's metadata: sizes, norms, RoPE, windows
  std::string products;            ///< number types of the matrix products
  KvType kv_type = KvType::bf16;
  int version = 0;  ///< of the way all this is computed

  bool operator==(const EncoderIdentity&) const = default;
};

/// What a segment is the encoding of. Compared as a whole; the hash only finds it.
struct SegmentKey {
  EncoderIdentity encoder;
  std::vector<std::int32_t> tokens;

  std::string hash() const;
  std::int64_t bytes() const;
  bool operator==(const SegmentKey&) const = default;
};

}  // namespace focusllm::memory
