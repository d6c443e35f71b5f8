#include <fmt/format.h>

#include "base/utf8.h"
#include "server/api_requests.h"
#include "server/handler.h"
#include "server/request.h"

namespace focusllm::server {
namespace {

/// A token's text, or its bytes where they are none by themselves.
OrderedJson piece_of(const Tokenizer& tokenizer, Token id) {
  const std::string piece = tokenizer.piece(id, true);
  if (!find_invalid_utf8(piece)) return piece;
  OrderedJson bytes = OrderedJson::array();
  for (const char c : piece) bytes.push_back(static_cast<unsigned char>(c));
  return bytes;
}

OrderedJson tokenize(const Core& core, const Values& body) {
  const Tokenizer& tokenizer = core.engine->tokenizer();
  std::vector<Token> ids;
  if (body.flag("add_special") && tokenizer.adds_bos()) ids.push_back(*tokenizer.bos());
  const auto content = body.text("content");
  if (!content) throw bad_request("'content' must be given", "content");
  const std::vector<Token> more = tokenizer.encode(*content, body.flag("parse_special", true));
  ids.insert(ids.end(), more.begin(), more.end());
  OrderedJson tokens = OrderedJson::array();
  const bool pieces = body.flag("with_pieces");
  for (const Token id : ids) {
    if (pieces)
      tokens.push_back({{"id", id}, {"piece", piece_of(tokenizer, id)}});
    else
      tokens.push_back(id);
  }
  return {{"tokens", std::move(tokens)}};
}

OrderedJson detokenize(const Core& core, const Values& body) {
  const Tokenizer& tokenizer = core.engine->tokenizer();
  const Json* tokens = body.find("tokens");
  if (tokens == nullptr || !tokens->is_array())
    throw bad_request("'tokens' must be an array of ids", "tokens");
  std::vector<Token> ids;
  for (const Json& token : *tokens) {
    const auto id = token.is_number_integer() ? token.get<std::int64_t>() : -1;
    if (id < 0 || id >= tokenizer.size())
      throw bad_request(fmt::format("'tokens': {} is no token of the model, which has {}",
                                    dump(OrderedJson(token)), tokenizer.size()),
                        "tokens");
    ids.push_back(static_cast<Token>(id));
  }
  return {{"content", tokenizer.decode(ids, true)}};
}

std::vector<Token> prompt_tokens(const Core& core, ParseConversation parse, const Values& body) {
  return tokens_of(Prompt(parse(body)), core.engine->tokenizer(), chat_of(core));
}

void add(Site& site, const char* path, const char* fields_of,
         OrderedJson (*answer)(const Core&, const Values&)) {
  post(site, path, fields_of,
       [&site, answer](const httplib::Request&, httplib::Response& response, const Values& body) {
         send(response, answer(site.core, body));
       });
}

}  // namespace

void add_token_routes(Site& site) {
  add(site, "/tokenize", "/tokenize", tokenize);
  add(site, "/detokenize", "/detokenize", detokenize);
  add(site, "/apply-template", "/v1/chat/completions", [](const Core& core, const Values& body) {
    const auto ids = prompt_tokens(core, chat_conversation, body);
    return OrderedJson{{"prompt", core.engine->tokenizer().decode(ids, true)}};
  });
  add(site, "/v1/chat/completions/input_tokens", "/v1/chat/completions",
      [](const Core& core, const Values& body) {
        return OrderedJson{{"object", "response.input_tokens"},
                           {"input_tokens", prompt_tokens(core, chat_conversation, body).size()}};
      });
  add(site, "/v1/messages/count_tokens", "/v1/messages", [](const Core& core, const Values& body) {
    return OrderedJson{{"input_tokens", prompt_tokens(core, messages_conversation, body).size()}};
  });
}

}  // namespace focusllm::server
