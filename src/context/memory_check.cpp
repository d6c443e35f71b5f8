#include "context/memory_check.h"

#include "base/error.h"
#include "base/memory.h"

namespace focusllm::context {
namespace {

constexpr std::int64_t kMemoryReserve = std::int64_t{192} << 20;

// The system's answer takes as long as a part of a layer does for one token, so it is asked for every so many
// tokens.
constexpr std::int64_t kTokensBetweenLooks = 64;

}  // namespace

void check_memory(std::int64_t tokens, std::int64_t more) {
  if (tokens > 0 && tokens / kTokensBetweenLooks == (tokens + more) / kTokensBetweenLooks) return;
  const std::int64_t left = available_memory();
  if (left >= kMemoryReserve) return;
  throw NotEnoughMemory(fmt::format(
      "memory is nearly full after {} tokens ({} left): give a shorter text, `kv_type` int8, or a "
      "machine with more",
      tokens, format_bytes(left)));
}

}  // namespace focusllm::context
