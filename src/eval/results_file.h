#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

namespace focusllm::eval {

/// A file that one process at a time appends lines to. Made if it is not there, and taken away again if
/// nothing was written to it.
class ResultsFile {
 public:
  /// Throws Error when it cannot be opened for writing, or another process has it open.
  explicit ResultsFile(std::filesystem::path path);
  ~ResultsFile();
  ResultsFile(const ResultsFile&) = delete;
  ResultsFile& operator=(const ResultsFile&) = delete;

  std::string name() const { return path_.string(); }
  /// All of it; nothing of what is no file, a pipe say.
  std::string read();
  /// The first append() takes away what stands behind the first `size` bytes.
  void keep(std::size_t size) {
    size_ = size;
    cut_ = ends_line_ = true;
  }
  /// Writes at the end, behind an end of line, and all of it or nothing. Throws Error.
  void append(std::string_view text);

 private:
  [[noreturn]] void fail_to(const char* what) const;

  std::filesystem::path path_;
  int descriptor_;
  bool seekable_ = false;
  bool is_new_ = false;
  std::size_t size_ = 0;   ///< of what is kept
  bool ends_line_ = true;  ///< whether that ends with an end of line
  bool cut_ = false;       ///< whether something stands behind it
};

}  // namespace focusllm::eval
