#include "server/handler.h"

namespace focusllm::server {
namespace {

OrderedJson models(const Core& core) {
  const ModelInfo info = core.engine->info();
  OrderedJson model = {{"id", core.model},
                       {"object", "model"},
                       {"created", 0},
                       {"owned_by", "focusllm"},
                       {"meta",
                        {{"architecture", info.architecture},
                         {"n_vocab", info.vocabulary},
                         {"n_ctx_train", info.trained_context},
                         {"n_embd", info.width},
                         {"size", core.engine->memory().file}}}};
  return {{"object", "list"}, {"data", OrderedJson::array({std::move(model)})}};
}

OrderedJson sampling_json(const Defaults& defaults) {
  const SamplingOptions& sampling = defaults.sampling;
  return {{"temperature", sampling.temperature},
          {"top_k", sampling.top_k},
          {"top_p", sampling.top_p},
          {"min_p", sampling.min_p},
          {"repeat_penalty", sampling.repeat_penalty},
          {"repeat_last_n", sampling.repeat_last},
          {"presence_penalty", sampling.presence_penalty},
          {"frequency_penalty", sampling.frequency_penalty},
          {"n_predict", defaults.answer_tokens}};
}

/// `n_ctx` is what the model was trained for; texts may be longer, as `method` says.
OrderedJson props(const Core& core) {
  const Engine& engine = *core.engine;
  return {{"default_generation_settings",
           {{"n_ctx", engine.info().trained_context}, {"params", sampling_json(core.defaults)}}},
          {"total_slots", core.limits.running},
          {"max_body", core.limits.body_bytes},
          {"model_alias", core.model},
          {"model_path", engine.file().path().filename().string()},
          {"method", core.context.method},
          {"chat_template", engine.tokenizer().chat_template()},
          {"chat_template_family", core.chat ? OrderedJson(core.chat->name()) : OrderedJson(nullptr)},
          {"modalities", {{"vision", false}, {"audio", false}}},
          {"is_sleeping", false}};
}

void add_metrics(Site& site) {
  site.http.Get("/metrics", [&site](const httplib::Request&, httplib::Response& response) {
    Core& core = site.core;
    core.metrics.now({.running = static_cast<double>(core.slots.running()),
                      .waiting = static_cast<double>(core.slots.waiting()),
                      .connections = static_cast<double>(site.http.connections()),
                      .kept_sessions = static_cast<double>(core.pool.count()),
                      .kept_bytes = static_cast<double>(core.pool.bytes())});
    response.set_content(core.metrics.text(), "text/plain; version=0.0.4");
  });
}

}  // namespace

void add_model_routes(Site& site) {
  for (const char* path : {"/health", "/v1/health"})
    get(site, path, [] { return OrderedJson{{"status", "ok"}}; });
  for (const char* path : {"/v1/models", "/models"}) get(site, path, [&site] { return models(site.core); });
  get(site, "/props", [&site] { return props(site.core); });
  if (site.options.metrics) add_metrics(site);
}

}  // namespace focusllm::server
