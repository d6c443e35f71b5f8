#pragma once

#include <chrono>
#include <string>
#include <thread>
#include <utility>

#include "client.h"
#include "focusllm/store.h"
#include "support/folder.h"

namespace focusllm::server::test {

/// A server that keeps documents, in a folder of the test's own.
class DocumentTest : public ServerTest {
 protected:
  Options with_store() const {
    Options options = tiny_options();
    options.context.method = "recall";
    options.context.local = 64;
    options.store = Store::open(folder_.path() / "store");
    return options;
  }
  /// Clients of a server with a key for each.
  std::pair<httplib::Client, httplib::Client> two_owners() {
    Options options = with_store();
    options.keys = {"one", "two"};
    start(std::move(options));
    std::pair<httplib::Client, httplib::Client> clients{client(), client()};
    clients.first.set_default_headers({{"Authorization", "Bearer one"}});
    clients.second.set_default_headers({{"Authorization", "Bearer two"}});
    return clients;
  }
  void restart(Options options) {
    stop();
    start(std::move(options));
  }
  Json wait_for(const std::string& name, const std::string& status) {
    Json document;
    for (int i = 0; i < 2000; ++i) {
      document = get("/v1/documents/" + name);
      if (document["status"] == status) return document;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    ADD_FAILURE() << document;
    return document;
  }
  Json kept(const std::string& name, const std::string& text) {
    post("/v1/documents", {{"name", name}, {"text", text}}, 202);
    return wait_for(name, "ready");
  }
  static Session::Options session_options(const Options& options) {
    Session::Options session;
    session.context = options.context;
    return session;
  }
  static Json about(const std::string& name, const std::string& question) {
    Json body = chat(question);
    body["documents"] = {name};
    return body;
  }

  focusllm::test::Folder folder_;
};

}  // namespace focusllm::server::test
