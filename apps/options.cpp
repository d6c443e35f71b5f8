#include "options.h"

#include <charconv>
#include <limits>
#include <optional>
#include <random>

#include <CLI/CLI.hpp>
#include <fmt/ranges.h>

#include "base/contains.h"
#include "base/error.h"
#include "terminal.h"

namespace focusllm::cli {
namespace {

constexpr std::int64_t kMostTokens = std::int64_t{1} << 40;

const std::vector<std::string> kProductTypes = {"auto", "f32", "bf16", "int8"};

ProductType product_type(const std::string& name) {
  if (name == "f32") return ProductType::f32;
  if (name == "bf16") return ProductType::bf16;
  if (name == "int8") return ProductType::int8;
  return ProductType::automatic;
}

std::vector<std::string_view> citing_methods() {
  std::vector<std::string_view> names;
  for (const MethodInfo& method : methods())
    if (method.cites) names.push_back(method.name);
  return names;
}

}  // namespace

CLI::Validator one_of(const std::vector<std::string>& names) {
  std::string list;
  for (const auto& name : names) list += (list.empty() ? "" : ", ") + name;
  CLI::Validator validator(
      [names, list](std::string& text) {
        return contains(names, text) ? std::string() : "'" + text + "' is none of " + list;
      },
      list);
  return validator;
}

CLI::Validator between(double min, double max) {
  return CLI::Validator(
      [min, max](std::string& text) {
        double value = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        const bool number = error == std::errc() && end == text.data() + text.size();
        if (number && value >= min && value <= max) return std::string();
        if (max >= std::numeric_limits<int>::max())
          return fmt::format("'{}' is not a number of at least {}", text, min);
        return fmt::format("'{}' is not a number from {} to {}", text, min, max);
      },
      "");
}

CLI::Validator positive() {
  return between(1, std::numeric_limits<int>::max());
}

std::optional<std::int64_t> parse_length(const std::string& text) {
  std::int64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || value < 0 || value > kMostTokens) return std::nullopt;
  std::int64_t unit = 1;
  if (rest != end) {
    if (rest + 1 != end) return std::nullopt;
    if (*rest == 'k' || *rest == 'K')
      unit = 1024;
    else if (*rest == 'm' || *rest == 'M')
      unit = 1024 * 1024;
    else
      return std::nullopt;
  }
  if (value > kMostTokens / unit) return std::nullopt;
  return value * unit;
}

std::vector<std::int64_t> parse_lengths(const std::vector<std::string>& texts, const std::string& flag,
                                        std::int64_t smallest) {
  std::vector<std::int64_t> lengths;
  for (const auto& text : texts) {
    const auto length = parse_length(text);
    if (!length || *length < smallest)
      throw UsageError(fmt::format("{}: '{}' is not a number of tokens of at least {} (like 512, 4k, 1m)",
                                   flag, text, smallest));
    lengths.push_back(*length);
  }
  return lengths;
}

void warn_of_guesses(const std::string& path, const std::vector<std::string>& guessed) {
  for (const std::string& guess : guessed) err_line(fmt::format("warning: {}: {}", path, guess));
}

void ModelFlags::add_to(CLI::App& app) {
  app.add_option("-m,--model", path, "The model, a GGUF file (of a split model any part)")
      ->envname("FOCUSLLM_MODEL")
      ->type_name("FILE")
      ->group("Model");
  app.add_option("-t,--threads", threads, "Threads; 0: one per core")
      ->check(between(0, 4096))
      ->capture_default_str()
      ->type_name("N")
      ->group("Model");
  app.add_option("--product-type", product_type,
                 "Number type of the matrix products; auto: the fastest that keeps quality")
      ->envname("FOCUSLLM_PRODUCT")
      ->check(one_of(kProductTypes))
      ->capture_default_str()
      ->group("Model");
  auto* given =
      app.add_option(
             "--adapter", adapter,
             fmt::format(
                 "Candidates' weights, for {}; one for this model is found by itself in the folders of "
                 "FOCUSLLM_ADAPTERS, the folder adapters beside the model, and the one that comes with "
                 "the program",
                 recalling_method(true)))
          ->type_name("FILE")
          ->group("Model");
  app.add_flag("--no-adapter", no_adapter, "Look for no adapter")->excludes(given)->group("Model");
}

