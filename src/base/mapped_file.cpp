#include "base/mapped_file.h"

#include <cerrno>
#include <cstring>
#include <ctime>
#include <utility>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/mappings.h"

namespace focusllm {
namespace {

constexpr ::time_t kTimeStep = 2;  // seconds; FAT's

class Descriptor {
 public:
  // O_NONBLOCK: opening a named pipe must not wait for its writer.
  explicit Descriptor(const std::filesystem::path& path)
      : value_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {
    if (value_ < 0) fail("{}: cannot open: {}", path.string(), std::strerror(errno));
  }
  ~Descriptor() { ::close(value_); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return value_; }

 private:
  int value_;
};

struct stat regular_file_status(int descriptor, const std::filesystem::path& path) {
  struct stat status {};
  if (::fstat(descriptor, &status) != 0) fail("{}: cannot read: {}", path.string(), std::strerror(errno));
  if (S_ISDIR(status.st_mode)) fail("{}: is a folder, not a file", path.string());
  if (!S_ISREG(status.st_mode))
    fail("{}: is not a regular file, cannot be mapped into memory", path.string());
  if (status.st_size == 0) fail("{}: is empty", path.string());
  return status;
}

}  // namespace

MappedFile::MappedFile(const std::filesystem::path& path) : path_(path) {
  const Descriptor descriptor(path);
  status_ = regular_file_status(descriptor.get(), path);
  settled_ = ::time(nullptr) - status_.st_mtim.tv_sec > kTimeStep;
  const auto size = static_cast<std::size_t>(status_.st_size);
  void* address = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor.get(), 0);
  if (address == MAP_FAILED) fail("{}: cannot map {} bytes: {}", path.string(), size, std::strerror(errno));
  bytes_ = {static_cast<const std::byte*>(address), size};
  remember_mapping(bytes_, path.string());
}

MappedFile::~MappedFile() {
  if (bytes_.empty()) return;
  forget_mapping(bytes_);
  ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

void MappedFile::check_unchanged() const {
  struct stat now {};
  if (::stat(path_.c_str(), &now) != 0) return;
  const char* what = nullptr;
  if (now.st_ino != status_.st_ino || now.st_dev != status_.st_dev)
    what = "another file has taken its place";
  else if (now.st_size != status_.st_size || now.st_mtim.tv_sec != status_.st_mtim.tv_sec ||
           now.st_mtim.tv_nsec != status_.st_mtim.tv_nsec)
    what = "it was written to";
  if (what == nullptr) return;
  fail(
      "{}: {} since it was loaded, so that answers might come from other numbers: start again to load it as "
      "it is now",
      path_.string(), what);
}

std::string MappedFile::identity() const {
  return fmt::format("{}:{} {} {}.{:09} {}.{:09}\n", status_.st_dev, status_.st_ino, status_.st_size,
                     status_.st_mtim.tv_sec, status_.st_mtim.tv_nsec, status_.st_ctim.tv_sec,
                     status_.st_ctim.tv_nsec);
}

void MappedFile::release(std::span<const std::byte> part) const {
  const std::byte* end = bytes_.data() + bytes_.size();
  if (part.data() < bytes_.data() || part.data() + part.size() > end) return;
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  const auto first = static_cast<std::size_t>(part.data() - bytes_.data());  // the mapping begins at a page
  const std::size_t begin = (first + page - 1) / page * page;
  const std::size_t stop = (first + part.size()) / page * page;
  if (begin >= stop) return;
  ::madvise(const_cast<std::byte*>(bytes_.data()) + begin, stop - begin, MADV_DONTNEED);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : path_(std::move(other.path_)),
      status_(other.status_),
      settled_(other.settled_),
      bytes_(std::exchange(other.bytes_, {})) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(status_, other.status_);
  std::swap(settled_, other.settled_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

}  // namespace focusllm
