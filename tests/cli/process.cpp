#include "process.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <thread>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace focusllm::cli_test {
namespace {

using Clock = std::chrono::steady_clock;

std::array<int, 2> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("pipe");
  return ends;
}

std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> result;
  for (auto& string : strings) result.push_back(string.data());
  result.push_back(nullptr);
  return result;
}

void close_if_open(int& descriptor) {
  if (descriptor >= 0) ::close(descriptor);
  descriptor = -1;
}

/// The environment of this process without the variables that change what the program does.
std::vector<std::string> clean_environment(const std::vector<std::string>& more) {
  std::vector<std::string> result;
  for (char** variable = environ; *variable != nullptr; ++variable)
    if (!std::string(*variable).starts_with("FOCUSLLM_")) result.emplace_back(*variable);
  result.insert(result.end(), more.begin(), more.end());
  return result;
}

/// Appends what is there; closes the descriptor at the end of the stream.
void read_some(int& descriptor, std::string& text) {
  std::array<char, 65536> buffer{};
  const ssize_t got = ::read(descriptor, buffer.data(), buffer.size());
  if (got > 0)
    text.append(buffer.data(), static_cast<std::size_t>(got));
  else
    close_if_open(descriptor);
}

int exit_code(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

}  // namespace

Process::Process(const std::vector<std::string>& arguments) : Process(arguments, Streams{}) {}

Process::Process(const std::vector<std::string>& arguments, Streams streams) {
  std::signal(SIGPIPE, SIG_IGN);
  auto in = make_pipe();
  auto out = make_pipe();
  auto err = make_pipe();
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
  if (streams.output_to.empty())
    posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
  else
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, streams.output_to.c_str(), O_WRONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, err[1], STDERR_FILENO);

  std::vector<std::string> command = arguments;
  command.insert(command.begin(), FOCUSLLM_PROGRAM);
  std::vector<std::string> environment = clean_environment(streams.environment);
  const int failed = posix_spawn(&pid_, command.front().c_str(), &actions, nullptr, pointers(command).data(),
                                 pointers(environment).data());
  posix_spawn_file_actions_destroy(&actions);
  for (int* end : {&in[0], &out[1], &err[1]}) close_if_open(*end);
  input_ = in[1];
  output_ = out[0];
  error_ = err[0];
  if (failed != 0) throw std::runtime_error("cannot start " + command.front());
  if (::write(input_, streams.input.data(), streams.input.size()) < 0 && errno != EPIPE)
    throw std::runtime_error("cannot write to the program");
  if (!streams.keep_input_open) close_if_open(input_);
}

Process::~Process() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  for (int* end : {&input_, &output_, &error_}) close_if_open(*end);
}

void Process::signal(int number) const {
  ::kill(pid_, number);
}

void Process::write(const std::string& text) const {
  if (::write(input_, text.data(), text.size()) != std::ssize(text))
    throw std::runtime_error("cannot write to the program");
}

void Process::end_input() {
  close_if_open(input_);
}

bool Process::told(const std::string& text) {
  while (error_text_.find(text) == std::string::npos && error_ >= 0) read_some(error_, error_text_);
  return error_text_.find(text) != std::string::npos;
}

bool Process::running() const {
  siginfo_t info{};
  return ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
         info.si_pid == 0;
}

void Process::close_output() {
  close_if_open(output_);
}

Ended Process::wait(std::chrono::seconds limit) {
  Ended ended;
  ended.err = std::move(error_text_);
  const auto end = Clock::now() + limit;
  while (output_ >= 0 || error_ >= 0) {
    if (Clock::now() > end) ::kill(pid_, SIGKILL);
    std::array<pollfd, 2> streams = {pollfd{output_, POLLIN, 0}, pollfd{error_, POLLIN, 0}};
    ::poll(streams.data(), streams.size(), 100);
    if (streams[0].revents != 0) read_some(output_, ended.out);
    if (streams[1].revents != 0) read_some(error_, ended.err);
  }
  int status = 0;
  ::waitpid(pid_, &status, 0);
  pid_ = -1;
  ended.code = exit_code(status);
  return ended;
}

double Process::seconds_to_end(Ended& ended) {
  const auto start = Clock::now();
  ended = wait();
  return std::chrono::duration<double>(Clock::now() - start).count();
}

Ended run(const std::vector<std::string>& arguments, const std::string& input) {
  Process::Streams streams;
  streams.input = input;
  return Process(arguments, streams).wait();
}

TemporaryFile::TemporaryFile(const std::string& content) {
  std::string name = (std::filesystem::temp_directory_path() / "focusllm-cli-XXXXXX").string();
  const int descriptor = ::mkstemp(name.data());
  if (descriptor < 0) throw std::runtime_error("mkstemp");
  ::close(descriptor);
  path_ = name;
  std::ofstream(path_, std::ios::binary) << content;
}

TemporaryFile::~TemporaryFile() {
  std::filesystem::remove(path_);
}

std::string model_path() {
  const std::filesystem::path path =
      std::filesystem::path(FOCUSLLM_SOURCE_DIR) / "models" / "SmolLM2-135M-Instruct.Q4_1.gguf";
  return std::filesystem::exists(path) ? path.string() : std::string();
}

std::string read_file(const std::string& path,
                      const std::vector<std::pair<std::string, std::string>>& replaced) {
  // At once: letter by letter, a model takes twenty seconds under sanitizers.
  std::string bytes(std::filesystem::file_size(path), '\0');
  std::ifstream(path, std::ios::binary).read(bytes.data(), std::ssize(bytes));
  for (const auto& [from, to] : replaced) {
    const std::size_t at = bytes.find(from);
    if (at == std::string::npos || from.size() != to.size())
      throw std::runtime_error("cannot replace " + from);
    bytes.replace(at, to.size(), to);
  }
  return bytes;
}

bool is_one_line(const std::string& text) {
  return text.starts_with("focusllm: ") && std::count(text.begin(), text.end(), '\n') == 1 &&
         text.back() == '\n';
}

}  // namespace focusllm::cli_test
