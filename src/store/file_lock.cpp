#include "store/file_lock.h"

#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/error.h"

namespace focusllm::store {
namespace {

int open_lock(const std::filesystem::path& path) {
  // One that may only be read can be locked as well.
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  return descriptor >= 0 ? descriptor : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
}

}  // namespace

FileLock::FileLock(const std::filesystem::path& path, Kind kind) : descriptor_(open_lock(path)) {
  if (descriptor_ < 0) fail("{}: cannot open: {}", path.string(), std::strerror(errno));
  while (::flock(descriptor_, kind == Kind::shared ? LOCK_SH : LOCK_EX) != 0) {
    if (errno == EINTR) continue;
    const int code = errno;
    ::close(std::exchange(descriptor_, -1));
    fail("{}: cannot lock: {}", path.string(), std::strerror(code));
  }
}

std::optional<FileLock> FileLock::try_lock(const std::filesystem::path& path, int operation) {
  const int descriptor = open_lock(path);
  if (descriptor < 0) return std::nullopt;
  FileLock lock(descriptor);
  if (::flock(descriptor, operation | LOCK_NB) != 0) return std::nullopt;
  return lock;
}

std::optional<FileLock> FileLock::try_alone(const std::filesystem::path& path) {
  return try_lock(path, LOCK_EX);
}

std::optional<FileLock> FileLock::try_shared(const std::filesystem::path& path) {
  return try_lock(path, LOCK_SH);
}

FileLock::~FileLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

FileLock::FileLock(FileLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

FileLock& FileLock::operator=(FileLock&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

}  // namespace focusllm::store
