#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace focusllm {

/// Bytes that are kept together, and who keeps them.
struct SavedPiece {
  std::vector<std::span<const std::byte>> parts;     ///< one behind the other
  std::vector<std::shared_ptr<const void>> keepers;  ///< of the parts' memory

  std::size_t size() const {
    std::size_t bytes = 0;
    for (const auto& part : parts) bytes += part.size();
    return bytes;
  }
};

/// What a session has read (Session::save), to go on from later and elsewhere (Session::restore). Pieces do
/// not change when the session goes on; of a text that grew, most are those of before. Each is best kept as
/// it is and given back in one part at a multiple of 64 bytes, in memory or as a mapped file; it is trusted
/// to be what it was: who keeps it compares a hash.
struct SavedSession {
  std::string encoder;   ///< what keys and values follow from beside text and settings (saved_encoder)
  std::string method;    ///< its name
  std::string settings;  ///< what the method and the chat template were told, in words
  std::vector<SavedPiece> pieces;
};

}  // namespace focusllm
