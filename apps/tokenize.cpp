#include <memory>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/utf8.h"
#include "command.h"
#include "dump.h"
#include "options.h"
#include "terminal.h"
#include "text_input.h"

namespace focusllm::cli {
namespace {

struct TokenizeFlags {
  std::string model;
  std::string prompt;
  std::string file;
  bool special = false;
  bool bos = false;
  bool json = false;
};

/// The text as it is, byte for byte: what a tokenizer makes of broken text can be looked at as well.
Document text(const TokenizeFlags& flags, bool has_prompt) {
  if (has_prompt) return {"the text (-p)", flags.prompt};
  if (!flags.file.empty()) return read_bytes(flags.file);
  if (stdin_is_terminal()) throw UsageError("no text: give it with -p TEXT, -f FILE or on standard input");
  return read_bytes("-");
}

void tokenize(const TokenizeFlags& flags, bool has_prompt) {
  if (flags.model.empty())
    throw UsageError("no model given: name a GGUF file with -m FILE or in FOCUSLLM_MODEL");
  const Document document = text(flags, has_prompt);
  const auto file = gguf::File::open(flags.model);
  const auto tokenizer = Tokenizer::load(*file);
  warn_of_guesses(flags.model, tokenizer->guessed());
  std::vector<Token> tokens = tokenizer->encode(document.text, flags.special);
  if (flags.bos && tokenizer->bos()) tokens.insert(tokens.begin(), *tokenizer->bos());

  if (const auto place = find_invalid_utf8(document.text))
    err_line(fmt::format("note: {} is not valid UTF-8 at byte {}; it is taken as llama.cpp takes it",
                         document.name, *place));
  if (flags.json) return out(dump(nlohmann::ordered_json(tokens)) + "\n");
  std::string lines;
  for (const Token token : tokens) {
    const nlohmann::ordered_json piece = tokenizer->piece(token, true);
    lines += fmt::format("{:6} {}\n", token, dump(piece));
  }
  out(lines);
}

constexpr const char* kTokenizeExamples = R"(
The ids are those of llama.cpp for the same file. The names of control tokens in the text stay text unless --special
is given, and no BOS is put in front unless --bos is given (llama-tokenize --no-bos --no-parse-special does the same).

Examples:
  focusllm tokenize -m model.gguf -p "Hello, world"
  focusllm tokenize -m model.gguf -f book.txt --json > ids.json)";

}  // namespace

void add_tokenize(CLI::App& app) {
  auto flags = std::make_shared<TokenizeFlags>();
  CLI::App* command = app.add_subcommand("tokenize", "Show the token ids of a text");
  command->add_option("-m,--model", flags->model, "The model, a GGUF file")
      ->envname("FOCUSLLM_MODEL")
      ->type_name("FILE");
  CLI::Option* prompt = command->add_option("-p,--prompt", flags->prompt, "The text")->type_name("TEXT");
  command->add_option("-f,--file", flags->file, "A file with the text; - is standard input")
      ->type_name("FILE")
      ->excludes(prompt);
  command->add_flag("--special", flags->special, "Names of control tokens in the text become these tokens");
  command->add_flag("--bos", flags->bos, "Begin with the model's BOS token");
  command->add_flag("--json", flags->json, "Print the ids only, as a JSON array");
  command->footer(kTokenizeExamples);
  command->callback([flags, prompt] { tokenize(*flags, prompt->count() > 0); });
}

}  // namespace focusllm::cli
