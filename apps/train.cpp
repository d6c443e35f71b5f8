#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <vector>

#include <CLI/CLI.hpp>
#include <unistd.h>

#include "base/error.h"
#include "command.h"

namespace focusllm::cli {
namespace {

constexpr const char* kTrainer = "focusllm-train";

/// The trainer beside this program.
std::filesystem::path trainer() {
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  return self.parent_path() / kTrainer;
}

/// The trainer takes this process over: its exit code and its signals are the command's own.
[[noreturn]] void become_trainer(std::vector<std::string> arguments) {
  const std::string program = trainer().string();
  if (!std::filesystem::exists(program))
    fail(
        "there is no trainer in this build ({} is missing): make train installs what it needs (libtorch-dev, "
        "libarchive-dev) "
        "and builds it",
        program);
  arguments.insert(arguments.begin(), "focusllm train");
  std::vector<char*> argv;
  for (auto& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  ::execv(program.c_str(), argv.data());
  fail("cannot start {}: {}; build it with make train", program, std::strerror(errno));
}

}  // namespace

void add_train(CLI::App& app) {
  CLI::App* command = app.add_subcommand(
      "train", "Train an adapter: the weights that let a model read long texts with FocusLLM");
  command->set_help_flag();  // everything behind `train` is the trainer's, --help as well
  command->prefix_command();
  command->callback([command] { become_trainer(command->remaining()); });
}

}  // namespace focusllm::cli
