#include "answer_json.h"

#include "base/memory.h"
#include "options.h"

namespace focusllm::cli {
namespace {

using Json = nlohmann::ordered_json;

Json token_json(const GeneratedToken& token) {
  Json json = {{"id", token.id}, {"text", token.text}, {"logprob", token.logprob}, {"top", Json::array()}};
  for (const auto& [id, logprob] : token.top) json["top"].push_back({{"id", id}, {"logprob", logprob}});
  return json;
}

/// As the server has them.
Json citation_json(const Citation& citation) {
  return {{"document", citation.source},
          {"first_byte", citation.byte},
          {"bytes", citation.quote.size()},
          {"first_line", citation.line},
          {"first_token", citation.first_token},
          {"tokens", citation.tokens},
          {"share", citation.share},
          {"quote", citation.quote}};
}

Json timings_json(const Timings& timings) {
  return {
      {"prompt_tokens", timings.prompt_tokens},       {"read_tokens", timings.read_tokens},
      {"read_seconds", timings.read_seconds},         {"generated_tokens", timings.generated_tokens},
      {"generate_seconds", timings.generate_seconds}, {"first_token_seconds", timings.first_token_seconds}};
}

}  // namespace

Json answer_json(const Session& session, const Answer& answer, const std::vector<TextSize>& texts) {
  Json json = {{"method", session.method()},
               {"prompt_tokens", answer.timings.prompt_tokens},
               {"text", answer.text},
               {"tokens", Json::array()},
               {"finish_reason", answer.stopped_at_end ? "stop" : "length"},
               {"citations", Json::array()},
               {"timings", timings_json(answer.timings)},
               {"kv_type", kv_type_name(session.kv_type())},
               {"memory_bytes", session.memory_bytes()},
               {"peak_memory_bytes", peak_memory()},
               {"texts", Json::array()}};
  if (answer.supported) json["supported"] = *answer.supported;
  if (const auto use = session.tier_use(); use.disk_bytes > 0)
    json["file"] = {{"bytes", use.disk_bytes}, {"blocks_found", use.found}, {"blocks_read", use.read}};
  for (const auto& text : texts) json["texts"].push_back({{"name", text.name}, {"bytes", text.bytes}});
  for (const auto& token : answer.tokens) json["tokens"].push_back(token_json(token));
  for (const auto& citation : answer.citations) json["citations"].push_back(citation_json(citation));
  return json;
}

}  // namespace focusllm::cli