void ModelFlags::require_path() const {
  if (path.empty()) throw UsageError("no model given: name a GGUF file with -m FILE or in FOCUSLLM_MODEL");
}

std::shared_ptr<const Engine> ModelFlags::load(bool to_run) const {
  require_path();
  EngineOptions options;
  options.threads = threads;
  options.product_type = cli::product_type(product_type);
  options.adapter = adapter;
  options.find_adapter = !no_adapter;
  options.prepare = to_run;
  auto engine = Engine::load(path, options);
  if (to_run) warn_of_guesses(path, engine->tokenizer().guessed());
  return engine;
}

std::string missing_adapter(const std::string& path) {
  return fmt::format(
      "{}: the {} method finds nothing in a text without an adapter for the model, and there is none: give "
      "one with --adapter FILE (docs/adapters.md), or take another method (--method {})",
      path, recalling_method(true), recalling_method(false));
}

void SamplingFlags::add_to(CLI::App& app) {
  const auto add = [&app](const std::string& name, auto& value, const std::string& help, double min,
                          double max) {
    app.add_option(name, value, help)
        ->check(between(min, max))
        ->capture_default_str()
        ->type_name("X")
        ->group("Sampling");
  };
  const double any = std::numeric_limits<int>::max();
  add("--temp", values.temperature,
      "Temperature; 0: always the most likely token, the same answer every time", 0, any);
  add("--top-k", values.top_k, "Keep the K most likely tokens; 0: all", 0, any);
  add("--top-p", values.top_p, "Keep the likeliest tokens up to this probability; 1: all", 0, 1);
  add("--min-p", values.min_p, "Drop tokens below this share of the likeliest one's probability; 0: none", 0,
      1);
  add("--repeat-penalty", values.repeat_penalty, "Penalty of tokens that came lately; 1: none", 0.01, 100);
  add("--repeat-last-n", values.repeat_last, "How many tokens are lately", 0, any);
  app.add_flag("--ignore-eos", values.ignore_end, "Never draw a token that ends the answer: go on up to -n")
      ->group("Sampling");
  add("-s,--seed", seed, "Seed of the sampling; -1: another one every time", -1, 9007199254740992.0);
}

SamplingOptions SamplingFlags::options() const {
  SamplingOptions options = values;
  options.seed = seed >= 0 ? static_cast<std::uint64_t>(seed) : std::random_device{}();
  return options;
}

void TurnFlags::add_to(CLI::App& app) {
  app.add_option("--sys,--system-prompt", system, "System message; the template's own default if not given")
      ->type_name("TEXT")
      ->group("Text");
  app.add_option("--chat-template", chat_template,
                 "The form of turns that the model was trained with; that of the file's own template if not "
                 "given")
      ->check(one_of(ChatTemplate::names()))
      ->type_name("NAME")
      ->group("Text");
}

void SessionFlags::add_to(CLI::App& app) {
  app.add_option(
         "-f,--file", files,
         "A text to read, UTF-8; may be given several times; - is standard input (run; also beside files)")
      ->type_name("FILE")
      ->type_size(1)
      ->allow_extra_args(false)
      ->group("Text");
  app.add_option(
         "--text", texts,
         "A text that was read before (focusllm read), by its name; in front of all files; may be given "
         "several times, for texts that were read by recall")
      ->type_size(1)
      ->allow_extra_args(false)
      ->type_name("NAME")
      ->group("Text");
  turns.add_to(app);
  app.add_option("-n,--predict", predict, "Longest answer, in tokens")
      ->check(positive())
      ->capture_default_str()
      ->type_name("N")
      ->group("Text");
  app.add_option(
         "--cite", cite,
         fmt::format("Also show the K places in the text that the answer drew on, with their shares ({})",
                     fmt::join(citing_methods(), ", ")))
      ->check(between(1, 1000))
      ->type_name("K")
      ->group("Output");
  app.add_flag("--json", json, "Print JSON")->group("Output");
  app.add_flag("-v,--verbose", verbose, "Say what is being done and how long it took")->group("Output");
  model.add_to(app);
  context.add_to(app);
  store.add_to(app);
  sampling.add_to(app);
}

AskOptions SessionFlags::ask_options() const {
  AskOptions options;
  options.max_tokens = predict;
  options.sampling = sampling.options();
  options.citations = cite;
  return options;
}

}  // namespace focusllm::cli
