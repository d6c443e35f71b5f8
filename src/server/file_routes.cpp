// Files: sent once, and made documents of.
#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include "base/error.h"
#include "base/plain_text.h"
#include "base/utf8.h"
#include "server/api_error.h"
#include "server/body.h"
#include "server/fields.h"
#include "server/files.h"
#include "server/handler.h"

namespace focusllm::server {
namespace {

constexpr const char* kPath = "/v1/files";
constexpr const char* kOne = R"(/v1/files/([\w.-]{1,128}))";
constexpr std::size_t kLongestFilename = 255, kLongestPurpose = 64;
constexpr std::int64_t kMostListed = 10000;

OrderedJson json_of(const File& file, const std::string& own) {
  return {{"id", file.id.substr(own.size())}, {"object", "file"},      {"bytes", file.bytes},
          {"created_at", file.created},       {"expires_at", nullptr}, {"filename", file.filename},
          {"purpose", file.purpose},          {"status", "processed"}, {"status_details", nullptr}};
}

/// The last part of a path, in whichever system it was written.
std::string filename_of(const FormPart& part) {
  const std::string name = part.filename.substr(part.filename.find_last_of("/\\") + 1);
  if (name.size() > kLongestFilename || find_invalid_utf8(name))
    throw bad_request(
        fmt::format("the file's name is not UTF-8, or has more than {} bytes", kLongestFilename), "file");
  return name.empty() ? "file" : name;
}

std::string purpose_of(const FormPart& part) {
  const auto plain = [](char letter) { return letter > ' ' && letter <= '~'; };
  if (part.content.size() > kLongestPurpose || !std::ranges::all_of(part.content, plain))
    throw bad_request(fmt::format("'purpose' must be a word of at most {} letters", kLongestPurpose),
                      "purpose");
  return part.content;
}

/// The part of a name, of which there is one at most. Null: none.
const FormPart* part_of(const std::vector<FormPart>& form, std::string_view name) {
  const FormPart* found = nullptr;
  for (const FormPart& part : form) {
    if (part.name != name) continue;
    if (found != nullptr) throw bad_request(fmt::format("'{}' is given twice", name), std::string(name));
    found = &part;
  }
  return found;
}

void check_content(const FormPart& file, const std::string& name) {
  if (is_blank(without_byte_order_mark(file.content)))
    throw bad_request(fmt::format("{} is empty: send a file with text in it", name), "file");
  try {
    check_text(file.content, name);
  } catch (const Error& error) {
    throw bad_request(error.what(), "file");
  }
}

Files& files_of(Site& site) {
  if (!site.core.files) throw no_documents("file");
  return *site.core.files;
}

OrderedJson add(Site& site, const std::string& own, const std::vector<FormPart>& form) {
  Files& files = files_of(site);
  Json names = Json::object();
  for (const FormPart& part : form) names[part.name] = true;
  check_fields(endpoint(kPath), names, site.core.metrics);
  const FormPart* file = part_of(form, "file");
  if (file == nullptr)
    throw bad_request("'file' must be given: a part of the form, with the file's bytes", "file");
  const FormPart* purpose = part_of(form, "purpose");
  const std::string filename = filename_of(*file);
  check_content(*file, filename);
  const std::string why = purpose == nullptr ? "user_data" : purpose_of(*purpose);
  return json_of(files.add(own, filename, why, file->content), own);
}

std::int64_t limit_of(const httplib::Request& request) {
  if (!request.has_param("limit")) return kMostListed;
  const std::string given = request.get_param_value("limit");
  const bool number =
      !given.empty() && given.size() < 10 && given.find_first_not_of("0123456789") == std::string::npos;
  const std::int64_t limit = number ? std::stoll(given) : 0;
  if (limit < 1 || limit > kMostListed)
    throw bad_request(fmt::format("'limit' must be a number from 1 to {}", kMostListed), "limit");
  return limit;
}

/// As OpenAI has it: `purpose`, `order`, and pages by `limit` and `after`.
OrderedJson list(const Files& files, const std::string& own, const httplib::Request& request) {
  std::vector<File> all = files.all(own);
  if (request.has_param("purpose")) {
    const std::string purpose = request.get_param_value("purpose");
    std::erase_if(all, [&](const File& file) { return file.purpose != purpose; });
  }
  if (request.get_param_value("order") == "asc") std::ranges::reverse(all);
  auto first = all.begin();
  if (request.has_param("after")) {
    first = std::ranges::find(all, own + request.get_param_value("after"), &File::id);
    if (first == all.end()) throw bad_request("'after' names no file", "after");
    ++first;
  }
  const std::int64_t shown = std::min<std::int64_t>(limit_of(request), all.end() - first);
  OrderedJson data = OrderedJson::array();
  for (auto file = first; file != first + shown; ++file) data.push_back(json_of(*file, own));
  const bool more = first + shown != all.end();
  OrderedJson json = {{"object", "list"}, {"data", data}, {"has_more", more}};
  json["first_id"] = data.empty() ? OrderedJson() : data.front()["id"];
  json["last_id"] = data.empty() ? OrderedJson() : data.back()["id"];
  return json;
}

}  // namespace

void add_file_routes(Site& site) {
  site.posts.insert(kPath);
  site.http.Post(kPath, [&site](const httplib::Request& request, httplib::Response& response,
                                const httplib::ContentReader& reader) {
    try {
      send(response,
           add(site, site.own_names(request), form_of(request, response, reader, site.core.limits)));
    } catch (...) {
      send_error(response, api_error(std::current_exception()), request.path);
    }
  });
  get(site, kPath, [&site](const httplib::Request& request, httplib::Response& response) {
    send(response, list(files_of(site), site.own_names(request), request));
  });
  get(site, kOne, [&site](const httplib::Request& request, httplib::Response& response) {
    const std::string own = site.own_names(request), id = request.matches[1];
    const auto file = files_of(site).find(own + id);
    if (!file) throw not_found("file", id);
    send(response, json_of(*file, own));
  });
  get(site, R"(/v1/files/([\w.-]{1,128})/content)",
      [&site](const httplib::Request& request, httplib::Response& response) {
        const std::string id = request.matches[1];
        if (!files_of(site).find(site.own_names(request) + id)) throw not_found("file", id);
        response.set_header("X-Content-Type-Options", "nosniff");
        response.set_content(files_of(site).content(site.own_names(request) + id),
                             "application/octet-stream");
      });
  erase(site, kOne, [&site](const httplib::Request& request) {
    const std::string id = request.matches[1];
    if (!files_of(site).remove(site.own_names(request) + id)) throw not_found("file", id);
    return OrderedJson{{"id", id}, {"object", "file"}, {"deleted", true}};
  });
}

}  // namespace focusllm::server
