#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "focusllm/cancel.h"

namespace focusllm::data {

/// A file, or one member of a tar archive.
struct Member {
  std::string name;        ///< of the member in its archive; empty: the file itself
  std::string bytes;       ///< empty if too large
  bool too_large = false;  ///< more bytes than were allowed
};

/// Unpacks a file in pieces: what is in a tar archive, or else the file itself, either of them plain or
/// compressed (gzip, bzip2, xz, zstd). No more than `most_bytes` of a member are held. Members that are no
/// regular files are left out. Throws Error naming the file and the member if it cannot be read to its end
/// (truncated, broken).
void read_members(const std::filesystem::path& path, std::int64_t most_bytes, const CancelToken& cancel,
                  const std::function<void(Member)>& use);

}  // namespace focusllm::data
