#include "client.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace focusllm::server::test {

std::shared_ptr<const Engine> tiny_engine() {
  static const auto engine = focusllm::test::tiny_chat_engine(2048, 0);
  return engine;
}

Options tiny_options() {
  Options options;
  options.port = 0;
  options.context.heads = "0.1,1.2";
  options.defaults.answer_tokens = 16;
  options.defaults.sampling.temperature = 0;
  return options;
}

std::string words(int count) {
  std::string text;
  for (int i = 0; i < count; ++i)
    text += "word" + std::to_string(i * 7919 % 1000) + (i % 9 == 8 ? ". " : " ");
  return text;
}

void ServerTest::start(Options options) {
  server_ = std::make_unique<Server>(tiny_engine(), std::move(options));
}

Server& ServerTest::server() {
  if (!server_) start(tiny_options());
  return *server_;
}

httplib::Client ServerTest::client() {
  httplib::Client client("127.0.0.1", server().port());
  client.set_read_timeout(60);
  return client;
}

Json ServerTest::post(const std::string& path, const Json& body, int status) {
  const auto got = client().Post(path, body.dump(), "application/json");
  if (!got) {
    ADD_FAILURE() << path << ": " << httplib::to_string(got.error());
    return {};
  }
  EXPECT_EQ(got->status, status) << got->body;
  return Json::parse(got->body);
}

Json ServerTest::upload(const std::string& filename, const std::string& bytes, int status) {
  const auto got =
      client().Post("/v1/files", httplib::MultipartFormDataItems{{"purpose", "user_data", "", ""},
                                                                 {"file", bytes, filename, "text/plain"}});
  if (!got) {
    ADD_FAILURE() << "/v1/files: " << httplib::to_string(got.error());
    return {};
  }
  EXPECT_EQ(got->status, status) << got->body;
  return Json::parse(got->body);
}

Json ServerTest::get(const std::string& path, int status) {
  const auto got = client().Get(path);
  if (!got) {
    ADD_FAILURE() << path << ": " << httplib::to_string(got.error());
    return {};
  }
  EXPECT_EQ(got->status, status) << got->body;
  return Json::parse(got->body);
}

std::vector<Sent> ServerTest::stream(const std::string& path, Json body) {
  body["stream"] = true;
  const auto got = client().Post(path, body.dump(), "application/json");
  std::vector<Sent> events;
  if (!got || got->get_header_value("Content-Type") != "text/event-stream") {
    ADD_FAILURE() << path << ": no stream " << (got ? got->body : "");
    return events;
  }
  for (std::string rest = got->body; !rest.empty();) {
    const std::size_t end = rest.find("\n\n");
    const std::string event = rest.substr(0, end);
    rest.erase(0, end == std::string::npos ? end : end + 2);
    const std::size_t data = event.find("data: ");
    if (data == std::string::npos) continue;
    const std::string text = event.substr(data + 6);
    events.push_back({event.starts_with("event: ") ? event.substr(7, data - 8) : "",
                      text == "[DONE]" ? Json() : Json::parse(text)});
  }
  return events;
}

Json ServerTest::chat(const std::string& question, int tokens) {
  return {{"messages", {{{"role", "user"}, {"content", question}}}}, {"max_tokens", tokens}};
}

double ServerTest::metric(const std::string& name) {
  const auto got = client().Get("/metrics");
  const std::size_t at = got ? got->body.find("\n" + name + " ") : std::string::npos;
  if (at == std::string::npos) return std::nan("");
  return std::stod(got->body.substr(at + name.size() + 2));
}

RawClient::RawClient(int port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<std::uint16_t>(port));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(::connect(socket_, reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
}

RawClient::~RawClient() {
  close();
}

void RawClient::close() {
  if (socket_ >= 0) ::close(std::exchange(socket_, -1));
}

bool RawClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

std::string RawClient::receive(std::chrono::milliseconds most) {
  const auto end = std::chrono::steady_clock::now() + most;
  std::string got;
  for (char buffer[4096];;) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    pollfd poller{socket_, POLLIN, 0};
    if (left.count() <= 0 || ::poll(&poller, 1, static_cast<int>(left.count())) <= 0) return got;
    const ssize_t count = ::recv(socket_, buffer, sizeof buffer, 0);
    if (count <= 0) return got;
    got.append(buffer, static_cast<std::size_t>(count));
  }
}

}  // namespace focusllm::server::test
