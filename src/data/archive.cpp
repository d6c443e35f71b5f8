#include "data/archive.h"

#include <array>
#include <memory>

#include <archive.h>
#include <archive_entry.h>

#include "base/error.h"

namespace focusllm::data {
namespace {

constexpr std::size_t kPiece = std::size_t{1} << 18;

class Reader {
 public:
  explicit Reader(const std::filesystem::path& path)
      : path_(path), archive_(archive_read_new(), archive_read_free) {
    if (!archive_) throw std::bad_alloc();
    archive_read_support_filter_gzip(get());
    archive_read_support_filter_bzip2(get());
    archive_read_support_filter_xz(get());
    archive_read_support_filter_zstd(get());
    archive_read_support_format_tar(get());
    archive_read_support_format_raw(get());    // anything else is one member
    archive_read_support_format_empty(get());  // a file of no bytes has no members
    check(archive_read_open_filename(get(), path.c_str(), kPiece), "");
  }

  /// False at the end.
  bool next() {
    const int status = archive_read_next_header(get(), &entry_);
    if (status == ARCHIVE_EOF) return false;
    check(status, "");
    return true;
  }

  bool regular() const { return archive_entry_filetype(entry_) == AE_IFREG; }

  std::string name() const {
    if (archive_format(archive_.get()) == ARCHIVE_FORMAT_RAW) return "";
    const char* name = archive_entry_pathname_utf8(entry_);
    if (name == nullptr) name = archive_entry_pathname(entry_);
    return name == nullptr ? "(no name)" : name;
  }

  Member member(std::int64_t most_bytes, const CancelToken& cancel) {
    Member member{name(), "", false};
    std::array<char, kPiece> piece;
    for (;;) {
      cancel.check();
      const la_ssize_t got = archive_read_data(get(), piece.data(), piece.size());
      if (got < 0) check(static_cast<int>(got), member.name);
      if (got <= 0) return member;
      if (static_cast<std::int64_t>(member.bytes.size()) + got > most_bytes) return {member.name, "", true};
      member.bytes.append(piece.data(), static_cast<std::size_t>(got));
    }
  }

 private:
  archive* get() const { return archive_.get(); }

  /// A warning is about attributes of a file (owner, times): nothing that is read here.
  void check(int status, const std::string& member) const {
    if (status == ARCHIVE_OK || status == ARCHIVE_WARN) return;
    const char* reason = archive_error_string(get());
    fail("cannot read {}{}: {}; is the file whole? (xz -t, gzip -t or tar -tf check it)", path_.string(),
         member.empty() ? "" : " (" + member + ")", reason == nullptr ? "broken archive" : reason);
  }

  std::filesystem::path path_;
  std::unique_ptr<archive, int (*)(archive*)> archive_;
  archive_entry* entry_ = nullptr;  ///< the archive's
};

}  // namespace

void read_members(const std::filesystem::path& path, std::int64_t most_bytes, const CancelToken& cancel,
                  const std::function<void(Member)>& use) {
  Reader reader(path);
  while (reader.next()) {
    cancel.check();
    if (reader.regular()) use(reader.member(most_bytes, cancel));
  }
}

}  // namespace focusllm::data
