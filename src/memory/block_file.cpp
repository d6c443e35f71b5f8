#include "memory/block_file.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include <fcntl.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"

namespace focusllm::memory {
namespace {

int nameless_file(const std::filesystem::path& directory) {
  std::string path = (directory / "focusllm-blocks-XXXXXX").string();
  const int descriptor = ::mkostemp(path.data(), O_CLOEXEC);
  if (descriptor < 0) fail("{}: no file can be made there: {}", directory.string(), std::strerror(errno));
  ::unlink(path.c_str());
  return descriptor;
}

}  // namespace

BlockFile::BlockFile(const std::filesystem::path& directory, std::int64_t record_bytes)
    : directory_(directory), record_bytes_(record_bytes), descriptor_(nameless_file(directory)) {}

BlockFile::~BlockFile() {
  ::close(descriptor_);
}

void BlockFile::failed(const char* what, const std::string& why) const {
  fail("{}: the file of memory blocks cannot be {}: {}", directory_.string(), what, why);
}

void BlockFile::write(std::int64_t record, std::span<const std::byte> bytes) {
  auto place = static_cast<off_t>(record * record_bytes_);
  while (!bytes.empty()) {
    const ssize_t done = ::pwrite(descriptor_, bytes.data(), bytes.size(), place);
    if (done < 0 && errno == EINTR) continue;
    if (done < 0 && (errno == ENOSPC || errno == EDQUOT)) {
      failed("written", fmt::format("{} ({} left): make room, or name a folder on another disk with "
                                    "`cache_dir`",
                                    std::strerror(errno), format_bytes(free_disk(directory_))));
    }
    if (done < 0) failed("written", std::strerror(errno));
    bytes = bytes.subspan(static_cast<std::size_t>(done));
    place += done;
  }
}

void BlockFile::read(std::int64_t record, std::span<std::byte> bytes) const {
  auto place = static_cast<off_t>(record * record_bytes_);
  while (!bytes.empty()) {
    const ssize_t done = ::pread(descriptor_, bytes.data(), bytes.size(), place);
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) failed("read", std::strerror(errno));
    if (done == 0) failed("read", "it ends too early");
    bytes = bytes.subspan(static_cast<std::size_t>(done));
    place += done;
  }
}

std::int64_t free_disk(const std::filesystem::path& directory) {
  std::error_code error;
  const auto space = std::filesystem::space(directory, error);
  if (error) fail("{}: {}", directory.string(), error.message());
  return static_cast<std::int64_t>(space.available);
}

}  // namespace focusllm::memory
