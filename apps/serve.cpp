#include <algorithm>
#include <chrono>
#include <fstream>
#include <memory>
#include <thread>

#include <CLI/CLI.hpp>

#include "base/error.h"
#include "base/memory.h"
#include "command.h"
#include "interrupt.h"
#include "options.h"
#include "server/fields.h"
#include "server/server.h"
#include "terminal.h"

namespace focusllm::cli {
namespace {

constexpr std::chrono::milliseconds kLook{50};                // for a signal
constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 46;  // of any size

struct ServeFlags {
  ModelFlags model;
  ContextFlags context;
  SamplingFlags sampling;
  server::Options options;
  StoreFlags store;
  std::vector<std::string> keys, origins;
  std::string key_file;
  std::uint64_t body_bytes = std::uint64_t{64} << 20, kept_bytes = std::uint64_t{2} << 30;
  int ping_seconds = 30, stop_seconds = 30;
  std::string share_cache = "key";
  bool no_metrics = false, list_fields = false;

  void add_to(CLI::App& app);
  server::Options server_options() const;
};

/// One key a line; empty lines are none.
std::vector<std::string> keys_of(const std::string& path) {
  std::ifstream file(path);
  if (!file) fail("{}: cannot be read: it should have one API key a line", path);
  std::vector<std::string> keys;
  for (std::string line; std::getline(file, line);) {
    if (line.ends_with('\r')) line.pop_back();
    if (!line.empty()) keys.push_back(line);
  }
  if (keys.empty()) fail("{}: has no API key: it should have one a line", path);
  return keys;
}

void ServeFlags::add_to(CLI::App& app) {
  const auto number = [&app](const std::string& name, auto& value, const std::string& help, double least,
                             double most) {
    return app.add_option(name, value, help)
        ->check(between(least, most))
        ->capture_default_str()
        ->type_name("N")
        ->group("Server");
  };
  const auto size = [&app](const std::string& name, std::uint64_t& value, const std::string& help) {
    app.add_option(name, value, help)
        ->transform(CLI::AsSizeValue(false))
        ->type_name("BYTES")
        ->group("Server");
  };
  app.add_option("--host", options.host,
                 "Address to listen on; one that other machines reach only with a key")
      ->envname("LLAMA_ARG_HOST")
      ->capture_default_str()
      ->group("Server");
  number("--port", options.port, "Port to listen on; 0: one that is free", 0, 65535)
      ->envname("LLAMA_ARG_PORT");
  app.add_option("--api-key", keys,
                 "A key, one of which must come with each request; may be given several times")
      ->envname("LLAMA_API_KEY")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("KEY")
      ->group("Server");
  app.add_option("--api-key-file", key_file, "A file with such keys, one a line")
      ->envname("LLAMA_ARG_API_KEY_FILE")
      ->type_name("FILE")
      ->group("Server");
  app.add_option("--cors-origins", origins,
                 "Web pages that may ask (https://example.org; * for all); none if not given")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("ORIGIN")
      ->group("Server");
  app.add_option("-a,--alias", options.model, "The model's name for clients")
      ->envname("LLAMA_ARG_ALIAS")
      ->type_name("NAME")
      ->group("Server");
  app.add_option("--chat-template", options.chat_template,
                 "The form of turns; that of the file's own template if not given")
      ->envname("LLAMA_ARG_CHAT_TEMPLATE")
      ->check(one_of(ChatTemplate::names()))
      ->type_name("NAME")
      ->group("Server");
  number("--parallel", options.limits.running, "Requests that read or answer at once; others wait", 1, 256)
      ->envname("LLAMA_ARG_N_PARALLEL");
  number("--max-waiting", options.limits.waiting,
         "Requests that may wait; further ones are told to come back", 0, 10000);
  number("--max-connections", options.limits.connections, "Open connections", 1, 900);
  size("--max-body", body_bytes, "Largest body of a request (64MB if not given)");
  size("--kv-memory", kept_bytes,
       "Memory in which conversations and texts are kept that requests may go on from (2GB if not given); 0: "
       "none");
  app.add_option("--share-cache", share_cache,
                 "Whether requests with one key go on from what those with another one had read")
      ->check(one_of({"key", "all"}))
      ->capture_default_str()
      ->group("Server");
  number("-n,--predict", options.defaults.answer_tokens,
         "Longest answer where a request does not say, in tokens", 1, 1e6)
      ->envname("LLAMA_ARG_N_PREDICT");
  number("--sse-ping-interval", ping_seconds, "Seconds of silence in a stream after which a ping is sent", 1,
         3600);
  number("--stop-timeout", stop_seconds, "Seconds that running requests have when the server is told to end",
         0, 86400);
  app.add_flag("--no-metrics", no_metrics, "No GET /metrics")->group("Server");
  app.add_flag("--webui,!--no-webui", options.page, "The page for people at /; there if not told else")
      ->envname("LLAMA_ARG_WEBUI")
      ->group("Server");
  app.add_flag("--list-fields", list_fields, "Print the lists of fields that docs/server.md has, and end")
      ->group("Server");
  model.add_to(app);
  context.add_to(app);
  store.add_to(app, true);
  sampling.add_to(app);
}

server::Options ServeFlags::server_options() const {
  server::Options all = options;
  all.keys = keys;
  if (!key_file.empty()) {
    for (std::string& key : keys_of(key_file)) all.keys.push_back(std::move(key));
  }
  all.origins = origins;
  all.share_cache = share_cache == "all";
  all.metrics = !no_metrics;
  all.context = context.options();
  all.defaults.sampling = sampling.options();
  all.defaults.random_seed = sampling.seed < 0;
  all.limits.body_bytes = std::min(body_bytes, kMostBytes);
  all.kept_bytes = static_cast<std::int64_t>(std::min(kept_bytes, kMostBytes));
  all.ping = std::chrono::seconds(ping_seconds);
  return all;
}

void serve(const ServeFlags& flags) {
  if (flags.list_fields) return out(server::fields_markdown());
  flags.model.require_path();
  server::Options options = flags.server_options();  // before the model is loaded
  options.store = flags.store.open();
  const auto engine = flags.model.load();
  if (lacks_adapter(*engine, options.context)) throw Error(missing_adapter(flags.model.path));

  CancelToken stop;
  const InterruptScope interrupt(stop);
  server::Server server(engine, std::move(options));
  const bool six = flags.options.host.find(':') != std::string::npos;
  err_line(fmt::format("{} is served at http://{}{}{}:{}", engine->name(), six ? "[" : "", flags.options.host,
                       six ? "]" : "", server.port()));
  while (!stop.cancelled()) std::this_thread::sleep_for(kLook);
  err_line("ending: requests that run are finished; a second signal ends at once");
  server.stop(std::chrono::seconds(flags.stop_seconds));
}

constexpr const char* kServeExamples = R"(
Endpoints, fields, limits and errors are in docs/server.md. Without a key only this machine may ask; TLS is a reverse
proxy's. SIGTERM and Ctrl-C finish what runs; a second one ends at once.

Examples:
  focusllm serve -m model.gguf
  focusllm serve -m model.gguf --host 0.0.0.0 --api-key-file keys.txt
  curl http://127.0.0.1:8080/v1/chat/completions -d '{"messages": [{"role": "user", "content": "Hello"}]}')";

}  // namespace

void add_serve(CLI::App& app) {
  auto flags = std::make_shared<ServeFlags>();
  flags->sampling.values.temperature = 0.8F;
  CLI::App* command =
      app.add_subcommand("serve", "Answer over HTTP, as OpenAI's and Anthropic's services do");
  flags->add_to(*command);
  command->footer(kServeExamples);
  command->callback([flags] { serve(*flags); });
}

}  // namespace focusllm::cli
