#include "server/server.h"

#include <utility>

#include "base/error.h"
#include "server/routes.h"

namespace focusllm::server {
namespace {

/// Null where the model has none that is known, and none is named.
std::shared_ptr<const ChatTemplate> chat_template(const Engine& engine, const std::string& name) {
  try {
    return ChatTemplate::of(name, engine.tokenizer());
  } catch (const UnknownChatTemplate&) {
    return nullptr;
  }
}

/// Whether texts beyond the trained context are read with a method whose sessions have no forks: what they
/// share are chunks, in half of the memory.
bool shares_chunks(const Engine& engine, const ContextOptions& context) {
  return !method_info(context.method == "auto" ? long_method(engine) : context.method).forks;
}

void check(const Options& options) {
  if (options.keys.empty() && !is_loopback(options.host))
    throw UsageError("`host` " + options.host +
                     " can be reached from other machines: give keys that requests must have (`api_key`)");
  for (const std::string& key : options.keys)
    if (key.empty()) throw UsageError("an empty `api_key` keeps nobody out");
}

}  // namespace

struct Server::Impl {
  Impl(std::shared_ptr<const Engine> engine, Options the_options)
      : options(std::move(the_options)),
        core(engine, chat_template(*engine, options.chat_template), options.limits,
             shares_chunks(*engine, options.context) ? options.kept_bytes / 2 : options.kept_bytes),
        access(options.keys, options.host, options.origins),
        http(options.limits) {
    core.chat_name = options.chat_template;
    core.model = options.model.empty() ? engine->name() : options.model;
    core.context = options.context;
    core.defaults = options.defaults;
    if (options.store && core.chat) {
      Session::Options session;
      session.context = options.context;
      session.chat_template = options.chat_template;
      core.documents = std::make_unique<Documents>(engine, options.store, Documents::Options{session});
      core.files = std::make_unique<Files>(options.store);
    }
    if (shares_chunks(*engine, options.context)) {
      for (const std::string& owner : access.owners())
        core.chunk_stores[owner] = make_chunk_store(options.kept_bytes / 2 / std::ssize(access.owners()));
    }
    add_routes(site);
    port = http.bind(options.host, options.port);
    http.start();
  }

  const Options options;
  Core core;
  Access access;
  Watcher watcher;
  HttpServer http;
  Site site{core, options, access, watcher, http};
  int port = 0;
};

Server::Server(std::shared_ptr<const Engine> engine, Options options) {
  check(options);
  impl_ = std::make_unique<Impl>(std::move(engine), std::move(options));
}

Server::~Server() {
  stop(std::chrono::milliseconds(0));
}

int Server::port() const {
  return impl_->port;
}

Core& Server::core() {
  return impl_->core;
}

void Server::stop(std::chrono::milliseconds most) {
  impl_->http.end();
  if (impl_->core.documents) impl_->core.documents->stop();
  if (impl_->http.wait(most)) return;
  // Requests end between two layers once they are cancelled; one that has just come notices at its next look.
  do {
    impl_->watcher.leave_all();
  } while (!impl_->http.wait(std::chrono::milliseconds(200)));
}

}  // namespace focusllm::server
