// Texts that are read once, and named by requests.
#include <fmt/format.h>

#include "base/error.h"
#include "base/plain_text.h"
#include "server/api_error.h"
#include "server/documents.h"
#include "server/handler.h"
#include "server/reply.h"

namespace focusllm::server {
namespace {

constexpr std::chrono::milliseconds kEventPause{500};  // between two events of a reading

/// Of a document that `focusllm read` made of several files, or of one with another name.
OrderedJson sources_json(const Document& document) {
  OrderedJson sources = OrderedJson::array();
  for (const StoredSource& source : document.sources)
    sources.push_back({{"name", source.name}, {"first_byte", source.first_byte}, {"bytes", source.bytes}});
  return sources;
}

OrderedJson json_of(const Document& document, const std::string& own) {
  const std::string name = document.name.substr(own.size());
  OrderedJson json = {{"id", name},
                      {"object", "document"},
                      {"name", name},
                      {"status", status_name(document.status)},
                      {"bytes", document.bytes},
                      {"tokens", document.tokens},
                      {"tokens_read", document.tokens_read},
                      {"created_at", document.created},
                      {"error", nullptr}};
  if (!document.method.empty()) json["method"] = document.method;
  const bool of_files =
      document.sources.size() > 1 || (!document.sources.empty() && document.sources.front().name != name);
  if (of_files) json["sources"] = sources_json(document);
  if (!document.error.empty()) json["error"] = document.error;
  return json;
}

struct NamedText {
  std::string name;  ///< as its owner calls it
  std::string text;
};

std::string given_name(const Values& body, const std::string& otherwise) {
  std::string name = body.text("name").value_or(otherwise);
  if (name.empty()) throw bad_request("'name' must be given: letters, digits, '.', '_' and '-'", "name");
  return name;
}

/// The text that the request has, or a file's, which names it where the request does not.
NamedText text_of(const Values& body, const Core& core, const std::string& own) {
  const auto text = body.text("text"), id = body.text("file_id");
  if (text && id) throw bad_request("'text' and 'file_id' are given: one of them is read", "file_id");
  if (id) {
    if (!core.files) throw no_documents("file_id");
    const auto file = core.files->find(own + *id);
    if (!file) throw not_found("file", *id, "file_id");
    const std::string content = core.files->content(file->id);
    return {given_name(body, text_name_of(file->filename)), std::string(without_byte_order_mark(content))};
  }
  if (!text || is_blank(*text))
    throw bad_request("'text' must be a text that is not empty, or 'file_id' a file", "text");
  return {given_name(body, {}), *text};
}

void check_name(const std::string& name, const std::string& own) {
  try {
    check_text_name(name);
    check_text_name(own + name);
  } catch (const Error& error) {
    throw bad_request(error.what(), "name");
  }
}

void stream_reading(Documents& documents, const std::string& name, const std::string& own,
                    httplib::Response& response) {
  response.set_header("Cache-Control", "no-cache");
  response.set_chunked_content_provider(
      "text/event-stream", [&documents, name, own](std::size_t, httplib::DataSink& sink) {
        for (;;) {
          const auto document = documents.find(name);
          const std::string sent = document ? event(json_of(*document, own)) : std::string();
          if (document && !sink.write(sent.data(), sent.size())) break;
          const bool over = !document || document->status == Document::Status::ready ||
                            document->status == Document::Status::failed;
          if (over) break;
          documents.wait(name, kEventPause);
        }
        sink.done();
        return true;
      });
}

}  // namespace

void add_document_routes(Site& site) {
  post(site, "/v1/documents", "/v1/documents",
       [&site](const httplib::Request& request, httplib::Response& response, const Values& body) {
         const std::string own = site.own_names(request);
         const bool streamed = body.flag("stream");
         NamedText given = text_of(body, site.core, own);
         check_name(given.name, own);
         if (!site.core.documents) throw no_documents("text");
         const Document document =
             site.core.documents->add(own + given.name, given.name, std::move(given.text));
         if (streamed) return stream_reading(*site.core.documents, document.name, own, response);
         response.status = 202;
         send(response, json_of(document, own));
       });
  if (!site.core.documents) return;
  Documents& documents = *site.core.documents;
  constexpr const char* kOne = R"(/v1/documents/([\w.-]{1,128}))";
  get(site, "/v1/documents",
      [&documents, &site](const httplib::Request& request, httplib::Response& response) {
        const std::string own = site.own_names(request);
        OrderedJson list = OrderedJson::array();
        for (const Document& document : documents.all(own)) list.push_back(json_of(document, own));
        send(response, {{"object", "list"}, {"data", std::move(list)}});
      });
  get(site, kOne, [&documents, &site](const httplib::Request& request, httplib::Response& response) {
    const std::string own = site.own_names(request), name = request.matches[1];
    const auto document = documents.find(own + name);
    if (!document) throw not_found("document", name);
    send(response, json_of(*document, own));
  });
  erase(site, kOne, [&documents, &site](const httplib::Request& request) {
    const std::string name = request.matches[1];
    if (!documents.remove(site.own_names(request) + name)) throw not_found("document", name);
    return OrderedJson{{"id", name}, {"object", "document"}, {"deleted", true}};
  });
}

}  // namespace focusllm::server
