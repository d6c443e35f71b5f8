#include <memory>

#include "server/api_error.h"
#include "server/api_requests.h"
#include "server/handler.h"
#include "server/reply.h"

namespace focusllm::server {
namespace {

/// A request that is being answered, and its client.
class Answering {
 public:
  Answering(Site& site, GenerationRequest request, MakeReply make_reply)
      : site_(site),
        generation_(site.core, std::move(request)),
        reply_(make_reply(site.core, generation_.request())),
        watch_(site.watcher, Connection::current()->socket(), [this] {
          site_.core.metrics.client_left();
          generation_.cancel();
        }) {}

  const GenerationRequest& request() const { return generation_.request(); }

  OrderedJson whole() {
    while (!generation_.over()) {
      if (auto event = generation_.next(site_.options.ping)) reply_->add(std::move(*event));
    }
    return reply_->whole();
  }

  /// Waits for the first thing to be sent, so that what fails before it is no stream yet.
  void wait_for_first() {
    while (!generation_.over() && first_.empty()) first_ = next();
  }
  /// All events, until the client has left or the answer has ended.
  void stream(httplib::DataSink& sink) {
    const auto write = [&](const std::string& text) { return sink.write(text.data(), text.size()); };
    bool open = write(first_);
    try {
      while (open && !generation_.over()) {
        const std::string sent = next();
        if (!sent.empty()) open = write(sent);
      }
      if (open) write(reply_->end());
    } catch (...) {
      write(reply_->failed(error()));
    }
  }

  /// What is being thrown, for the client.
  ApiError error() const { return api_error(std::current_exception(), request().prompt_tokens.front()); }

 private:
  std::string next() {
    auto event = generation_.next(site_.options.ping);
    if (event) return reply_->add(std::move(*event));
    return generation_.over() ? std::string() : reply_->ping();
  }

  Site& site_;
  Generation generation_;
  std::unique_ptr<Reply> reply_;
  std::string first_;
  Watcher::Watch watch_;  ///< last: it uses the generation
};

void answer(Site& site, GenerationRequest request, MakeReply make_reply, httplib::Response& response) {
  const auto answering = std::make_shared<Answering>(site, std::move(request), make_reply);
  try {
    if (!answering->request().stream) return send(response, answering->whole());
    answering->wait_for_first();
  } catch (...) {
    throw answering->error();
  }
  response.set_header("Cache-Control", "no-cache");
  response.set_header("X-Accel-Buffering", "no");
  response.set_chunked_content_provider("text/event-stream",
                                        [answering](std::size_t, httplib::DataSink& sink) {
                                          answering->stream(sink);
                                          sink.done();
                                          return true;
                                        });
}

void add(Site& site, const char* path, const char* fields_of, ParseRequest parse, MakeReply make_reply) {
  post(site, path, fields_of,
       [&site, parse, make_reply](const httplib::Request& from, httplib::Response& response,
                                  const Values& body) {
         GenerationRequest request = parse(body, site.core, site.own_names(from));
         if (!site.options.share_cache) request.owner = site.access.owner(from);
         answer(site, std::move(request), make_reply, response);
       });
}

}  // namespace

void add_generation_routes(Site& site) {
  for (const char* path : {"/v1/chat/completions", "/chat/completions"})
    add(site, path, "/v1/chat/completions", parse_chat, chat_reply);
  for (const char* path : {"/v1/completions", "/completions"})
    add(site, path, "/v1/completions", parse_completion, completion_reply);
  for (const char* path : {"/v1/responses", "/responses"})
    add(site, path, "/v1/responses", parse_responses, responses_reply);
  add(site, "/v1/messages", "/v1/messages", parse_messages, messages_reply);
}

}  // namespace focusllm::server
