#pragma once

#include <cmath>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <httplib.h>

#include "server/api_error.h"
#include "server/server.h"
#include "support/tiny_chat.h"

namespace focusllm::server::test {

/// A model of random weights, the same for all tests of the program.
std::shared_ptr<const Engine> tiny_engine();
/// Options on a free port, for the tiny model: greedy, with heads for recall.
Options tiny_options();
std::string words(int count);

/// One event of a stream.
struct Sent {
  std::string type;
  Json data;  ///< null for [DONE]
};

/// A server of the tiny model, and requests to it.
class ServerTest : public testing::Test {
 protected:
  /// Where a test wants other options: before anything is asked.
  void start(Options options);
  Server& server();
  void stop() { server_ = nullptr; }
  httplib::Client client();

  Json post(const std::string& path, const Json& body, int status = 200);
  Json get(const std::string& path, int status = 200);
  std::vector<Sent> stream(const std::string& path, Json body);
  /// Sends a file, as a form.
  Json upload(const std::string& filename, const std::string& bytes, int status = 200);
  /// What is in a chat completion.
  static std::string content(const Json& answer) { return answer["choices"][0]["message"]["content"]; }
  static Json chat(const std::string& question, int tokens = 8);
  /// Of a metric without labels.
  double metric(const std::string& name);
  /// Whether a condition holds soon: a second is what is promised; busy machines and sanitizers get some
  /// more.
  template <typename Condition>
  static bool soon(const Condition& condition) {
    for (int i = 0; i < kLooks; ++i) {
      if (condition()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return false;
  }

 private:
  static constexpr int kLooks = 600;  // of 5 ms
  std::unique_ptr<Server> server_;
};

/// A socket to the server, for what no client library would send.
class RawClient {
 public:
  explicit RawClient(int port);
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;
  ~RawClient();
  /// False once the server has closed.
  bool send(std::string_view bytes);
  /// All that comes until the server closes, or for `most`.
  std::string receive(std::chrono::milliseconds most);
  void close();

 private:
  int socket_ = -1;
};

}  // namespace focusllm::server::test
