#include "eval/results_file.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

namespace focusllm::eval {
namespace {

constexpr int kMode = 0644;

}  // namespace

ResultsFile::ResultsFile(std::filesystem::path path)
    : path_(std::move(path)),
      descriptor_(::open(path_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, kMode)) {
  is_new_ = descriptor_ >= 0;
  if (!is_new_ && errno == EEXIST) descriptor_ = ::open(path_.c_str(), O_RDWR | O_CLOEXEC);
  if (descriptor_ < 0) fail_to("written");
  struct stat status = {};
  seekable_ = ::fstat(descriptor_, &status) == 0 && S_ISREG(status.st_mode);
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK)
    return;  // not all systems have locks
  ::close(descriptor_);
  fail("{}: another run is writing to it: give another file, or wait until that one is done", name());
}

ResultsFile::~ResultsFile() {
  if (is_new_ && size_ == 0) ::unlink(path_.c_str());
  ::close(descriptor_);
}

void ResultsFile::fail_to(const char* what) const {
  fail("{}: cannot be {}: {}", name(), what, std::strerror(errno));
}

std::string ResultsFile::read() {
  if (!seekable_) return "";
  std::ifstream file(path_, std::ios::binary);
  if (!file) fail_to("read");
  std::string text((std::istreambuf_iterator<char>(file)), {});
  size_ = text.size();
  ends_line_ = text.empty() || text.back() == '\n';
  return text;
}

void ResultsFile::append(std::string_view text) {
  const std::string line = (ends_line_ ? "" : "\n") + std::string(text);
  if (cut_ && ::ftruncate(descriptor_, static_cast<off_t>(size_)) != 0) fail_to("written");
  cut_ = false;
  for (std::size_t done = 0; done < line.size();) {
    const auto offset = static_cast<off_t>(size_ + done);
    const char* rest = line.data() + done;
    const std::size_t size = line.size() - done;
    const ssize_t written =
        seekable_ ? ::pwrite(descriptor_, rest, size, offset) : ::write(descriptor_, rest, size);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      const int error = errno;
      [[maybe_unused]] const int cut = ::ftruncate(descriptor_, static_cast<off_t>(size_));
      errno = error;
      fail_to("written");
    }
    done += static_cast<std::size_t>(written);
  }
  size_ += line.size();
  ends_line_ = true;
}

}  // namespace focusllm::eval
