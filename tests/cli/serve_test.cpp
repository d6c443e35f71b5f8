// The server as a program: how it begins, what it refuses, how it ends. Its answers are tested in
// tests/server.
#include <csignal>

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "process.h"

namespace focusllm::cli_test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

/// A port that somebody listens on, for as long as this.
class TakenPort {
 public:
  TakenPort() : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    EXPECT_EQ(::bind(socket_, reinterpret_cast<sockaddr*>(&at), size), 0);
    EXPECT_EQ(::listen(socket_, 1), 0);
    EXPECT_EQ(::getsockname(socket_, reinterpret_cast<sockaddr*>(&at), &size), 0);
    number_ = std::to_string(ntohs(at.sin_port));
  }
  TakenPort(const TakenPort&) = delete;
  TakenPort& operator=(const TakenPort&) = delete;
  ~TakenPort() { ::close(socket_); }
  const std::string& number() const { return number_; }

 private:
  int socket_;
  std::string number_;
};

void expect_error(const std::vector<std::string>& arguments, int code, const std::string& message) {
  const Ended ended = run(arguments);
  EXPECT_EQ(ended.code, code) << ended.err;
  EXPECT_TRUE(is_one_line(ended.err)) << ended.err;
  EXPECT_THAT(ended.err, HasSubstr(message));
  EXPECT_EQ(ended.out, "");
}

TEST(Serve, SaysWhatIsWrongInOneLine) {
  expect_error({"serve"}, 2, "FOCUSLLM_MODEL");
  expect_error({"serve", "-m", "/no/such/model.gguf"}, 1, "/no/such/model.gguf");
  expect_error({"serve", "-m", "x", "--api-key-file", "/no/such/file"}, 1, "/no/such/file");
  const TemporaryFile empty("\n\r\n");
  expect_error({"serve", "-m", "x", "--api-key-file", empty.path()}, 1, "no API key");
  expect_error({"serve", "-m", "x", "--port", "70000"}, 2, "--port");
  MODEL_OR_SKIP(model);
  const TakenPort taken;
  expect_error({"serve", "-m", model, "--port", taken.number()}, 1, "choose another --port");
  expect_error({"serve", "-m", model, "--host", "0.0.0.0", "--port", "0"}, 2, "--api-key");
}

TEST(Serve, TellsItsAddressAndEndsInOrder) {
  MODEL_OR_SKIP(model);
  for (const int signal : {SIGTERM, SIGINT}) {
    Process server({"serve", "-m", model, "--port", "0"});
    ASSERT_TRUE(server.told(" is served at http://127.0.0.1:")) << server.wait().err;
    server.signal(signal);
    Ended ended;
    EXPECT_LT(server.seconds_to_end(ended), 3);
    EXPECT_EQ(ended.code, 0) << ended.err;
  }
}

TEST(Serve, ListsItsFields) {
  const Ended ended = run({"serve", "--list-fields"});
  EXPECT_EQ(ended.code, 0);
  EXPECT_THAT(ended.out, HasSubstr("### `POST /v1/chat/completions`"));
}

}  // namespace
}  // namespace focusllm::cli_test
