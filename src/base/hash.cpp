#include "base/hash.h"

#include <memory>
#include <new>

#include <fmt/format.h>
#include <xxhash.h>

namespace focusllm {

std::string content_hash(std::span<const std::span<const std::byte>> pieces) {
  const std::unique_ptr<XXH3_state_t, decltype(&XXH3_freeState)> state(XXH3_createState(), XXH3_freeState);
  if (!state) throw std::bad_alloc();
  XXH3_128bits_reset(state.get());
  for (const auto& piece : pieces) XXH3_128bits_update(state.get(), piece.data(), piece.size());
  const XXH128_hash_t hash = XXH3_128bits_digest(state.get());
  return fmt::format("{:016x}{:016x}", hash.high64, hash.low64);
}

std::string content_hash(std::span<const std::byte> bytes) {
  return content_hash(std::span(&bytes, 1));
}

}  // namespace focusllm
