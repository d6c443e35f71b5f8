// OpenAI's completions.
#include <utility>

#include "server/reply.h"

namespace focusllm::server {
namespace {

class CompletionReply final : public Reply {
 public:
  CompletionReply(const Core& core, const GenerationRequest& request)
      : Reply(core, request, "cmpl-"),
        tokenizer_(core.engine->tokenizer()),
        include_usage_(request.include_usage) {}

  std::string end() override {
    std::string sent;
    if (include_usage_) {
      OrderedJson chunk = object();
      chunk["choices"] = OrderedJson::array();
      chunk["usage"] = usage();
      sent = event(chunk);
    }
    return sent + "data: [DONE]\n\n";
  }

  std::string failed(const ApiError& error) override { return event(error.json()); }

  OrderedJson whole() override {
    OrderedJson body = object();
    OrderedJson choices = OrderedJson::array();
    for (std::size_t i = 0; i < answers().size(); ++i) {
      const AnswerSoFar& answer = answers()[i];
      choices.push_back(choice(static_cast<int>(i), answer.text, answer.tokens, reason(*answer.outcome)));
    }
    body["choices"] = std::move(choices);
    body["usage"] = usage();
    body["timings"] = timings_json(*answers().front().outcome);
    return body;
  }

 private:
  OrderedJson object() const {
    return {{"id", id()}, {"object", "text_completion"}, {"created", created()}, {"model", model()}};
  }
  OrderedJson usage() const {
    const Usage total = Reply::usage();
    return usage_json(total.prompt, total.cached, total.answer);
  }
  static const char* reason(const Outcome& outcome) { return outcome.by_length ? "length" : "stop"; }

  OrderedJson choice(int index, const std::string& text, std::span<const GeneratedToken> tokens,
                     OrderedJson finish) const {
    return {{"text", text},
            {"index", index},
            {"logprobs", wants_logprobs() ? logprobs(tokens) : OrderedJson(nullptr)},
            {"finish_reason", std::move(finish)}};
  }
  OrderedJson logprobs(std::span<const GeneratedToken> tokens) const {
    OrderedJson names = OrderedJson::array(), values = OrderedJson::array(), tops = OrderedJson::array();
    for (const GeneratedToken& token : tokens) {
      names.push_back(tokenizer_.piece(token.id, true));
      values.push_back(token.logprob);
      OrderedJson top = OrderedJson::object();
      for (const TokenProbability& each : token.top) top[tokenizer_.piece(each.id, true)] = each.logprob;
      tops.push_back(std::move(top));
    }
    return {{"tokens", std::move(names)},
            {"token_logprobs", std::move(values)},
            {"top_logprobs", std::move(tops)}};
  }

  std::string send(OrderedJson choice) const {
    OrderedJson chunk = object();
    chunk["choices"] = OrderedJson::array({std::move(choice)});
    return event(chunk);
  }
  std::string on_progress(const ReadingProgress& progress) override {
    OrderedJson chunk = object();
    chunk["choices"] = OrderedJson::array({choice(0, "", {}, nullptr)});
    chunk["prompt_progress"] = progress_json(progress);
    return event(chunk);
  }
  std::string on_piece(int index, const AnswerPiece& piece) override {
    if (piece.text.empty() && !wants_logprobs()) return {};
    std::vector<GeneratedToken> tokens;
    if (wants_logprobs() && piece.token) tokens.push_back(*piece.token);
    return send(choice(index, piece.text, tokens, nullptr));
  }
  std::string on_outcome(int index, const Outcome& outcome) override {
    OrderedJson chunk = object();
    chunk["choices"] = OrderedJson::array({choice(index, "", {}, reason(outcome))});
    chunk["timings"] = timings_json(outcome);
    return event(chunk);
  }

  const Tokenizer& tokenizer_;
  const bool include_usage_;
};

}  // namespace

std::unique_ptr<Reply> completion_reply(const Core& core, const GenerationRequest& request) {
  return std::make_unique<CompletionReply>(core, request);
}

}  // namespace focusllm::server
