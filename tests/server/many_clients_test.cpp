#include <thread>

#include "client.h"

namespace focusllm::server::test {
namespace {

using ManyClients = ServerTest;

TEST_F(ManyClients, SixteenGetWhatEachWouldGetAlone) {
  constexpr int kClients = 16;
  const auto body = [](int i) {
    Json made =
        chat((i % 3 == 0 ? words(60 + 10 * i) + "\n\n" : "") + "Question " + std::to_string(i) + "?", 10 + i);
    if (i % 2 == 1) made.update({{"temperature", 1}, {"seed", i}});
    return made;
  };
  std::vector<std::string> alone, together(kClients);
  for (int i = 0; i < kClients; ++i) alone.push_back(content(post("/v1/chat/completions", body(i))));
  start(tiny_options());
  std::vector<std::thread> threads;
  for (int i = 0; i < kClients; ++i) {
    threads.emplace_back([&, i] {
      if (i % 2 == 0) {
        together[static_cast<std::size_t>(i)] = content(post("/v1/chat/completions", body(i)));
        return;
      }
      for (const Sent& sent : stream("/v1/chat/completions", body(i)))
        if (!sent.data.is_null())
          together[static_cast<std::size_t>(i)] += sent.data["choices"][0]["delta"].value("content", "");
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(together, alone);
  EXPECT_TRUE(soon([&] { return server().core().slots.running() == 0; }));
}

}  // namespace
}  // namespace focusllm::server::test
