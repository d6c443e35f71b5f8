#include "text_input.h"

#include <algorithm>
#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/plain_text.h"
#include "terminal.h"

namespace focusllm::cli {
namespace {

constexpr int kPatienceMilliseconds = 2000;
constexpr int kUnreadMilliseconds = 200;  // for a pipe's first bytes, where nobody said that they count

class Descriptor {
 public:
  explicit Descriptor(int value) : value_(value) {}
  ~Descriptor() {
    if (value_ > STDERR_FILENO) ::close(value_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return value_; }

 private:
  int value_;
};

int open_input(const std::string& path) {
  if (path == "-") return STDIN_FILENO;
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0)
    fail("cannot open {}: {}; check the name and the permissions", path,
         std::generic_category().message(errno));
  return descriptor;
}

/// A program that waits for a pipe that nobody fills looks as if it hung: says so once.
void tell_if_waiting(int descriptor) {
  pollfd waiting = {descriptor, POLLIN, 0};
  if (::poll(&waiting, 1, kPatienceMilliseconds) == 0)
    err_line("waiting for the text on standard input (for no text: < /dev/null; for a file: -f FILE)");
}

std::string read_all(int descriptor, const std::string& name, std::size_t size_hint) {
  std::string text;
  std::size_t used = 0;
  for (;;) {
    if (used == text.size()) text.resize(std::max({used * 2, size_hint + 1, std::size_t{1} << 16}));
    const ssize_t got = ::read(descriptor, text.data() + used, text.size() - used);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0)
      fail("cannot read {}: {}; check the file and the disk", name, std::generic_category().message(errno));
    if (got == 0) break;
    used += static_cast<std::size_t>(got);
  }
  text.resize(used);
  return text;
}

}  // namespace

Document read_bytes(const std::filesystem::path& path) {
  const Descriptor input(open_input(path.string()));
  const bool standard = path == "-";
  const std::string name = standard ? "standard input" : path.string();
  struct stat status = {};
  if (::fstat(input.get(), &status) != 0)
    fail("cannot read {}: {}", name, std::generic_category().message(errno));
  if (S_ISDIR(status.st_mode)) fail("{} is a directory: give the files in it with -f, one by one", name);
  if (standard && !stdin_is_terminal()) tell_if_waiting(input.get());
  const std::size_t hint = S_ISREG(status.st_mode) ? static_cast<std::size_t>(status.st_size) : 0;
  return {name, read_all(input.get(), name, hint)};
}

Document read_text(const std::filesystem::path& path) {
  Document document = read_bytes(path);
  check_text(document.text, document.name);
  document.text.erase(0, document.text.size() - without_byte_order_mark(document.text).size());
  return document;
}

void refuse_unread_input(const std::vector<std::string>& paths, bool kept) {
  if ((paths.empty() && !kept) || std::ranges::find(paths, "-") != paths.end()) return;
  struct stat status = {};
  if (::fstat(STDIN_FILENO, &status) != 0) return;
  bool waits = S_ISREG(status.st_mode) && ::lseek(STDIN_FILENO, 0, SEEK_CUR) < status.st_size;
  if (S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode)) {
    pollfd input = {STDIN_FILENO, POLLIN, 0};
    int bytes = 0;
    waits = ::poll(&input, 1, kUnreadMilliseconds) > 0 && ::ioctl(STDIN_FILENO, FIONREAD, &bytes) == 0 &&
            bytes > 0;
  }
  if (waits)
    throw UsageError(
        "there is text on standard input beside the text: add -f - to read it too, or < /dev/null to leave "
        "it "
        "out");
}

std::string describe(const std::vector<Document>& documents) {
  constexpr std::size_t kNamed = 5;
  std::string names;
  std::int64_t bytes = 0;
  for (std::size_t i = 0; i < documents.size(); ++i) {
    bytes += std::ssize(documents[i].text);
    if (i < kNamed) names += (i == 0 ? "" : ", ") + documents[i].name;
  }
  if (documents.size() > kNamed) names += fmt::format(" and {} more", documents.size() - kNamed);
  return fmt::format("{} text{}, {}: {}", documents.size(), documents.size() == 1 ? "" : "s",
                     format_bytes(bytes), names);
}

std::vector<Document> read_documents(const std::vector<std::string>& paths) {
  if (std::ranges::count(paths, "-") > 1)
    throw UsageError("-f - is given twice: standard input can be read once");
  std::vector<Document> documents;
  for (const auto& path : paths) {
    Document document = read_text(path);
    if (document.text.empty()) fail("{} is empty: give a file with text in it", document.name);
    documents.push_back(std::move(document));
  }
  return documents;
}

}  // namespace focusllm::cli
