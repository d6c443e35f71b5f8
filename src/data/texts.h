#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "focusllm/cancel.h"

namespace focusllm::data {

/// A text with a name that does not depend on where the files lie: the path within the folder or archive that
/// was given, or the file's own name.
struct Text {
  std::string name;
  std::string text;  ///< valid UTF-8 without byte order mark, not empty
};

/// What was left out: nothing is left out in silence.
class Skipped {
 public:
  void add(const std::string& reason, const std::string& name);
  std::int64_t count() const;
  /// "3 not valid UTF-8 (first: a.bin), 1 empty (first: b.txt)"; empty if there is nothing.
  std::string describe() const;

 private:
  struct Entry {
    std::int64_t count = 0;
    std::string first;
  };
  std::map<std::string, Entry> entries_;
};

struct TextOptions {
  std::string field = "text";                       ///< of a line of JSON
  std::int64_t most_bytes = std::int64_t{1} << 28;  ///< of one file or member; larger ones are left out
};

/// Hands over the texts of files and folders (with all that is in them), in the order of their names: text
/// files, JSON lines
/// (*.jsonl, *.ndjson: one text a line) and tar archives of both, each of them plain or compressed.
/// Throws Error for a path that is not there and an archive that is broken.
void read_texts(const std::vector<std::filesystem::path>& paths, const TextOptions& options,
                const CancelToken& cancel, Skipped& skipped, const std::function<void(Text)>& use);

}  // namespace focusllm::data
