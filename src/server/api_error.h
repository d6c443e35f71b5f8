#pragma once

#include <cstdint>
#include <exception>
#include <string>

#include <nlohmann/json.hpp>

namespace focusllm::server {

using Json = nlohmann::json;                 ///< of requests: keys are looked up, whatever their number
using OrderedJson = nlohmann::ordered_json;  ///< of answers: keys stay in order

/// What a client is told in place of an answer, in OpenAI's form.
struct ApiError : std::exception {
  ApiError(int the_status, std::string the_type, std::string the_message, std::string the_param = {},
           std::string the_code = {})
      : status(the_status),
        type(std::move(the_type)),
        message(std::move(the_message)),
        param(std::move(the_param)),
        code(std::move(the_code)) {}
  const char* what() const noexcept override { return message.c_str(); }
  /// {"error": {"code", "message", "type", "param"}}
  OrderedJson json() const;

  int status;
  std::string type, message;
  std::string param, code;  ///< null where empty
  /// Of a prompt that is too long.
  std::int64_t prompt_tokens = 0, most_tokens = 0;
  int retry_after = 0;  ///< seconds; 0: not said
};

/// 400: the request makes no sense; `param` names the field that is wrong.
ApiError bad_request(const std::string& message, const std::string& param = {});
/// 400: what the request asks for is not supported, and an answer without it would be another one.
ApiError not_supported(const std::string& message, const std::string& param);
/// 404: what a request names is not there: "document", "file", and its name.
ApiError not_found(const std::string& what, const std::string& name, const std::string& param = {});
/// 503: not now.
ApiError overloaded(const std::string& message);

/// What went wrong with a request, for its client. `prompt_tokens`: of the request, where they are known.
ApiError api_error(const std::exception_ptr& failure, std::int64_t prompt_tokens = 0);

/// The error in Anthropic's form.
OrderedJson messages_error(const ApiError& error);

/// One line of JSON, whatever bytes its strings have.
std::string dump(const OrderedJson& json);

}  // namespace focusllm::server
