// A question that is put to every part of a document by itself.
#include <fmt/format.h>

#include "focusllm/survey.h"
#include "server/api_error.h"
#include "server/documents.h"
#include "server/handler.h"
#include "server/reply.h"
#include "server/request.h"

namespace focusllm::server {
namespace {

constexpr const char* kFields = "/v1/documents/NAME/survey";
constexpr std::int64_t kUsualAnswer = 256;

struct SurveyRequest {
  std::string document;  ///< as its owner calls it
  std::string question, merge;
  SurveyOptions options;
  bool stream = false;
};

std::string required(const Values& body, const char* name) {
  const auto text = body.text(name);
  if (!text || text->empty()) throw bad_request(fmt::format("'{}' must be a question", name), name);
  return *text;
}

SurveyRequest parse(const Values& body, const Core& core) {
  SurveyRequest request;
  request.question = required(body, "prompt");
  request.merge = body.text("merge").value_or("");
  request.stream = body.flag("stream");
  SurveyOptions& options = request.options;
  options.session.system = body.text("system").value_or("");
  options.session.chat_template = core.chat_name;
  options.ask.sampling = sampling_of(body, core);
  options.ask.max_tokens = body.integer("max_tokens", 1, core.limits.answer_tokens).value_or(kUsualAnswer);
  options.part_tokens = body.integer("part_tokens", 1, core.engine->info().trained_context).value_or(0);
  const int most = core.limits.running;
  options.at_once =
      static_cast<int>(body.integer("at_once", 1, most).value_or(std::min(most, options.at_once)));
  return request;
}

/// A survey that is being worked on, and its client.
class Surveying {
 public:
  Surveying(Site& site, SurveyRequest request, std::vector<DocumentText> texts)
      : core_(site.core),
        request_(std::move(request)),
        texts_(std::move(texts)),
        ticket_(core_.slots),
        watch_(site.watcher, Connection::current()->socket(), [this] {
          core_.metrics.client_left();
          cancel_.cancel();
          core_.slots.wake();
        }) {
    for (const DocumentText& text : texts_) sources_.push_back({text.name, text.text});
  }

  bool stream() const { return request_.stream; }

  /// `tell` gets each part's result in the order of the text, then that of the merge, then the end; where it
  /// gives false, the survey stops.
  void run(const std::function<bool(const OrderedJson&)>& tell) {
    if (!ticket_.wait([&] { return cancel_.cancelled(); })) throw Cancelled();
    SurveyOptions options = request_.options;
    options.session.cancel = &cancel_;
    options.on_no_memory = [&] { return core_.pool.drop_oldest(); };
    options.on_answer = [&](const PartAnswer& one) {
      count(one.answer);
      return tell(json_of(one));
    };
    const std::vector<PartAnswer> all = survey(core_.engine, sources_, request_.question, options);
    if (!request_.merge.empty() && !all.empty() && !tell(merged(all, options))) throw Cancelled();
    tell({{"object", "survey"},
          {"document", request_.document},
          {"parts", all.size()},
          {"usage", usage_json(prompt_tokens_, 0, answer_tokens_)}});
  }

 private:
  void count(const Answer& answer) {
    const Timings& timings = answer.timings;
    prompt_tokens_ += timings.prompt_tokens;
    answer_tokens_ += timings.generated_tokens;
    core_.metrics.prompt(timings.prompt_tokens, 0, timings.read_seconds, timings.first_token_seconds);
    core_.metrics.answer(timings.generated_tokens, timings.generate_seconds);
  }

  OrderedJson json_of(const PartAnswer& one) {
    const TextPart& part = one.part;
    OrderedJson json = {{"object", "survey.part"},
                        {"part", part_++},
                        {"document", request_.document},
                        {"first_byte", part.first_byte},
                        {"bytes", part.bytes},
                        {"first_line", part.first_line},
                        {"tokens", part.tokens},
                        {"answer", one.answer.text},
                        {"finish_reason", one.answer.stopped_at_end ? "stop" : "length"}};
    if (texts_.size() > 1) json["file"] = texts_[part.source].name;
    return json;
  }

  OrderedJson merged(const std::vector<PartAnswer>& all, const SurveyOptions& options) {
    const Answer answer = merge_answers(core_.engine, sources_, all, request_.merge, options);
    count(answer);
    return {{"object", "survey.merged"},
            {"answer", answer.text},
            {"finish_reason", answer.stopped_at_end ? "stop" : "length"}};
  }

  Core& core_;
  const SurveyRequest request_;
  const std::vector<DocumentText> texts_;
  std::vector<SourceText> sources_;
  Slots::Ticket ticket_;
  CancelToken cancel_;
  std::int64_t part_ = 0, prompt_tokens_ = 0, answer_tokens_ = 0;
  Watcher::Watch watch_;  ///< last: it uses the others
};

OrderedJson whole(Surveying& surveying) {
  OrderedJson results = OrderedJson::array(), merged, end;
  surveying.run([&](const OrderedJson& json) {
    const std::string& object = json["object"].get_ref<const std::string&>();
    if (object == "survey.part") {
      results.push_back(json);
    } else {
      (object == "survey" ? end : merged) = json;
    }
    return true;
  });
  end["results"] = std::move(results);
  end["merged"] = std::move(merged);
  return end;
}

/// One object a line; what goes wrong is the last one.
void stream(const std::shared_ptr<Surveying>& surveying, httplib::Response& response) {
  response.set_header("Cache-Control", "no-cache");
  response.set_header("X-Accel-Buffering", "no");
  response.set_chunked_content_provider("application/x-ndjson",
                                        [surveying](std::size_t, httplib::DataSink& sink) {
                                          const auto tell = [&](const OrderedJson& json) {
                                            const std::string line = dump(json) + '\n';
                                            return sink.write(line.data(), line.size());
                                          };
                                          try {
                                            surveying->run(tell);
                                          } catch (...) {
                                            tell(api_error(std::current_exception()).json());
                                          }
                                          sink.done();
                                          return true;
                                        });
}

}  // namespace

void add_survey_routes(Site& site) {
  post(site, R"(/v1/documents/([\w.-]{1,128})/survey)", kFields,
       [&site](const httplib::Request& from, httplib::Response& response, const Values& body) {
         const std::string own = site.own_names(from), name = from.matches[1];
         SurveyRequest request = parse(body, site.core);
         request.document = name;
         if (!site.core.documents) throw no_documents("document");
         std::vector<DocumentText> texts = site.core.documents->content(own + name, name);
         const auto surveying = std::make_shared<Surveying>(site, std::move(request), std::move(texts));
         if (surveying->stream()) return stream(surveying, response);
         send(response, whole(*surveying));
       });
}

}  // namespace focusllm::server
