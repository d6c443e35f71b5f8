#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/error.h"
#include "command.h"
#include "exit_code.h"
#include "focusllm/methods.h"
#include "interrupt.h"
#include "spinning.h"
#include "terminal.h"

namespace focusllm::cli {
namespace {

constexpr const char* kFooter = R"(
Every command explains itself and shows examples: focusllm COMMAND --help

Environment:
  FOCUSLLM_MODEL    the model where -m is not given
  FOCUSLLM_STORE    the folder of texts that were read where --store is not given
  FOCUSLLM_ADAPTERS folders to look for adapters in, with : between them
  FOCUSLLM_ISA      the kernels to use: scalar, avx2, avx512, avx512_vnni, avx512_bf16, amx (default: the best here)
  FOCUSLLM_PRODUCT  number type of matrix products: auto, f32, bf16, int8 (--product-type goes before it)

Exit codes: 0 done, 1 error, 2 wrong use, 130 interrupted)";

void describe(CLI::App& app) {
  app.name("focusllm");
  app.require_subcommand(1);
  app.set_version_flag("--version", "focusllm " FOCUSLLM_VERSION, "Print the version");
  app.footer(kFooter);
  app.failure_message([](const CLI::App*, const CLI::Error& error) { return std::string(error.what()); });
  add_run(app);
  add_chat(app);
  add_read(app);
  add_store(app);
  add_survey(app);
  add_serve(app);
  add_tokenize(app);
  add_perplexity(app);
  add_inspect(app);
  add_methods(app);
  add_calibrate(app);
  add_bench(app);
  add_eval(app);
  add_train(app);
}

int parse_error(const CLI::App& app, const CLI::ParseError& error) {
  if (error.get_exit_code() == 0) {  // --help and --version
    std::ostringstream text;
    app.exit(error, text, text);
    out(text.str());
    return kDone;
  }
  const auto commands = app.get_subcommands();
  const auto unknown = app.remaining();
  if (commands.empty() && !unknown.empty()) {
    err_line(fmt::format("'{}' is no command (see focusllm --help)", unknown.front()));
    return kWrongUse;
  }
  std::string where = "focusllm";
  for (auto inner = commands; !inner.empty(); inner = inner.back()->get_subcommands())
    where += " " + inner.back()->get_name();
  err_line(fmt::format("{} (see {} --help)", error.what(), where));
  return kWrongUse;
}

/// Runs the program's one command; all errors end here.
int run(int argc, char** argv) {
  CLI::App app("Reads texts of any length with a GGUF model, once, and answers questions about them.");
  try {
    describe(app);
    app.parse(argc, argv);
    return kDone;
  } catch (const CLI::ParseError& error) {
    return parse_error(app, error);
  } catch (...) {
    return report_exception({}, fmt::format("--kv-type int8, --method {}, a shorter text or a smaller model",
                                            recalling_method(false)));
  }
}

}  // namespace
}  // namespace focusllm::cli

int main(int argc, char** argv) {
  focusllm::cli::take_closed_descriptors();
  focusllm::cli::limit_spinning(argv);
  focusllm::cli::install_signal_handlers();
  return focusllm::cli::guarded(focusllm::cli::run, argc, argv);
}
