// The text of a document, whole or in parts.
#include <fmt/format.h>

#include "server/api_error.h"
#include "server/byte_range.h"
#include "server/documents.h"
#include "server/handler.h"

namespace focusllm::server {
namespace {

void send_text(const std::shared_ptr<const MappedDocument>& text, const httplib::Request& request,
               httplib::Response& response) {
  const auto range = byte_range(request.get_header_value("Range"), text->size());
  const ByteRange sent = range.value_or(ByteRange{0, text->size()});
  if (range && range->bytes == 0) {
    response.set_header("Content-Range", fmt::format("bytes */{}", text->size()));
    throw ApiError(416, "invalid_request_error",
                   fmt::format("the range has nothing of the document, which has {} bytes", text->size()));
  }
  response.status = range ? 206 : 200;
  if (range)
    response.set_header("Content-Range",
                        fmt::format("bytes {}-{}/{}", sent.first, sent.first + sent.bytes - 1, text->size()));
  response.set_header("ETag", '"' + text->hash() + '"');
  response.set_header("Accept-Ranges", "bytes");
  response.set_header("Cache-Control", "private, no-cache");
  response.set_header("X-Content-Type-Options", "nosniff");
  response.set_content_provider(sent.bytes, "text/plain; charset=utf-8",
                                [text, sent](std::size_t offset, std::size_t bytes, httplib::DataSink& sink) {
                                  const std::string_view piece =
                                      text->at(sent.first + offset).substr(0, bytes);
                                  return !piece.empty() && sink.write(piece.data(), piece.size());
                                });
}

}  // namespace

void add_content_routes(Site& site) {
  if (!site.core.documents) return;
  get(site, R"(/v1/documents/([\w.-]{1,128})/content)",
      [&site](const httplib::Request& request, httplib::Response& response) {
        const std::string own = site.own_names(request), name = request.matches[1];
        send_text(site.core.documents->mapped(own + name, name), request, response);
      });
}

}  // namespace focusllm::server
