#include <chrono>
#include <filesystem>
#include <memory>
#include <system_error>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/memory.h"
#include "command.h"
#include "count_tokens.h"
#include "dump.h"
#include "interrupt.h"
#include "options.h"
#include "progress_line.h"
#include "store_flags.h"
#include "stored_json.h"
#include "terminal.h"
#include "text_input.h"

namespace focusllm::cli {
namespace {

struct ReadFlags {
  ModelFlags model;
  ContextFlags context;
  StoreFlags store;
  std::vector<std::string> files;
  std::string name;
  TurnFlags turns;
  bool raw = false;
  bool dry_run = false;
  bool json = false;
};

std::string name_of(const ReadFlags& flags) {
  std::string name = flags.name;
  if (name.empty() && flags.files.front() == "-")
    throw UsageError("a text from standard input needs a name: --name NAME");
  if (name.empty()) name = text_name_of(flags.files.front());
  check_text_name(name);
  return name;
}

/// What `auto` or the method that was asked for means for so many tokens.
ContextOptions decided(const Engine& engine, const ReadFlags& flags, std::int64_t tokens) {
  ContextOptions options = flags.context.options();
  if (options.method == "auto") options.method = automatic_method(engine, tokens);
  return options;
}

/// Reads, and tells of it.
class Command {
 public:
  explicit Command(const ReadFlags& flags)
      : flags_(flags), name_(name_of(flags)), documents_(read_documents(flags.files)) {}

  void run() {
    engine_ = flags_.model.load(!flags_.dry_run);
    for (const Document& document : documents_) tokens_ += count_tokens(engine_->tokenizer(), document.text);
    if (flags_.dry_run) return tell_need();
    const auto store = flags_.store.open();
    tell_if_too_large(store->folder());
    const auto start = std::chrono::steady_clock::now();
    const StoredText text = read(*store);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    tell(*store, text, seconds.count());
  }

 private:
  StoredText read(Store& store) {
    std::vector<SourceText> sources;
    for (const Document& document : documents_) sources.push_back({document.name, document.text});
    CancelToken cancel;
    const InterruptScope interrupt(cancel);
    ProgressLine progress("reading"), calibrating("calibrating");
    ReadOptions options;
    options.session.context = flags_.context.options();
    options.session.raw = flags_.raw;
    options.session.system = flags_.turns.system;
    options.session.chat_template = flags_.turns.chat_template;
    options.session.cancel = &cancel;
    options.session.on_progress = [&](const Progress& at) {
      calibrating.clear();
      progress.show(at);
    };
    options.session.on_calibration = [&](const Progress& at) { calibrating.show(at); };
    options.expected_tokens = tokens_ + kTemplateTokens;
    options.on_known = [&](const StoredText& known) { known_tokens_ = known.tokens; };
    options.on_found = [&](std::int64_t tokens) { found_tokens_ = tokens; };
    progress.expect(options.expected_tokens);
    try {
      return read_into(store, engine_, name_, sources, options);
    } catch (const Cancelled&) {
      progress.clear();
      tell_interrupted(store);
      throw;
    }
  }

  void tell_interrupted(const Store& store) const {
    const auto kept = store.find(name_, saved_encoder(*engine_), flags_.context.options().method);
    if (!kept || kept->complete) return;
    err_line(fmt::format("{} tokens of {} are kept: the same command goes on from there",
                         grouped(kept->tokens), name_));
  }

  void tell(const Store& store, const StoredText& text, double seconds) const {
    if (flags_.json) return out(dump(stored_json(text)) + "\n");
    const std::int64_t read = text.tokens - known_tokens_ - found_tokens_;
    if (read + found_tokens_ == 0) {
      out(fmt::format("{} was read before: {} tokens, by {}\n", name_, grouped(text.tokens), text.method));
    } else {
      out(fmt::format(
          "{}: {} tokens read in {} ({}){}{}, by {}; {} in {}\n", name_, grouped(read),
          format_seconds(seconds), format_rate(read, seconds),
          known_tokens_ > 0 ? fmt::format(" behind {} that were known", grouped(known_tokens_)) : "",
          found_tokens_ > 0 ? fmt::format(" beside {} in chunks that were known", grouped(found_tokens_))
                            : "",
          text.method, format_bytes(text.stored_bytes), store.folder().string()));
    }
    out(fmt::format("ask: focusllm run -m {} --text {} -p \"...\"\n", flags_.model.path, name_));
  }

