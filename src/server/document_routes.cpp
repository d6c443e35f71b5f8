// Texts that are read once, and named by requests.
#include <fmt/format.h>

#include "server/api_error.h"
#include "server/documents.h"
#include "server/handler.h"
#include "server/reply.h"

namespace focusllm::server {
namespace {

constexpr std::chrono::milliseconds kEventPause{500};  // between two events of a reading

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
  if (!document.error.empty()) json["error"] = document.error;
  return json;
}

std::string text_of(const Values& body) {
  const auto text = body.text("text");
  if (!text || text->find_first_not_of(" \t\r\n") == std::string::npos)
    throw bad_request("'text' must be a text that is not empty", "text");
  return *text;
}

std::string name_of(const Values& body, const std::string& own) {
  const auto name = body.text("name");
  if (!name) throw bad_request("'name' must be given: letters, digits, '.', '_' and '-'", "name");
  try {
    check_text_name(*name);
    check_text_name(own + *name);
  } catch (const Error& error) {
    throw bad_request(error.what(), "name");
  }
  return own + *name;
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

/// `answer` gets the name of a document as the store has it.
template <typename Answer>
void of_document(Site& site, const httplib::Request& request, httplib::Response& response,
                 const Answer& answer) {
  try {
    const std::string own = site.own_names(request);
    const std::string name = request.matches[1];
    send(response, answer(own, own + name));
  } catch (...) {
    send_error(response, api_error(std::current_exception()), request.path);
  }
}

[[noreturn]] void throw_missing(const std::string& own, const std::string& name) {
  throw ApiError(404, "not_found_error", fmt::format("there is no document \"{}\"", name.substr(own.size())));
}

}  // namespace

void add_document_routes(Site& site) {
  post(site, "/v1/documents", "/v1/documents",
       [&site](const httplib::Request& request, httplib::Response& response, const Values& body) {
         const std::string own = site.own_names(request);
         const std::string name = name_of(body, own);
         std::string text = text_of(body);
         const bool streamed = body.flag("stream");
         if (!site.core.documents) throw not_supported("the server keeps no documents", "text");
         const Document document = site.core.documents->add(name, name.substr(own.size()), std::move(text));
         if (streamed) return stream_reading(*site.core.documents, name, own, response);
         response.status = 202;
         send(response, json_of(document, own));
       });
  if (!site.core.documents) return;
  Documents& documents = *site.core.documents;
  constexpr const char* kOne = "/v1/documents/([^/]{1,128})";
  site.http.Get("/v1/documents",
                [&documents, &site](const httplib::Request& request, httplib::Response& response) {
                  const std::string own = site.own_names(request);
                  OrderedJson list = OrderedJson::array();
                  for (const Document& document : documents.all(own)) list.push_back(json_of(document, own));
                  send(response, {{"object", "list"}, {"data", std::move(list)}});
                });
  site.http.Get(kOne, [&documents, &site](const httplib::Request& request, httplib::Response& response) {
    of_document(site, request, response, [&](const std::string& own, const std::string& name) {
      const auto document = documents.find(name);
      if (!document) throw_missing(own, name);
      return json_of(*document, own);
    });
  });
  site.http.Delete(kOne, [&documents, &site](const httplib::Request& request, httplib::Response& response) {
    of_document(site, request, response, [&](const std::string& own, const std::string& name) {
      if (!documents.remove(name)) throw_missing(own, name);
      return OrderedJson{{"id", name.substr(own.size())}, {"object", "document"}, {"deleted", true}};
    });
  });
}

}  // namespace focusllm::server
