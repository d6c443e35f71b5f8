#pragma once

namespace CLI {
class App;
}

namespace focusllm::cli {

// Each adds one subcommand to the program; the work is done in its callback, after all arguments are known.
void add_run(CLI::App& app);
void add_chat(CLI::App& app);
void add_read(CLI::App& app);
void add_store(CLI::App& app);
void add_survey(CLI::App& app);
void add_serve(CLI::App& app);
void add_tokenize(CLI::App& app);
void add_perplexity(CLI::App& app);
void add_inspect(CLI::App& app);
void add_methods(CLI::App& app);
void add_bench(CLI::App& app);
void add_calibrate(CLI::App& app);
void add_eval(CLI::App& app);
void add_train(CLI::App& app);

}  // namespace focusllm::cli
