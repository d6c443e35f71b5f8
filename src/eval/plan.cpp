#include "eval/plan.h"

#include "base/hash.h"

namespace focusllm::eval {

std::string NamedText::label() const {
  constexpr std::size_t kDigits = 8;
  return name + " " + content_hash(std::as_bytes(std::span(text))).substr(0, kDigits);
}

}  // namespace focusllm::eval
