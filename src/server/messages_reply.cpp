// Anthropic's messages.
#include <utility>

#include "server/reply.h"

namespace focusllm::server {
namespace {

class MessagesReply final : public Reply {
 public:
  MessagesReply(const Core& core, const GenerationRequest& request)
      : Reply(core, request, "msg_"), prompt_tokens_(request.prompt_tokens.front()) {}

  std::string end() override { return event({{"type", "message_stop"}}, "message_stop"); }
  std::string failed(const ApiError& error) override { return event(messages_error(error), "error"); }
  std::string ping() override { return begin() + event({{"type", "ping"}}, "ping"); }

  OrderedJson whole() override {
    const AnswerSoFar& answer = answers().front();
    OrderedJson body = message();
    body["content"] = OrderedJson::array({{{"type", "text"}, {"text", answer.text}}});
    finish(body, *answer.outcome);
    body["usage"] = usage(*answer.outcome);
    return body;
  }

 private:
  OrderedJson message() const {
    return {{"id", id()},
            {"type", "message"},
            {"role", "assistant"},
            {"model", model()},
            {"content", OrderedJson::array()},
            {"stop_reason", nullptr},
            {"stop_sequence", nullptr}};
  }
  /// input_tokens are those that were read now, as Anthropic counts.
  static OrderedJson usage(const Outcome& outcome) {
    return {{"input_tokens", outcome.prompt_tokens - outcome.cached_tokens},
            {"cache_creation_input_tokens", 0},
            {"cache_read_input_tokens", outcome.cached_tokens},
            {"output_tokens", outcome.answer_tokens}};
  }
  static void finish(OrderedJson& json, const Outcome& outcome) {
    const bool word = !outcome.stop_word.empty();
    json["stop_reason"] = outcome.by_length ? "max_tokens" : word ? "stop_sequence" : "end_turn";
    if (word) json["stop_sequence"] = outcome.stop_word;
    if (!outcome.citations.empty()) json["citations"] = citations_json(outcome);
  }

  std::string begin() {
    if (std::exchange(begun_, true)) return {};
    OrderedJson first = message();
    first["usage"] = {{"input_tokens", prompt_tokens_}, {"output_tokens", 0}};
    const OrderedJson block = {
        {"type", "content_block_start"}, {"index", 0}, {"content_block", {{"type", "text"}, {"text", ""}}}};
    return event({{"type", "message_start"}, {"message", std::move(first)}}, "message_start") +
           event(block, "content_block_start");
  }
  std::string on_progress(const ReadingProgress& /*progress*/) override { return {}; }
  std::string on_piece(int /*choice*/, const AnswerPiece& piece) override {
    if (piece.text.empty()) return begin();
    const OrderedJson delta = {{"type", "content_block_delta"},
                               {"index", 0},
                               {"delta", {{"type", "text_delta"}, {"text", piece.text}}}};
    return begin() + event(delta, "content_block_delta");
  }
  std::string on_outcome(int /*choice*/, const Outcome& outcome) override {
    OrderedJson delta = {{"stop_reason", nullptr}, {"stop_sequence", nullptr}};
    finish(delta, outcome);
    return begin() + event({{"type", "content_block_stop"}, {"index", 0}}, "content_block_stop") +
           event({{"type", "message_delta"}, {"delta", std::move(delta)}, {"usage", usage(outcome)}},
                 "message_delta");
  }

  const std::int64_t prompt_tokens_;
  bool begun_ = false;
};

}  // namespace

std::unique_ptr<Reply> messages_reply(const Core& core, const GenerationRequest& request) {
  return std::make_unique<MessagesReply>(core, request);
}

}  // namespace focusllm::server
