#pragma once

#include <string>
#include <vector>

#include <httplib.h>

#include "server/limits.h"

namespace focusllm::server {

/// The body of a request that must be JSON, as it came. Throws ApiError where it is too large, too slow, ends
/// early or is something else; the connection is closed behind the answer then, as the rest stays unread.
std::string body_of(const httplib::Request& request, httplib::Response& response,
                    const httplib::ContentReader& reader, const Limits& limits);

/// A part of a form.
struct FormPart {
  std::string name;
  std::string filename;
  std::string content;
};
/// The parts of a body that must be a form (multipart/form-data), in their order. Throws likewise.
std::vector<FormPart> form_of(const httplib::Request& request, httplib::Response& response,
                              const httplib::ContentReader& reader, const Limits& limits);

/// The connection is closed behind the answer: what is left of the request stays unread.
void close_after(httplib::Response& response);

}  // namespace focusllm::server
