#include "train/sample.h"

namespace focusllm::train {

std::string_view kind_name(Sample::Kind kind) {
  switch (kind) {
    case Sample::Kind::continuation:
      return "continuation";
    case Sample::Kind::repetition:
      return "repetition";
    case Sample::Kind::retrieval:
      return "retrieval";
  }
  return "unknown";
}

}  // namespace focusllm::train
