#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "command.h"
#include "focusllm/calibration.h"
#include "interrupt.h"
#include "options.h"
#include "progress_line.h"
#include "terminal.h"

namespace focusllm::cli {
namespace {

using Json = nlohmann::ordered_json;

struct Flags {
  ModelFlags model;
  bool again = false;
  bool json = false;
};

Json json_of(const Gain& gain) {
  return {{"facts", gain.facts}, {"pairs", gain.pairs}, {"paraphrases", gain.paraphrases}};
}

Json json_of(const Calibration& found, const std::string& hash) {
  Json json = {{"model_hash", hash}, {"heads", found.heads}, {"gain", json_of(found.gain)}};
  for (const Calibration::Single& one : found.singles)
    json["singles"].push_back({{"head", one.head}, {"gain", json_of(one.gain)}});
  return json;
}

std::string line_of(std::string_view name, const Gain& gain) {
  return fmt::format("{:<24} {:>5.2f} {:>5.2f} {:>11.2f}\n", name, gain.facts, gain.pairs, gain.paraphrases);
}

std::string text_of(const Calibration& found) {
  if (found.heads.empty())
    return "none of the model's heads finds what is asked for: recall is of no use with it\n";
  std::string text = fmt::format("{:<24} {:>5} {:>5} {:>11}\n", "heads", "facts", "pairs", "paraphrases");
  text += line_of(found.heads, found.gain);
  for (const Calibration::Single& one : found.singles) text += line_of("  " + one.head + " alone", one.gain);
  return text;
}

Calibration measure(const Engine& engine) {
  CancelToken cancel;
  const InterruptScope interrupt(cancel);
  ProgressLine progress("calibrating");
  return calibrate(engine, cancel, [&](const Progress& at) { progress.show(at); });
}

void calibrate_model(const Flags& flags) {
  const auto engine = flags.model.load();
  std::optional<Calibration> found;
  if (!flags.again) found = known_calibration(*engine);
  if (!found) found = measure(*engine);
  out(flags.json ? json_of(*found, engine->model_hash()).dump(2) + "\n" : text_of(*found));
}

}  // namespace

void add_calibrate(CLI::App& app) {
  const auto flags = std::make_shared<Flags>();
  CLI::App* command = app.add_subcommand(
      "calibrate", "Find the heads of a model that know where in a text something stands (method recall)");
  flags->model.add_to(*command);
  command->add_flag("--again", flags->again, "Measure, even if it is known");
  command->add_flag("--json", flags->json, "Print JSON");
  command->callback([flags] { calibrate_model(*flags); });
}

}  // namespace focusllm::cli
