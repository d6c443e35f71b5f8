#include <memory>

#include <CLI/CLI.hpp>

#include "answer_json.h"
#include "base/error.h"
#include "base/plain_text.h"
#include "command.h"
#include "dump.h"
#include "interrupt.h"
#include "reading.h"
#include "terminal.h"

namespace focusllm::cli {
namespace {

struct RunFlags {
  SessionFlags session;
  std::string prompt;
  int logprobs = 0;
};

/// The files, or standard input if nobody types there and no text is kept under a name that was given. An
/// empty standard input is no text as long as there is a prompt.
std::vector<Document> texts(const RunFlags& flags) {
  refuse_unread_input(flags.session.files, !flags.session.texts.empty());
  if (!flags.session.files.empty() || !flags.session.texts.empty())
    return read_documents(flags.session.files);
  if (stdin_is_terminal()) {
    if (flags.prompt.empty())
      throw UsageError(
          "nothing to do: give a text with -f FILE or on standard input, a question with -p, or both");
    return {};
  }
  Document document = read_text("-");
  if (document.text.empty() && !flags.prompt.empty()) return {};
  if (document.text.empty())
    fail("standard input is empty: give a text there or with -f FILE, or a question with -p");
  return {std::move(document)};
}

void check(const RunFlags& flags) {
  flags.session.model.require_path();
  check_utf8(flags.prompt, "the prompt (-p)");
  check_utf8(flags.session.turns.system, "the system message");
  const SessionFlags& session = flags.session;
  if (session.raw && !session.turns.system.empty())
    throw UsageError(
        "--raw has no place for a system message: leave out --sys or put its words in front of the text");
  if (session.raw && !session.turns.chat_template.empty())
    throw UsageError("--raw is without a chat template: leave out --raw or --chat-template");
  if (session.special && !session.raw)
    throw UsageError("--special is for texts that are given as they are: add --raw");
}

void run(const RunFlags& flags) {
  check(flags);
  const std::vector<Document> documents = texts(flags);
  Reader reader(flags.session);
  reader.read(documents, flags.prompt);

  AskOptions options = flags.session.ask_options();
  options.logprobs = flags.logprobs;
  if (!flags.session.json)
    options.on_token = [](const GeneratedToken& token) {
      out(token.text);
      return true;
    };
  const InterruptScope interrupt(reader.session());
  const Answer answer = reader.ask(flags.prompt, options);
  out(flags.session.json ? dump(answer_json(reader.session(), answer, reader.texts())) + "\n" : "\n");
  if (!flags.session.json) reader.show_citations(answer);
  reader.show_timings(answer);
}

constexpr const char* kRunExamples = R"(
The answer goes to standard output as it comes, everything else to standard error. A text that the model cannot
take in whole is never cut: it is read with focus or infllm, or refused with the reason.

Examples:
  focusllm run -m model.gguf -f book.txt -p "Who stole the ring?" --cite 3
  journalctl -b | focusllm run -m model.gguf -p "What failed, and when?"
  focusllm run -m model.gguf --text may.log --text june.log -p "What was new in June?"
  focusllm run -m model.gguf --text book.txt -p "Who stole the ring?"     # after focusllm read
  focusllm run -m model.gguf --raw -p "Once upon a time" -n 50 --temp 0.8
  focusllm run -m model.gguf --raw --special -p $'[INST] Who stole the ring?[/INST]'
  focusllm run -m model.gguf --raw -f start.txt --temp 0 --logprobs 5 --json)";

}  // namespace

void add_run(CLI::App& app) {
  auto flags = std::make_shared<RunFlags>();
  CLI::App* command =
      app.add_subcommand("run", "Read texts and answer a question about them, or continue them");
  command->add_option("-p,--prompt", flags->prompt, "The question; with --raw: what stands after the text")
      ->type_name("TEXT")
      ->group("Text");
  flags->session.add_to(*command);
  command->add_flag("--raw", flags->session.raw, "No chat template: the model continues the text as it is")
      ->group("Text");
  command
      ->add_flag("--special", flags->session.special,
                 "With --raw: names of control tokens in the text and the prompt become these tokens")
      ->group("Text");
  command
      ->add_option("--logprobs", flags->logprobs, "With --json: log-probabilities of the K likeliest tokens")
      ->check(CLI::Range(0, 1000))
      ->type_name("K")
      ->group("Output");
  command->footer(kRunExamples);
  command->callback([flags] { run(*flags); });
}

}  // namespace focusllm::cli
