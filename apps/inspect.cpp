#include <memory>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "command.h"
#include "dump.h"
#include "flags.h"
#include "metadata_json.h"
#include "options.h"
#include "progress_line.h"
#include "terminal.h"

namespace focusllm::cli {
namespace {

using Json = nlohmann::ordered_json;

struct InspectFlags {
  ModelFlags model;
  ContextFlags context;
  std::vector<std::string> lengths = {"4k", "64k", "1m"};
  bool json = false;
  bool all = false;
};

/// Bytes of keys and values of one method and number type at one length.
struct Need {
  std::string method;
  std::string kv_type;
  std::int64_t tokens;
  std::int64_t bytes;
  std::int64_t saved;  ///< in a store
};

std::string type_name(BlockType type) {
  return std::string(block_traits(type).name);
}

/// What is known of a model that can be run: its own memory and that of texts, and what its file leaves to
/// guess.
struct Runnable {
  ModelMemory memory;
  std::vector<Need> texts;
  std::vector<std::string> guessed;
};

std::vector<Need> needs(const Engine& engine, const InspectFlags& flags,
                        const std::vector<std::int64_t>& lengths) {
  std::vector<Need> all;
  for (const auto& method : method_names()) {
    if (method == "auto") continue;
    for (const auto type : {KvType::bf16, KvType::int8}) {
      ContextOptions options = flags.context.values;
      options.method = method;
      options.kv_type = type;
      for (const auto tokens : lengths)
        all.push_back({method, std::string(kv_type_name(type)), tokens,
                       context_bytes(engine, options, tokens), saved_bytes(engine, options, tokens)});
    }
  }
  return all;
}

/// What is guessed about the vocabulary, and about the chat template if there is one that is known.
std::vector<std::string> guesses(const Tokenizer& tokenizer) {
  std::vector<std::string> all = tokenizer.guessed();
  try {
    const auto more = ChatTemplate::recognise(tokenizer)->guessed();
    all.insert(all.end(), more.begin(), more.end());
  } catch (const Error&) {  // nothing is guessed then: who asks for one is told
  }
  return all;
}

Json inspect_json(const gguf::File& file, const Runnable& model, const std::string& problem, bool all) {
  Json json = {{"path", file.path().string()},
               {"version", file.version()},
               {"metadata", Json::object()},
               {"tensors", Json::array()},
               {"guessed", model.guessed},
               {"memory", Json::array()},
               {"available_memory", available_memory()}};
  if (problem.empty() && model.memory.file > 0)
    json["model_memory"] = {{"file_bytes", model.memory.file},
                            {"weights_bytes", model.memory.weights},
                            {"pass_bytes", model.memory.pass}};
  for (const auto& [key, value] : file.metadata()) json["metadata"][key] = value_json(value, all);
  for (const auto& tensor : file.tensors())
    json["tensors"].push_back({{"name", tensor.name},
                               {"dims", tensor.dims},
                               {"type", type_name(tensor.type)},
                               {"bytes", tensor.data.size()}});
  for (const auto& need : model.texts)
    json["memory"].push_back({{"method", need.method},
                              {"kv_type", need.kv_type},
                              {"tokens", need.tokens},
                              {"bytes", need.bytes},
                              {"stored_bytes", need.saved}});
  if (!problem.empty()) json["error"] = problem;
  return json;
}

void print_metadata(const gguf::File& file, bool all) {
  out(printable(fmt::format("{} (GGUF version {})\n\nMetadata\n", file.path().string(), file.version())));
  std::string lines;
  for (const auto& [key, value] : file.metadata())
    lines += fmt::format("  {:<42} {}\n", key, value_line(value, all));
  out(printable(lines));
}

void print_tensors(const gguf::File& file) {
  std::int64_t bytes = 0;
  std::int64_t elements = 0;
  std::string lines;
  for (const auto& tensor : file.tensors()) {
    const auto size = static_cast<std::int64_t>(tensor.data.size());
    lines +=
        fmt::format("  {:<34} {:>20} {:>7} {:>14}\n", tensor.name,
                    fmt::format("{}", fmt::join(tensor.dims, " x ")), type_name(tensor.type), grouped(size));
    bytes += size;
    elements += tensor.elements();
  }
  out(fmt::format("\nTensors: {}, {} parameters, {}\n{}", file.tensors().size(), grouped(elements),
                  format_bytes(bytes), printable(lines)));
}

void print_guessed(const std::vector<std::string>& guessed) {
  if (!guessed.empty()) out(printable(fmt::format("\nGuessed\n  {}\n", fmt::join(guessed, "\n  "))));
}

void print_model_memory(const ModelMemory& memory) {
  out(
      fmt::format("\nMemory for the model\n"
                  "  {:<18} {:>12}  rearranged once, in the place of the file's {}\n"
                  "  {:<18} {:>12}  activations, once for all sessions\n",
                  "weights", format_bytes(memory.weights), format_bytes(memory.file), "passes",
                  format_bytes(memory.pass)));
}

void print_needs(const std::string& title, const std::vector<Need>& needs, std::int64_t Need::*bytes,
                 const std::vector<std::int64_t>& lengths) {
  std::string lines = fmt::format("\n{}\n  {:<18}", title, "tokens");
  for (const auto tokens : lengths) lines += fmt::format(" {:>12}", grouped(tokens));
  for (std::size_t i = 0; i < needs.size(); ++i) {
    if (i % lengths.size() == 0)
      lines += fmt::format("\n  {:<18}", needs[i].method + ", " + needs[i].kv_type);
    lines += fmt::format(" {:>12}", format_bytes(needs[i].*bytes));
  }
  out(lines + "\n");
}

void inspect(const InspectFlags& flags) {
  flags.model.require_path();
  const std::vector<std::int64_t> lengths = parse_lengths(flags.lengths, "--lengths", 1);
  const auto file = gguf::File::open(flags.model.path);
  Runnable model;
  std::string problem;  // a file of another architecture can be looked at all the same
  const bool adapter = file->string("general.type") == "adapter";  // metadata and tensors are all there is
  try {
    if (!adapter) {
      const auto engine = flags.model.load(false);
      model = {engine->memory(), needs(*engine, flags, lengths), guesses(engine->tokenizer())};
    }
  } catch (const Error& error) {
    problem = with_flags(error.what());
  }
  if (flags.json) return out(dump(inspect_json(*file, model, problem, flags.all)) + "\n");
  print_metadata(*file, flags.all);
  print_tensors(*file);
  if (adapter) return;
  if (!problem.empty()) return err_line("this model cannot be run: " + problem);
  print_guessed(model.guessed);
  print_model_memory(model.memory);
  print_needs(fmt::format("Memory for keys and values ({} can be had now)", format_bytes(available_memory())),
              model.texts, &Need::bytes, lengths);
  print_needs("In the store, kept by focusllm read (beside the text itself)", model.texts, &Need::saved,
              lengths);
}

constexpr const char* kInspectExamples = R"(
Examples:
  focusllm inspect -m model.gguf
  focusllm inspect -m model.gguf --lengths 8k,128k,1m --local 8k
  focusllm inspect -m model.gguf --json | jq .metadata)";

}  // namespace

void add_inspect(CLI::App& app) {
  auto flags = std::make_shared<InspectFlags>();
  CLI::App* command =
      app.add_subcommand("inspect", "Show a model file, and what texts will take in memory and in the store");
  command
      ->add_option("--lengths", flags->lengths, "Lengths of text to show the memory for, in tokens (4k, 1m)")
      ->delimiter(',')
      ->capture_default_str()
      ->type_name("LIST");
  command->add_flag("--all", flags->all, "Long arrays and texts in full");
  command->add_flag("--json", flags->json,
                    "Print JSON (long arrays as count and first elements unless --all)");
  flags->model.add_to(*command);
  flags->context.add_to(*command, false);
  command->footer(kInspectExamples);
  command->callback([flags] { inspect(*flags); });
}

}  // namespace focusllm::cli
