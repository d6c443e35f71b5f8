// Questions that are typed on a terminal, in whatever locale the program is started.
#include <cstdlib>
#include <filesystem>
#include <future>
#include <thread>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <poll.h>
#include <unistd.h>

#include "process.h"

namespace focusllm::cli_test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

/// The side of a pseudo terminal on which somebody types.
class Terminal {
 public:
  Terminal() : descriptor_(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)) {
    if (descriptor_ < 0 || ::grantpt(descriptor_) != 0 || ::unlockpt(descriptor_) != 0)
      throw std::runtime_error("posix_openpt");
  }
  ~Terminal() { hang_up(); }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  std::string name() const { return ::ptsname(descriptor_); }
  /// The program's next read is the end of its input.
  void hang_up() {
    if (descriptor_ >= 0) ::close(descriptor_);
    descriptor_ = -1;
  }
  /// Waits for the prompt, for a minute at most, then types.
  void answer_prompt(const std::string& keys) {
    std::string shown;
    for (pollfd reading = {descriptor_, POLLIN, 0};
         shown.find("> ") == std::string::npos && ::poll(&reading, 1, 60000) > 0;) {
      char bytes[4096];
      const ssize_t got = ::read(descriptor_, bytes, sizeof bytes);
      if (got <= 0) break;
      shown.append(bytes, static_cast<std::size_t>(got));
    }
    EXPECT_EQ(::write(descriptor_, keys.data(), keys.size()), static_cast<ssize_t>(keys.size())) << shown;
  }

 private:
  int descriptor_;
};

/// A folder that lives as long as this.
struct TemporaryFolder {
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "focusllm-cli-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
    path = name;
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  std::filesystem::path path;
};

/// The answer to a question that is typed, as JSON. `environment`: assignments, as of env.
json chat(const std::string& model, const std::string& question, const std::string& environment) {
  Terminal terminal;
  const TemporaryFile answer("");
  const std::string command = "env -u LC_ALL -u LC_CTYPE -u LANG TERM=dumb " + environment +
                              " " FOCUSLLM_PROGRAM + " chat -n 1 --json -m '" + model + "' <" +
                              terminal.name() + " 2>" + terminal.name() + " >" + answer.path();
  auto ended = std::async(std::launch::async, [&] { return std::system(command.c_str()); });
  terminal.answer_prompt(question + "\n");
  for (int wait = 0; wait < 600 && std::filesystem::file_size(answer.path()) == 0; ++wait)
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  terminal.hang_up();
  EXPECT_EQ(ended.get(), 0);
  const std::string text = read_file(answer.path());
  return json::accept(text) ? json::parse(text) : json{{"prompt_tokens", -1}};
}

TEST(Terminal, LettersArriveInEveryLocale) {
  MODEL_OR_SKIP(model);
  const std::string question = "Grüße: 日本?";
  const json piped = json::parse(run({"chat", "-m", model, "-n", "1", "--json"}, question + "\n").out);
  for (const std::string locale : {"LC_ALL=C", "LC_ALL=POSIX", "LC_ALL=no_SUCH.UTF-8", "LANG=C.UTF-8", ""}) {
    const TemporaryFolder state;
    const std::string environment = "XDG_STATE_HOME=" + state.path.string() + " " + locale;
    for (int time = 0; time < 2; ++time) {
      EXPECT_EQ(chat(model, question, environment).at("prompt_tokens"), piped.at("prompt_tokens")) << locale;
      EXPECT_THAT(read_file(state.path / "focusllm/history"), HasSubstr("Grüße:\\040日本?\n")) << locale;
    }
  }
}

}  // namespace
}  // namespace focusllm::cli_test
