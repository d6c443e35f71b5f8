// OpenAI's responses.
#include <utility>

#include "server/reply.h"

namespace focusllm::server {
namespace {

class ResponsesReply final : public Reply {
 public:
  ResponsesReply(const Core& core, const GenerationRequest& request)
      : Reply(core, request, "resp_"), message_id_(random_id("msg_")) {}

  std::string end() override {
    const AnswerSoFar& answer = answers().front();
    const std::string type = answer.outcome->by_length ? "response.incomplete" : "response.completed";
    std::string sent = part("response.output_text.done", {{"text", answer.text}});
    sent += part("response.content_part.done", {{"part", content(answer.text)}});
    sent += item("response.output_item.done", message(status(), answer.text));
    return sent + send(type, {{"response", whole()}});
  }
  std::string failed(const ApiError& error) override {
    OrderedJson response = this->response("failed");
    response["error"] = {{"code", "server_error"}, {"message", error.message}};
    return begin() + send("response.failed", {{"response", std::move(response)}});
  }

  OrderedJson whole() override {
    const AnswerSoFar& answer = answers().front();
    OrderedJson body = response(status());
    body["output"] = OrderedJson::array({message(status(), answer.text)});
    if (answer.outcome->by_length) body["incomplete_details"] = {{"reason", "max_output_tokens"}};
    const Outcome& outcome = *answer.outcome;
    // OpenAI's annotations have no form for a place in a text.
    if (!outcome.citations.empty()) body["citations"] = citations_json(outcome);
    body["usage"] = {{"input_tokens", outcome.prompt_tokens},
                     {"input_tokens_details", {{"cached_tokens", outcome.cached_tokens}}},
                     {"output_tokens", outcome.answer_tokens},
                     {"output_tokens_details", {{"reasoning_tokens", 0}}},
                     {"total_tokens", outcome.prompt_tokens + outcome.answer_tokens}};
    return body;
  }

 private:
  const char* status() const { return answers().front().outcome->by_length ? "incomplete" : "completed"; }
  OrderedJson response(const char* status) const {
    return {{"id", id()},
            {"object", "response"},
            {"created_at", created()},
            {"status", status},
            {"error", nullptr},
            {"incomplete_details", nullptr},
            {"instructions", nullptr},
            {"model", model()},
            {"output", OrderedJson::array()},
            {"parallel_tool_calls", true},
            {"tool_choice", "auto"},
            {"tools", OrderedJson::array()},
            {"usage", nullptr}};
  }
  static OrderedJson content(const std::string& text) {
    return {{"type", "output_text"}, {"text", text}, {"annotations", OrderedJson::array()}};
  }
  OrderedJson message(const char* status, const std::string& text) const {
    OrderedJson parts = OrderedJson::array();
    if (answers().front().outcome) parts.push_back(content(text));
    return {{"type", "message"},
            {"id", message_id_},
            {"status", status},
            {"role", "assistant"},
            {"content", std::move(parts)}};
  }

  /// An event with its type and number.
  std::string send(const std::string& type, const OrderedJson& fields) {
    OrderedJson data = {{"type", type}, {"sequence_number", number_++}};
    data.update(fields);
    return event(data, type);
  }
  std::string item(const std::string& type, OrderedJson message) {
    return send(type, {{"output_index", 0}, {"item", std::move(message)}});
  }
  std::string part(const std::string& type, const OrderedJson& fields) {
    OrderedJson all = {{"item_id", message_id_}, {"output_index", 0}, {"content_index", 0}};
    all.update(fields);
    return send(type, all);
  }
  std::string begin() {
    if (std::exchange(begun_, true)) return {};
    std::string sent = send("response.created", {{"response", response("in_progress")}});
    sent += send("response.in_progress", {{"response", response("in_progress")}});
    sent += item("response.output_item.added", message("in_progress", ""));
    return sent + part("response.content_part.added", {{"part", content("")}});
  }
  std::string on_progress(const ReadingProgress& /*progress*/) override { return {}; }
  std::string on_piece(int /*choice*/, const AnswerPiece& piece) override {
    std::string first = begin();
    if (piece.text.empty()) return first;
    return first + part("response.output_text.delta", {{"delta", piece.text}});
  }
  std::string on_outcome(int /*choice*/, const Outcome& /*outcome*/) override { return begin(); }

  const std::string message_id_;
  bool begun_ = false;
  std::int64_t number_ = 0;
};

}  // namespace

std::unique_ptr<Reply> responses_reply(const Core& core, const GenerationRequest& request) {
  return std::make_unique<ResponsesReply>(core, request);
}

}  // namespace focusllm::server
