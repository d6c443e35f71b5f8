#include "focusllm/survey.h"

#include <algorithm>
#include <memory>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/plain_text.h"
#include "base/utf8.h"
#include "command.h"
#include "dump.h"
#include "interrupt.h"
#include "options.h"
#include "progress_line.h"
#include "terminal.h"
#include "text_input.h"

namespace focusllm::cli {
namespace {

using Json = nlohmann::ordered_json;

struct SurveyFlags {
  ModelFlags model;
  SamplingFlags sampling;
  StoreFlags store;
  std::string text;
  std::vector<std::string> files;
  std::string question;
  std::string merge;
  TurnFlags turns;
  std::string part;
  std::int64_t predict = 256;
  int at_once = 16;
  bool json = false;
};

/// The texts themselves: of files, or of one that is kept.
std::vector<Document> documents_of(const SurveyFlags& flags) {
  refuse_unread_input(flags.files, !flags.text.empty());
  if (flags.text.empty() == flags.files.empty())
    throw UsageError(
        "nothing to ask, or two things: give texts with -f FILE, or one that is kept with --text");
  if (!flags.files.empty()) return read_documents(flags.files);
  const auto store = flags.store.open();
  for (const StoredText& text : store->texts()) {
    if (text.name != flags.text || !text.complete) continue;
    std::vector<Document> documents;
    for (std::size_t i = 0; i < text.sources.size(); ++i)
      documents.push_back({text.sources[i].name, store->source(text, i)});
    return documents;
  }
  fail("no text \"{}\" in the store {}: focusllm store ls shows those that there are", flags.text,
       store->folder().string());
}

class Command {
 public:
  explicit Command(const SurveyFlags& flags) : flags_(flags) {
    flags.model.require_path();
    check_utf8(flags.question, "the question (-p)");
    check_utf8(flags.merge, "the question about the answers (--merge)");
    if (flags.question.empty()) throw UsageError("no question: give one with -p");
    options_.ask.max_tokens = flags.predict;
    options_.ask.sampling = flags.sampling.options();
    options_.session.system = flags.turns.system;
    options_.session.chat_template = flags.turns.chat_template;
    options_.at_once = flags.at_once;
    if (!flags.part.empty()) options_.part_tokens = parse_lengths({flags.part}, "--part", 1).front();
    documents_ = documents_of(flags);
    for (const Document& document : documents_) sources_.push_back({document.name, document.text});
  }

  void run() {
    const auto engine = flags_.model.load();
    CancelToken cancel;
    const InterruptScope interrupt(cancel);
    ProgressLine progress("asking");
    options_.session.cancel = &cancel;
    options_.on_progress = [&](const Progress& at) { progress.show(at); };
    options_.on_answer = [&](const PartAnswer& one) {
      progress.clear();
      tell(one);
      return true;
    };
    const std::vector<PartAnswer> all = survey(engine, sources_, flags_.question, options_);
    progress.clear();
    if (!flags_.merge.empty()) merge(engine, all);
  }

 private:
  void tell(const PartAnswer& one) const {
    const TextPart& part = one.part;
    const std::string& name = documents_[part.source].name;
    if (flags_.json) {
      const Json json = {
          {"document", name},          {"first_byte", part.first_byte},
          {"bytes", part.bytes},       {"first_line", part.first_line},
          {"answer", one.answer.text}, {"finish_reason", one.answer.stopped_at_end ? "stop" : "length"}};
      return out(dump(json) + "\n");
    }
    out(fmt::format("{}:{}: {}\n", printable(name), part.first_line, one.answer.text));
  }

  /// Once more over all answers.
  void merge(const std::shared_ptr<const Engine>& engine, const std::vector<PartAnswer>& all) const {
    if (all.empty()) return;
    const auto print = [this](const GeneratedToken& token) {
      if (!flags_.json) out(token.text);
      return true;
    };
    const Answer answer = merge_answers(engine, sources_, all, flags_.merge, options_, print);
    out(flags_.json ? dump({{"merged", answer.text}}) + "\n" : "\n");
  }

  const SurveyFlags& flags_;
  SurveyOptions options_;
  std::vector<Document> documents_;
  std::vector<SourceText> sources_;
};

constexpr const char* kSurveyExamples = R"(
The question goes to every part of the text by itself, and all parts' answers are decoded together. Questions that
count, list or compare over a whole text need this: "run" finds the places that speak of what is asked, but never all
places of a whole book. It takes as long as reading the text by the whole model. Answers come in the order of the
text, each with the file and the line where its part begins; with --json as one object a line.

Examples:
  focusllm survey -m model.gguf -f book.txt -p "List every person who is named in this part."
  focusllm survey -m model.gguf --text book.txt -p "Does anybody die here? Who?" --json > deaths.jsonl
  focusllm survey -m model.gguf -f log.txt -p "Which errors are reported?" --merge "Which errors are there, by kind?")";

}  // namespace

void add_survey(CLI::App& app) {
  const auto flags = std::make_shared<SurveyFlags>();
  CLI::App* command = app.add_subcommand("survey", "Put a question to every part of a text by itself");
  command->add_option("-p,--prompt", flags->question, "The question, as it is put to each part")
      ->type_name("TEXT")
      ->group("Text");
  command
      ->add_option("-f,--file", flags->files,
                   "A text, UTF-8; may be given several times; - is standard input")
      ->type_name("FILE")
      ->type_size(1)
      ->allow_extra_args(false)
      ->group("Text");
  command->add_option("--text", flags->text, "A text that was read before (focusllm read), by its name")
      ->type_name("NAME")
      ->group("Text");
  command->add_option("--part", flags->part, "Tokens of a part (512, 2k); 1536 if not given")
      ->type_name("N")
      ->group("Text");
  command->add_option("--merge", flags->merge, "A question about all answers, asked at the end")
      ->type_name("TEXT")
      ->group("Text");
  command->add_option("-n,--predict", flags->predict, "Longest answer, in tokens")
      ->check(positive())
      ->capture_default_str()
      ->type_name("N")
      ->group("Text");
  command->add_option("--at-once", flags->at_once, "Parts that are worked on together")
      ->check(between(1, 256))
      ->capture_default_str()
      ->type_name("N")
      ->group("Text");
  flags->turns.add_to(*command);
  command->add_flag("--json", flags->json, "Print JSON lines")->group("Output");
  flags->model.add_to(*command);
  flags->store.add_to(*command);
  flags->sampling.add_to(*command);
  command->footer(kSurveyExamples);
  command->callback([flags] { Command(*flags).run(); });
}

}  // namespace focusllm::cli
