#include "line_editor.h"

#include <cerrno>
#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <cwchar>
#include <filesystem>
#include <iostream>
#include <string_view>

#include <fcntl.h>
#include <histedit.h>
#include <langinfo.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "focusllm/cancel.h"
#include "interrupt.h"
#include "terminal.h"

namespace focusllm::cli {
namespace {

constexpr int kHistoryLines = 1000;

std::filesystem::path state_directory() {
  const char* state = std::getenv("XDG_STATE_HOME");
  if (state != nullptr && *state == '/') return std::filesystem::path(state) / "focusllm";
  const char* home = std::getenv("HOME");
  if (home != nullptr && *home == '/') return std::filesystem::path(home) / ".local/state/focusllm";
  return {};
}

/// The history file, made with mode 0600 before libedit writes to it; empty if it cannot be made.
std::string history_file() {
  const std::filesystem::path directory = state_directory();
  if (directory.empty()) return {};
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  const std::string path = directory / "history";
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (descriptor < 0) return {};
  const bool safe = ::fchmod(descriptor, 0600) == 0;
  ::close(descriptor);
  return safe ? path : std::string();
}

/// libedit takes characters by the locale's encoding: UTF-8 whatever the locale is (none in most containers),
/// and only characters, so that numbers stay as in C. False where the system has no such locale.
bool take_utf8() {
  for (const char* name : {"", "C.UTF-8", "en_US.UTF-8"})
    if (std::setlocale(LC_CTYPE, name) != nullptr && std::string_view(::nl_langinfo(CODESET)) == "UTF-8")
      return true;
  return false;
}

const char* prompt(EditLine*) {
  return "> ";
}

}  // namespace

struct LineEditor::Impl {
  Impl() : file(history_file()), edit(el_init("focusllm", stdin, stderr, stderr)), history(history_init()) {
    if (edit == nullptr || history == nullptr) throw std::bad_alloc();
    HistEvent event;
    ::history(history, &event, H_SETSIZE, kHistoryLines);
    ::history(history, &event, H_SETUNIQUE, 1);
    if (!file.empty()) ::history(history, &event, H_LOAD, file.c_str());
    el_set(edit, EL_CLIENTDATA, this);
    el_set(edit, EL_EDITOR, "emacs");
    el_set(edit, EL_PROMPT, prompt);
    el_set(edit, EL_HIST, ::history, history);
    el_set(edit, EL_GETCFN, &Impl::read_character);
    el_set(edit, EL_BIND, "^R", "em-inc-search-prev", nullptr);
  }
  ~Impl() {
    el_end(edit);  // gives the terminal back as it was
    history_end(history);
  }

  /// libedit's own would try again after a signal; this one ends the line.
  static int read_character(EditLine* edit, wchar_t* character) {
    Impl* self = nullptr;
    el_get(edit, EL_CLIENTDATA, &self);
    std::mbstate_t state = {};
    for (;;) {
      char byte = 0;
      const ssize_t got = ::read(STDIN_FILENO, &byte, 1);
      if (self->interrupted.cancelled()) return -1;
      if (got < 0 && errno == EINTR) continue;  // the window's size changed
      if (got <= 0) return static_cast<int>(got);
      const std::size_t size = std::mbrtowc(character, &byte, 1, &state);
      if (size == static_cast<std::size_t>(-1))
        state = {};
      else if (size != static_cast<std::size_t>(-2))
        return 1;
    }
  }

  void remember(const std::string& line) {
    if (line.find_first_not_of(" \t") == std::string::npos) return;
    HistEvent event;
    ::history(history, &event, H_ENTER, line.c_str());
    if (!file.empty()) ::history(history, &event, H_SAVE, file.c_str());
  }

  std::string file;
  EditLine* edit;
  History* history;
  CancelToken interrupted;
};

LineEditor::LineEditor() {
  // Without UTF-8 the terminal's own lines are better than a library that drops letters.
  if (stdin_is_terminal() && stderr_is_terminal() && take_utf8()) impl_ = std::make_unique<Impl>();
}

LineEditor::~LineEditor() = default;

std::optional<std::string> LineEditor::read() {
  std::string line;
  if (!impl_) {
    if (!std::getline(std::cin, line)) return std::nullopt;
    if (!line.empty() && line.back() == '\r') line.pop_back();
    return line;
  }
  const InterruptScope interrupt(impl_->interrupted);
  int count = 0;
  const char* text = el_gets(impl_->edit, &count);
  if (impl_->interrupted.cancelled()) throw Cancelled();
  if (text == nullptr || count <= 0) return std::nullopt;
  line = text;
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.pop_back();
  impl_->remember(line);
  return line;
}

}  // namespace focusllm::cli
