#include <algorithm>

#include <fmt/format.h>

#include "server/api_requests.h"
#include "server/request.h"

namespace focusllm::server {
namespace {

Token token_of(const Json& json, const Core& core) {
  const std::int64_t size = core.engine->info().vocabulary;
  const bool whole =
      json.is_number_integer() && !(json.is_number_unsigned() && json.get<std::uint64_t>() > INT32_MAX);
  const std::int64_t id = whole ? json.get<std::int64_t>() : -1;
  if (id < 0 || id >= size)
    throw bad_request(
        fmt::format("'prompt': {} is no token of the model, which has {}", dump(OrderedJson(json)), size),
        "prompt");
  return static_cast<Token>(id);
}

/// Tokens as they are; one BOS is put in front of them anyway.
std::vector<Token> tokens_of(const Json& json, const Core& core) {
  const Tokenizer& tokenizer = core.engine->tokenizer();
  std::vector<Token> tokens;
  if (json.is_string()) {
    tokens = tokenizer.encode(json.get_ref<const std::string&>(), true);
  } else {
    for (const Json& each : json) tokens.push_back(token_of(each, core));
  }
  if (tokenizer.adds_bos() && !tokens.empty() && tokens.front() == tokenizer.bos())
    tokens.erase(tokens.begin());
  if (tokens.empty() && !tokenizer.adds_bos()) throw bad_request("'prompt' is empty", "prompt");
  return tokens;
}

std::vector<Prompt> prompts_of(const Values& body, const Core& core) {
  const Json* prompt = body.find("prompt");
  if (prompt == nullptr || !(prompt->is_string() || prompt->is_array()))
    throw bad_request("'prompt' must be a string, an array of token ids, or an array of those", "prompt");
  const auto is_prompt = [](const Json& each) { return each.is_string() || each.is_array(); };
  if (prompt->is_string() || !std::ranges::any_of(*prompt, is_prompt)) return {tokens_of(*prompt, core)};
  std::vector<Prompt> prompts;
  for (const Json& each : *prompt) {
    if (!is_prompt(each)) throw bad_request("'prompt' mixes tokens and prompts", "prompt");
    if (std::ssize(prompts) == core.limits.choices)
      throw bad_request(
          fmt::format("'prompt' has {} prompts; {} are allowed", prompt->size(), core.limits.choices),
          "prompt");
    prompts.emplace_back(tokens_of(each, core));
  }
  return prompts;
}

}  // namespace

GenerationRequest parse_completion(const Values& body, const Core& core, const std::string& /*own_names*/) {
  GenerationRequest request;
  request.prompts = prompts_of(body, core);
  const std::int64_t choices = core.limits.choices / std::ssize(request.prompts);
  request.choices = static_cast<int>(body.integer("n", 1, choices).value_or(1));
  request.ask.sampling = sampling_of(body, core);
  request.ask.logprobs = static_cast<int>(body.integer("logprobs", 0, core.limits.logprobs).value_or(0));
  request.stop = stop_words_of(body, "stop", core.limits);
  request.stream = body.flag("stream");
  request.include_usage = body.object("stream_options").flag("include_usage");
  request.progress = body.flag("return_progress") && request.stream;
  const auto most = body.integer("max_tokens", 1, core.limits.answer_tokens);
  auto predict = body.integer("n_predict", -1, core.limits.answer_tokens);
  if (predict && *predict < 1) predict.reset();  // as many as come
  settle(request, core, most ? most : predict);
  return request;
}

}  // namespace focusllm::server
