#include "server/parse_json.h"

#include <fmt/format.h>

namespace focusllm::server {
namespace {

/// Looks at each value before it is kept.
class Guard {
 public:
  explicit Guard(const Limits& limits) : limits_(limits) {}
  bool operator()(int depth, Json::parse_event_t /*event*/, const Json& /*value*/) {
    if (depth > limits_.json_depth)
      throw bad_request(fmt::format("the body is nested deeper than {} levels", limits_.json_depth));
    if (++values_ > limits_.json_values)
      throw bad_request(fmt::format("the body has more than {} values", limits_.json_values));
    return true;
  }

 private:
  const Limits& limits_;
  std::size_t values_ = 0;
};

}  // namespace

Json parse_body(std::string_view text, const Limits& limits) {
  if (text.empty()) throw bad_request("the body is empty: it must be a JSON object");
  try {
    Guard guard(limits);
    Json body = Json::parse(text, [&guard](int depth, Json::parse_event_t event, const Json& value) {
      return guard(depth, event, value);
    });
    if (!body.is_object()) throw bad_request("the body must be a JSON object");
    return body;
  } catch (const Json::exception& error) {
    throw bad_request(fmt::format("the body is not valid JSON: {}", error.what()));
  }
}

}  // namespace focusllm::server