  /// An estimate: less is written where the store has a part of it.
  void tell_if_too_large(const std::filesystem::path& folder) const {
    std::error_code failed;
    const std::filesystem::space_info disk = std::filesystem::space(folder, failed);
    const std::int64_t need = bytes_needed(decided(*engine_, flags_, tokens_ + kTemplateTokens));
    if (failed || static_cast<std::uintmax_t>(need) <= disk.available) return;
    err_line(fmt::format("warning: the text takes about {} in {}, where {} are free", format_bytes(need),
                         folder.string(), format_bytes(static_cast<std::int64_t>(disk.available))));
  }

  std::int64_t bytes_needed(const ContextOptions& options) const {
    std::int64_t bytes = saved_bytes(*engine_, options, tokens_ + kTemplateTokens);
    for (const Document& document : documents_) bytes += std::ssize(document.text);
    return bytes;
  }

  void tell_need() const {
    const ContextOptions options = decided(*engine_, flags_, tokens_ + kTemplateTokens);
    const std::int64_t bytes = bytes_needed(options);
    if (flags_.json) {
      const nlohmann::ordered_json json = {
          {"name", name_}, {"tokens", tokens_}, {"method", options.method}, {"bytes", bytes}};
      return out(dump(json) + "\n");
    }
    out(fmt::format("{}: {} tokens, by {}: about {} in {}\n", name_, grouped(tokens_), options.method,
                    format_bytes(bytes), flags_.store.path().string()));
  }

  const ReadFlags& flags_;
  std::string name_;
  std::vector<Document> documents_;
  std::shared_ptr<const Engine> engine_;
  std::int64_t tokens_ = 0;        ///< of the text, about
  std::int64_t known_tokens_ = 0;  ///< that needed not be read
  std::int64_t found_tokens_ = 0;  ///< of those behind them, likewise
};

constexpr const char* kReadExamples = R"(
What was read is kept on disk, and is asked about with "focusllm run --text NAME" or "focusllm chat --text NAME"
without reading it again. Files are one text, one after the other. A text that was read before is not read again; of
one to which something was appended, or whose reading was interrupted, only the rest is; and by focus, of one that
changed only what did.

Examples:
  focusllm read -m model.gguf book.txt
  focusllm read -m model.gguf part1.txt part2.txt --name novel
  journalctl -b | focusllm read -m model.gguf - --name boot
  focusllm run -m model.gguf --text novel -p "Who stole the ring?")";

}  // namespace

void add_read(CLI::App& app) {
  const auto flags = std::make_shared<ReadFlags>();
  CLI::App* command =
      app.add_subcommand("read", "Read a text once and keep it, to be asked about at any time");
  command->add_option("FILES", flags->files, "The text, UTF-8; - is standard input")
      ->required()
      ->type_name("FILE");
  command->add_option("--name", flags->name, "Name of the text; the (first) file's if not given")
      ->type_name("NAME")
      ->group("Text");
  flags->turns.add_to(*command);
  command->add_flag("--raw", flags->raw, "No chat template: for run --raw")->group("Text");
  command->add_flag("--dry-run", flags->dry_run, "Only say what the text would take")->group("Output");
  command->add_flag("--json", flags->json, "Print JSON")->group("Output");
  flags->model.add_to(*command);
  flags->context.add_to(*command);
  flags->store.add_to(*command, true);
  command->footer(kReadExamples);
  command->callback([flags] { Command(*flags).run(); });
}

}  // namespace focusllm::cli
