// OpenAI's chat completions.
#include <set>
#include <utility>

#include "server/reply.h"

namespace focusllm::server {
namespace {

OrderedJson bytes_of(const std::string& text) {
  OrderedJson bytes = OrderedJson::array();
  for (const char c : text) bytes.push_back(static_cast<unsigned char>(c));
  return bytes;
}

class ChatReply final : public Reply {
 public:
  ChatReply(const Core& core, const GenerationRequest& request)
      : Reply(core, request, "chatcmpl-"),
        tokenizer_(core.engine->tokenizer()),
        include_usage_(request.include_usage) {}

  std::string end() override {
    std::string sent;
    if (include_usage_) {
      OrderedJson chunk = object("chat.completion.chunk");
      chunk["choices"] = OrderedJson::array();
      chunk["usage"] = usage();
      sent = event(chunk);
    }
    return sent + "data: [DONE]\n\n";
  }

  std::string failed(const ApiError& error) override { return event(error.json()); }

  OrderedJson whole() override {
    OrderedJson body = object("chat.completion");
    OrderedJson choices = OrderedJson::array();
    for (std::size_t i = 0; i < answers().size(); ++i) choices.push_back(choice(i));
    body["choices"] = std::move(choices);
    body["usage"] = usage();
    body["timings"] = timings_json(*answers().front().outcome);
    return body;
  }

 private:
  OrderedJson object(const char* name) const {
    return {{"id", id()}, {"object", name}, {"created", created()}, {"model", model()}};
  }
  OrderedJson usage() const {
    const Usage total = Reply::usage();
    return usage_json(total.prompt, total.cached, total.answer);
  }
  static const char* reason(const Outcome& outcome) { return outcome.by_length ? "length" : "stop"; }

  OrderedJson logprob(Token id, float value) const {
    const std::string text = tokenizer_.piece(id, true);
    return {{"id", id}, {"token", text}, {"logprob", value}, {"bytes", bytes_of(text)}};
  }
  OrderedJson logprobs(const GeneratedToken& token) const {
    OrderedJson entry = logprob(token.id, token.logprob);
    entry["top_logprobs"] = OrderedJson::array();
    for (const TokenProbability& top : token.top)
      entry["top_logprobs"].push_back(logprob(top.id, top.logprob));
    return entry;
  }

  OrderedJson choice(std::size_t index) const {
    const AnswerSoFar& answer = answers()[index];
    OrderedJson choice = {{"index", index},
                          {"message", {{"role", "assistant"}, {"content", answer.text}}},
                          {"logprobs", nullptr},
                          {"finish_reason", reason(*answer.outcome)}};
    if (!answer.outcome->citations.empty()) choice["message"]["citations"] = citations_json(*answer.outcome);
    if (!wants_logprobs()) return choice;
    OrderedJson content = OrderedJson::array();
    for (const GeneratedToken& token : answer.tokens) content.push_back(logprobs(token));
    choice["logprobs"] = {{"content", std::move(content)}};
    return choice;
  }

  OrderedJson chunk(int choice, OrderedJson delta, OrderedJson finish = nullptr) {
    OrderedJson chunk = object("chat.completion.chunk");
    chunk["choices"] = OrderedJson::array({{{"index", choice},
                                            {"delta", std::move(delta)},
                                            {"logprobs", nullptr},
                                            {"finish_reason", std::move(finish)}}});
    return chunk;
  }
  /// The first of an answer, with the role.
  std::string begin(int choice) {
    if (!begun_.insert(choice).second) return {};
    return event(chunk(choice, {{"role", "assistant"}, {"content", ""}}));
  }

  std::string on_progress(const ReadingProgress& progress) override {
    OrderedJson sent = chunk(0, OrderedJson::object());
    sent["prompt_progress"] = progress_json(progress);
    return begin(0) + event(sent);
  }
  std::string on_piece(int choice, const AnswerPiece& piece) override {
    std::string first = begin(choice);
    if (piece.text.empty() && !wants_logprobs()) return first;
    OrderedJson sent = chunk(choice, {{"content", piece.text}});
    if (wants_logprobs() && piece.token)
      sent["choices"][0]["logprobs"] = {{"content", OrderedJson::array({logprobs(*piece.token)})}};
    return first + event(sent);
  }
  std::string on_outcome(int choice, const Outcome& outcome) override {
    std::string first = begin(choice);
    OrderedJson sent = chunk(choice, OrderedJson::object(), reason(outcome));
    sent["timings"] = timings_json(outcome);
    if (!outcome.citations.empty()) sent["citations"] = citations_json(outcome);
    return first + event(sent);
  }

  const Tokenizer& tokenizer_;
  const bool include_usage_;
  std::set<int> begun_;  ///< answers whose role was sent
};

}  // namespace

std::unique_ptr<Reply> chat_reply(const Core& core, const GenerationRequest& request) {
  return std::make_unique<ChatReply>(core, request);
}

}  // namespace focusllm::server
