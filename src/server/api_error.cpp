#include "server/api_error.h"

#include <new>

#include <fmt/format.h>

#include "base/error.h"

namespace focusllm::server {
namespace {

constexpr int kRetrySeconds = 5;

OrderedJson text_or_null(const std::string& text) {
  return text.empty() ? OrderedJson(nullptr) : OrderedJson(text);
}

ApiError too_long(const TextTooLong& error, std::int64_t prompt_tokens) {
  ApiError said(400, "exceed_context_size_error", error.what(), "messages", "context_length_exceeded");
  said.prompt_tokens = prompt_tokens > 0 ? prompt_tokens : error.tokens();
  said.most_tokens = error.most();
  return said;
}

}  // namespace

OrderedJson ApiError::json() const {
  OrderedJson error = {
      {"code", text_or_null(code)}, {"message", message}, {"type", type}, {"param", text_or_null(param)}};
  if (most_tokens > 0) {
    error["n_prompt_tokens"] = prompt_tokens;
    error["n_ctx"] = most_tokens;
  }
  return {{"error", std::move(error)}};
}

ApiError bad_request(const std::string& message, const std::string& param) {
  return {400, "invalid_request_error", message, param};
}

ApiError not_supported(const std::string& message, const std::string& param) {
  return {400, "invalid_request_error", message, param, "unsupported_parameter"};
}

ApiError not_found(const std::string& what, const std::string& name, const std::string& param) {
  return {404, "not_found_error", fmt::format("there is no {} \"{}\"", what, name), param};
}

ApiError overloaded(const std::string& message) {
  ApiError error(503, "overloaded_error", message, {}, "server_overloaded");
  error.retry_after = kRetrySeconds;
  return error;
}

ApiError api_error(const std::exception_ptr& failure, std::int64_t prompt_tokens) {
  try {
    std::rethrow_exception(failure);
  } catch (const ApiError& error) {
    return error;
  } catch (const TextTooLong& error) {
    return too_long(error, prompt_tokens);
  } catch (const NotEnoughMemory& error) {
    return overloaded(error.what());
  } catch (const Cancelled&) {
    return overloaded("the server is shutting down");
  } catch (const std::bad_alloc&) {
    return overloaded("out of memory");
  } catch (const UsageError& error) {
    return bad_request(error.what());
  } catch (const Error& error) {
    // One that names an option is about what was asked for, not about the server.
    if (!error.field().empty()) return bad_request(error.what());
    return {500, "server_error", error.what()};
  } catch (const std::exception& error) {
    return {500, "server_error", error.what()};
  }
}

OrderedJson messages_error(const ApiError& error) {
  return {{"type", "error"}, {"error", {{"type", error.type}, {"message", error.message}}}};
}

std::string dump(const OrderedJson& json) {
  return json.dump(-1, ' ', false, OrderedJson::error_handler_t::replace);
}

}  // namespace focusllm::server
