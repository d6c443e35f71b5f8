// The page for people at /: files that are part of the program.
#include "base/error.h"
#include "base/hash.h"
#include "server/handler.h"
#include "server/page_files.h"

namespace focusllm::server {
namespace {

constexpr std::string_view kIndex = "index.html";

/// The page loads nothing from elsewhere, runs nothing but its own files, and stands in no other page.
constexpr const char* kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const char* content_type(std::string_view name) {
  if (name.ends_with(".html")) return "text/html; charset=utf-8";
  if (name.ends_with(".css")) return "text/css; charset=utf-8";
  if (name.ends_with(".js")) return "text/javascript; charset=utf-8";
  if (name.ends_with(".svg")) return "image/svg+xml";
  fail("the page's file {} is of no type that is known", name);
}

/// A browser asks each time whether its copy is still the file: a new program has new ones.
void send_file(const PageFile& file, const std::string& tag, const char* type,
               const httplib::Request& request, httplib::Response& response) {
  response.set_header("Content-Security-Policy", kPolicy);
  response.set_header("X-Content-Type-Options", "nosniff");
  response.set_header("Referrer-Policy", "no-referrer");
  response.set_header("Cache-Control", "no-cache");
  response.set_header("ETag", tag);
  if (request.get_header_value("If-None-Match") == tag) {
    response.status = 304;
    return;
  }
  response.set_content(file.text.data(), file.text.size(), type);
}

/// Routes are regular expressions.
std::string route_of(std::string_view name) {
  if (name == kIndex) return "/";
  std::string route = "/page/" + std::string(name);
  route.insert(route.rfind('.'), "\\");
  return route;
}

}  // namespace

void add_page_routes(Site& site) {
  for (const PageFile& file : page_files()) {
    const std::string tag = '"' + content_hash(std::as_bytes(std::span(file.text))) + '"';
    site.http.Get(route_of(file.name), [file, tag, type = content_type(file.name)](
                                           const httplib::Request& request, httplib::Response& response) {
      send_file(file, tag, type, request, response);
    });
  }
}

}  // namespace focusllm::server
