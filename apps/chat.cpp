#include <memory>
#include <optional>
#include <utility>

#include <CLI/CLI.hpp>

#include "answer_json.h"
#include "base/error.h"
#include "base/plain_text.h"
#include "base/utf8.h"
#include "command.h"
#include "dump.h"
#include "interrupt.h"
#include "line_editor.h"
#include "reading.h"
#include "terminal.h"

namespace focusllm::cli {
namespace {

/// Streams one answer. Ctrl-C ends the answer only and the conversation goes on; but while the texts are
/// still being read (with the first question, `starting`) it ends the program.
Answer answer_to(const std::string& question, bool starting, Reader& reader, const SessionFlags& flags) {
  CancelToken stop;
  std::optional<InterruptScope> interrupt;
  if (starting)
    interrupt.emplace(reader.session());
  else
    interrupt.emplace(stop);
  AskOptions options = flags.ask_options();
  options.on_token = [&](const GeneratedToken& token) {
    if (starting) {
      interrupt.reset();
      interrupt.emplace(stop);
      starting = false;
    }
    if (!flags.json) out(token.text);
    return !stop.cancelled();
  };
  Answer answer = reader.ask(question, std::move(options));
  if (stop.cancelled()) err("\n(stopped)");
  return answer;
}

void answer_all(Reader& reader, const SessionFlags& flags) {
  LineEditor editor;
  bool starting = true;
  while (const auto line = editor.read()) {
    if (line->find_first_not_of(" \t") == std::string::npos) continue;
    if (const auto place = find_invalid_utf8(*line)) {
      err_line(fmt::format("the question is not valid UTF-8 at byte {}; type it again", *place));
      continue;
    }
    if (!reader.fits(*line)) continue;
    const Answer answer = answer_to(*line, std::exchange(starting, false), reader, flags);
    out(flags.json ? dump(answer_json(reader.session(), answer, reader.texts())) + "\n" : "\n");
    if (!flags.json) reader.show_citations(answer);
    reader.show_timings(answer);
  }
}

void chat(const SessionFlags& flags) {
  flags.model.require_path();
  check_utf8(flags.turns.system, "the system message");
  if (std::find(flags.files.begin(), flags.files.end(), "-") != flags.files.end())
    throw UsageError("chat reads the questions from standard input: give the text as a file");
  const std::vector<Document> documents = read_documents(flags.files);
  Reader reader(flags);
  reader.read(documents, "");
  if (stdin_is_terminal()) err("Ask about the text. Ctrl-C stops an answer, Ctrl-D ends the program.\n");
  answer_all(reader, flags);
  if (stdin_is_terminal()) err("\n");
}

constexpr const char* kChatExamples = R"(
Questions are lines on standard input; on a terminal with editing and a history
($XDG_STATE_HOME/focusllm/history or ~/.local/state/focusllm/history, readable by you only).
With --json every answer is one object on one line. A question that does not fit the model any more (--method full)
is left out; the answers to those before it stay.

Examples:
  focusllm chat -m model.gguf -f manual.txt -f errata.txt
  focusllm chat -m model.gguf --text manual.txt                          # after focusllm read
  focusllm chat -m model.gguf -f log.txt --json < questions.txt)";

}  // namespace

void add_chat(CLI::App& app) {
  auto flags = std::make_shared<SessionFlags>();
  CLI::App* command =
      app.add_subcommand("chat", "Read texts once, then answer any number of questions about them");
  flags->add_to(*command);
  command->footer(kChatExamples);
  command->callback([flags] { chat(*flags); });
}

}  // namespace focusllm::cli
