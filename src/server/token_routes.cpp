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

OrderedJson tokenize(const Core& core, const Values& body, const std::string& /*own_names*/) {
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

OrderedJson detokenize(const Core& core, const Values& body, const std::string& /*own_names*/) {
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

/// With the documents' own.
std::int64_t count_tokens(const Core& core, ParseConversation parse, const Values& body,
                          const std::string& own_names) {
  const Conversation conversation = with_documents(parse(body), body, core, own_names);
  std::int64_t tokens = std::ssize(tokens_of(Prompt(conversation), core.engine->tokenizer(), chat_of(core)));
  for (const DocumentUse& document : conversation.documents) tokens += document.tokens;
  return tokens;
}

using Answer = OrderedJson(const Core& core, const Values& body, const std::string& own_names);

void add(Site& site, const char* path, const char* fields_of, Answer answer) {
  post(site, path, fields_of,
       [&site, answer](const httplib::Request& request, httplib::Response& response, const Values& body) {
         send(response, answer(site.core, body, site.own_names(request)));
       });
}

}  // namespace

void add_token_routes(Site& site) {
  add(site, "/tokenize", "/tokenize", tokenize);
  add(site, "/detokenize", "/detokenize", detokenize);
  add(site, "/apply-template", "/v1/chat/completions",
      [](const Core& core, const Values& body, const std::string&) {
        const auto ids = prompt_tokens(core, chat_conversation, body);
        return OrderedJson{{"prompt", core.engine->tokenizer().decode(ids, true)}};
      });
  add(site, "/v1/chat/completions/input_tokens", "/v1/chat/completions",
      [](const Core& core, const Values& body, const std::string& own_names) {
        return OrderedJson{{"object", "response.input_tokens"},
                           {"input_tokens", count_tokens(core, chat_conversation, body, own_names)}};
      });
  add(site, "/v1/messages/count_tokens", "/v1/messages",
      [](const Core& core, const Values& body, const std::string& own_names) {
        return OrderedJson{{"input_tokens", count_tokens(core, messages_conversation, body, own_names)}};
      });
}

}  // namespace focusllm::server
