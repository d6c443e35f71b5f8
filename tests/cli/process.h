#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <sys/types.h>

namespace focusllm::cli_test {

/// How the program ended, and what it had written.
struct Ended {
  int code = -1;  ///< exit code, or -signal
  std::string out, err;
};

/// A run of the program under test with its three streams.
class Process {
 public:
  struct Streams {
    std::string input;                     ///< what stands on standard input
    std::string output_to;                 ///< a file to write to instead of a pipe (/dev/full)
    bool keep_input_open = false;          ///< standard input does not end after `input`
    std::vector<std::string> environment;  ///< "NAME=value", besides what this process has
  };
  explicit Process(const std::vector<std::string>& arguments);
  Process(const std::vector<std::string>& arguments, Streams streams);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  void signal(int number) const;
  /// More on standard input (with keep_input_open).
  void write(const std::string& text) const;
  void end_input();
  /// Waits until standard error, from the beginning on, has this in it; false if the program ends before.
  bool told(const std::string& text);
  bool running() const;
  /// Stops listening to standard output, as `head` does.
  void close_output();
  /// Kills the program after `limit`.
  Ended wait(std::chrono::seconds limit = std::chrono::seconds(120));
  /// Seconds from now to the end.
  double seconds_to_end(Ended& ended);

 private:
  pid_t pid_ = -1;
  int input_ = -1;
  int output_ = -1;
  int error_ = -1;
  std::string error_text_;  ///< that was read while it ran
};

Ended run(const std::vector<std::string>& arguments, const std::string& input = "");

/// A file that lives as long as this.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& content);
  ~TemporaryFile();
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

/// The small model of `make demo`, or empty if it is not there.
std::string model_path();
/// A file's bytes, with texts replaced by others of the same length where they first stand: a model with a
/// key of its metadata renamed, say, is one without it.
std::string read_file(const std::string& path,
                      const std::vector<std::pair<std::string, std::string>>& replaced = {});
/// "focusllm: ... \n", and nothing else.
bool is_one_line(const std::string& text);

}  // namespace focusllm::cli_test

/// The path of the model as `name`; skips the test where it is missing.
#define MODEL_OR_SKIP(name)                                    \
  const std::string name = ::focusllm::cli_test::model_path(); \
  if (name.empty()) GTEST_SKIP() << "models/SmolLM2-135M-Instruct.Q4_1.gguf is missing (make model)"
