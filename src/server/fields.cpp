#include "server/fields.h"

#include <algorithm>
#include <array>
#include <stdexcept>

#include <fmt/format.h>

namespace focusllm::server {
namespace {

using enum Field::Use;

// Values that change nothing; null never does.
bool empty(const Json& value) {
  return (value.is_array() || value.is_object()) && value.empty();
}
bool off(const Json& value) {
  return value.is_boolean() && !value.get<bool>();
}
bool one(const Json& value) {
  return value.is_number() && value.get<double>() == 1;
}
bool no_text(const Json& value) {
  return value.is_string() && value.get<std::string>().empty();
}
bool is(const Json& value, std::string_view word) {
  return value.is_string() && value.get_ref<const std::string&>() == word;
}
/// {"type": "text"}.
bool plain_text(const Json& value) {
  if (!value.is_object()) return false;
  const auto type = value.find("type");
  return value.empty() || (type != value.end() && is(*type, "text"));
}
bool plain_format(const Json& value) {
  if (!value.is_object()) return false;
  const auto format = value.find("format");
  return format == value.end() || format->is_null() || plain_text(*format);
}
bool no_tools(const Json& value) {
  return is(value, "none") || is(value, "auto");
}
bool no_tools_by_type(const Json& value) {
  if (!value.is_object()) return false;
  const auto type = value.find("type");
  return type != value.end() && (is(*type, "none") || is(*type, "auto"));
}
bool text_only(const Json& value) {
  return value.is_array() && std::ranges::all_of(value, [](const Json& each) { return is(each, "text"); });
}
bool disabled(const Json& value) {
  if (!value.is_object()) return false;
  const auto type = value.find("type");
  return type != value.end() && is(*type, "disabled");
}
bool not_truncated(const Json& value) {
  return is(value, "disabled");
}

constexpr std::string_view kOneModel = "one model is served; the answer names it";
constexpr std::string_view kForRecords = "for the client's own records";
constexpr std::string_view kNoTools = "tools are not supported";

// What several endpoints have.
constexpr Field kModel = {"model", ignored, kOneModel};
constexpr Field kStream = {"stream", used, "the answer comes as server-sent events"};
constexpr Field kTemperature = {"temperature", used, "0: always the likeliest token"};
constexpr Field kTopP = {"top_p"};
constexpr Field kTopK = {"top_k"};
constexpr Field kMinP = {"min_p"};
constexpr Field kSeed = {"seed", used, "-1: another one for each request"};
constexpr Field kStop = {"stop", used, "a string or an array; the answer ends in front of it"};
constexpr Field kPresence = {"presence_penalty", used, "over the tokens of the answer"};
constexpr Field kFrequency = {"frequency_penalty", used, "over the tokens of the answer"};
constexpr Field kRepeat = {"repeat_penalty", used, "over prompt and answer, as llama.cpp defines it"};
constexpr Field kRepeatLast = {"repeat_last_n", used, "how many tokens that looks at"};
constexpr Field kIgnoreEnd = {"ignore_eos", used, "the answer goes on to its greatest length"};
constexpr Field kChoices = {"n", used, "answers, drawn beside each other"};
constexpr Field kDocuments = {"documents", used, "names of documents that the question is about"};
constexpr Field kStreamOptions = {"stream_options", used, "`include_usage`"};
constexpr Field kProgress = {"return_progress", used, "with `stream`: events with `prompt_progress`"};
constexpr Field kUser = {"user", ignored, kForRecords};
constexpr Field kMetadata = {"metadata", ignored, kForRecords};
constexpr Field kStore = {"store", ignored, "nothing is stored beyond what is kept to go on from"};
constexpr Field kCachePrompt = {"cache_prompt", ignored, "what was read is always gone on from"};
constexpr Field kSlot = {"id_slot", ignored, "there are no slots to choose from"};
constexpr Field kTimings = {"timings_per_token", ignored, "`timings` come once, with the end"};
constexpr Field kServiceTier = {"service_tier", ignored, "there is one"};
constexpr Field kPromptKey = {"prompt_cache_key", ignored, "what was read is found by its text"};
constexpr Field kSafety = {"safety_identifier", ignored, kForRecords};
constexpr Field kTemplateOptions = {"chat_template_kwargs", ignored,
                                    "templates are known families without options"};
constexpr Field kReasoning = {"reasoning_effort", ignored, "models are not told"};
constexpr Field kParallelTools = {"parallel_tool_calls", ignored, kNoTools};
constexpr Field kTools = {"tools", refused, kNoTools, empty};
constexpr Field kToolChoice = {"tool_choice", refused, kNoTools, no_tools};
constexpr Field kLogitBias = {"logit_bias", refused, "tokens cannot be preferred", empty};
constexpr Field kGrammar = {"grammar", refused, "answers follow no grammar", no_text};
constexpr Field kSchema = {"json_schema", refused, "answers follow no schema", empty};

/// Lists one behind the other.
template <std::size_t... kSizes>
constexpr auto joined(const std::array<Field, kSizes>&... lists) {
  std::array<Field, (kSizes + ...)> all{};
  auto to = all.begin();
  ((to = std::ranges::copy(lists, to).out), ...);
  return all;
}

// What sampling_of() takes.
constexpr auto kSampling = std::to_array<Field>(
    {kTemperature, kTopP, kTopK, kMinP, kSeed, kPresence, kFrequency, kRepeat, kRepeatLast, kIgnoreEnd});

// What chat completions and completions both take.
constexpr auto kGenerating = joined(
    std::to_array<Field>({kStream, kStreamOptions, kProgress}), kSampling,
    std::to_array<Field>({kStop, kChoices, kModel, kUser, kMetadata, kStore, kCachePrompt, kSlot, kTimings}));
constexpr auto kNoConstraints = std::to_array<Field>({kLogitBias, kGrammar, kSchema});

constexpr auto kChatFields = joined(
    std::to_array<Field>(
        {{"messages", used, "roles system (or developer), user and assistant; text, or parts of type text"},
         kDocuments,
         {"max_tokens", used, "longest answer; if not given, what there is room for"},
         {"max_completion_tokens", used, "the same; goes before max_tokens"},
         {"logprobs", used, "true: the log-probability of each token"},
         {"top_logprobs", used, "likeliest tokens told for each, with `logprobs`"}}),
    kGenerating,
    std::to_array<Field>({kServiceTier,
                          kPromptKey,
                          kSafety,
                          kTemplateOptions,
                          kReasoning,
                          kParallelTools,
                          {"verbosity", ignored, "models are not told"},
                          {"prediction", ignored, "a hint for speed alone"},
                          kTools,
                          kToolChoice,
                          {"functions", refused, kNoTools, empty},
                          {"function_call", refused, kNoTools, no_tools},
                          {"response_format", refused,
                           "anything but {\"type\": \"text\"}: answers follow no schema", plain_text},
                          {"modalities", refused, "anything but text", text_only},
                          {"audio", refused, "answers are text", empty},
                          {"web_search_options", refused, "nothing is searched", nullptr}}),
    kNoConstraints);

constexpr auto kCompletionFields = joined(
    std::to_array<Field>({{"prompt", used,
                           "a string (names of control tokens in it are those tokens), an array of token "
                           "ids, or an array of such prompts"},
                          {"max_tokens", used, "longest answer; if not given, what there is room for"},
                          {"n_predict", used, "the same, as llama-server calls it"},
                          {"logprobs", used, "a number: the likeliest tokens told for each"}}),
    kGenerating,
    std::to_array<Field>({{"best_of", refused, "more than one: all answers are given", one},
                          {"echo", refused, "the prompt is not repeated", off},
                          {"suffix", refused, "texts are continued, not filled in", no_text}}),
    kNoConstraints);

constexpr auto kDocumentFields =
    std::to_array<Field>({{"name", used,
                           "letters, digits, '.', '_' and '-'; one that is there is replaced; a file's name "
                           "if not given"},
                          {"text", used, "all of it, as text"},
                          {"file_id", used, "in the place of `text`: a file that was sent before"},
                          {"stream", used, "the document, as it is read, as server-sent events"},
                          {"method", refused, "texts are read as the server was told", no_text}});

constexpr auto kSurveyFields = joined(
    std::to_array<Field>(
        {{"prompt", used, "the question, as it is put to each part"},
         {"merge", used, "a question about all answers, asked at the end"},
         {"system", used, "in front of each part"},
         {"part_tokens", used, "of a part; 1536 if not given, at most a quarter of the trained context"},
         {"at_once", used, "parts that are worked on together; as many as there is memory for"},
         {"max_tokens", used, "longest answer to each; 256 if not given"},
         {"stream", used, "results come as they are there, one object a line (JSON lines)"}}),
    kSampling, std::to_array<Field>({kModel, kUser, kMetadata}));

constexpr auto kFileFields = std::to_array<Field>(
    {{"file", used, "the file: text, UTF-8"},
     {"purpose", used, "a word for the client's own records; user_data if not given"},
     {"expires_after[anchor]", ignored, "files stay until they are removed, or the store needs room"},
     {"expires_after[seconds]", ignored, "likewise"}});

constexpr auto kMessagesFields = std::to_array<Field>(
    {{"messages", used, "roles user and assistant; text, or blocks of type text"},
     kDocuments,
     {"system", used, "text, or blocks of type text"},
     {"max_tokens", used, "longest answer; must be given"},
     {"stop_sequences", used, "the answer ends in front of one"},
     kStream,
     kTemperature,
     kTopP,
     kTopK,
     kModel,
     kMetadata,
     kServiceTier,
     {"thinking", refused, "there is no thinking budget; {\"type\": \"disabled\"} is accepted", disabled},
     kTools,
     {"tool_choice", refused, kNoTools, no_tools_by_type},
     {"mcp_servers", refused, kNoTools, empty},
     {"container", refused, kNoTools, nullptr}});

constexpr auto kResponsesFields = std::to_array<Field>(
    {{"input", used, "text, or messages with text, or parts of type input_text and output_text"},
     {"instructions", used, "the system message"},
     kDocuments,
     {"max_output_tokens", used, "longest answer; if not given, what there is room for"},
     kStream,
     kTemperature,
     kTopP,
     kModel,
     kUser,
     kMetadata,
     kStore,
     kServiceTier,
     kPromptKey,
     kSafety,
     kParallelTools,
     {"include", ignored, "what it may ask for is not there"},
     {"top_logprobs", ignored, "of those `include` asks for"},
     {"reasoning", ignored, "models are not told"},
     {"stream_options", ignored, "usage always comes with the last event"},
     {"max_tool_calls", ignored, kNoTools},
     {"truncation", refused, "anything but disabled: nothing is cut off", not_truncated},
     {"background", refused, "answers come with the request", off},
     {"previous_response_id", refused, "answers are not stored: send the conversation", nullptr},
     {"conversation", refused, "conversations are not stored: send the messages", nullptr},
     {"prompt", refused, "there are no stored prompts", nullptr},
     {"text", refused, "any format but {\"type\": \"text\"}", plain_format},
     kTools,
     kToolChoice});

constexpr auto kTokenizeFields = std::to_array<Field>(
    {{"content", used, "the text"},
     {"add_special", used, "BOS in front, if the model wants it"},
     {"parse_special", used, "names of control tokens become those tokens; true if not given"},
     {"with_pieces", used, "tokens as {\"id\", \"piece\"}"},
     kModel});
constexpr auto kDetokenizeFields = std::to_array<Field>({{"tokens", used, "ids"}, kModel});

constexpr std::array kEndpoints = {
    Endpoint{"POST", "/v1/chat/completions", kChatFields},
    Endpoint{"POST", "/v1/documents", kDocumentFields},
    Endpoint{"POST", "/v1/documents/NAME/survey", kSurveyFields},
    Endpoint{"POST", "/v1/files", kFileFields},
    Endpoint{"POST", "/v1/completions", kCompletionFields},
    Endpoint{"POST", "/v1/messages", kMessagesFields},
    Endpoint{"POST", "/v1/responses", kResponsesFields},
    Endpoint{"POST", "/tokenize", kTokenizeFields},
    Endpoint{"POST", "/detokenize", kDetokenizeFields},
};

constexpr bool changes_nothing(const Field& field, const Json& value) {
  return value.is_null() || (field.harmless != nullptr && field.harmless(value));
}

void list(const Endpoint& endpoint, Field::Use use, std::string_view title, std::string& text) {
  std::string rows;
  for (const Field& field : endpoint.fields) {
    if (field.use == use) rows += fmt::format("| `{}` | {} |\n", field.name, field.why);
  }
  if (!rows.empty()) text += fmt::format("\n{}:\n\n| field | |\n|---|---|\n{}", title, rows);
}

}  // namespace

std::span<const Endpoint> endpoints() {
  return kEndpoints;
}

const Endpoint& endpoint(std::string_view path) {
  const auto found = std::ranges::find(kEndpoints, path, &Endpoint::path);
  if (found == kEndpoints.end()) throw std::logic_error(fmt::format("no list of fields for {}", path));
  return *found;
}

void check_fields(const Endpoint& endpoint, const Json& body, Metrics& metrics) {
  for (const auto& [name, value] : body.items()) {
    const auto field = std::ranges::find(endpoint.fields, std::string_view(name), &Field::name);
    if (field == endpoint.fields.end()) {
      metrics.unknown_field(endpoint.path);
    } else if (field->use == refused && !changes_nothing(*field, value)) {
      throw not_supported(fmt::format("'{}' is not supported: {}", name, field->why), name);
    }
  }
}

std::string fields_markdown() {
  std::string text;
  for (const Endpoint& each : kEndpoints) {
    text += fmt::format("{}### `{} {}`\n", text.empty() ? "" : "\n", each.method, each.path);
    list(each, used, "Used", text);
    list(each, ignored, "Accepted without effect", text);
    list(each, refused, "Refused (400)", text);
  }
  return text;
}

}  // namespace focusllm::server
