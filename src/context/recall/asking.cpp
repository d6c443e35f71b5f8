#include "context/recall/asking.h"

namespace focusllm::context {

Asking::Asking(const Reader& reader, const model::Model& model, std::int64_t distance,
               std::span<const Token> question)
    : keys_(reader.keys()), queries_(keys_.heads(), model, distance), lane_(reader.asking(queries_)) {
  lane_->append(question);
  lane_->end_text();
}

}  // namespace focusllm::context
