// Reads a text file of any length and answers a question about it: ask MODEL.gguf TEXT QUESTION
#include <cstdio>
#include <exception>
#include <fstream>
#include <iterator>

#include "focusllm/session.h"

int main(int argc, char** argv) try {
  if (argc != 4) return std::fputs("usage: ask MODEL.gguf TEXT QUESTION\n", stderr), 2;
  const auto engine = focusllm::Engine::load(argv[1]);

  focusllm::Session::Options options;
  options.on_progress = [](const focusllm::Progress& progress) {
    std::fprintf(stderr, "\r%lld of %lld tokens read", static_cast<long long>(progress.done),
                 static_cast<long long>(progress.total));
  };
  focusllm::Session session(engine, options);
  std::ifstream file(argv[2]);
  session.read(std::string(std::istreambuf_iterator<char>(file), {}));

  focusllm::AskOptions ask;
  ask.citations = 1;
  ask.on_token = [](const focusllm::GeneratedToken& token) {
    std::fputs(token.text.c_str(), stdout);
    return std::fflush(stdout) == 0;
  };
  const focusllm::Answer answer = session.ask(argv[3], ask);
  for (const auto& place : answer.citations) {
    std::printf("\nfrom: %s", session.text(place.first_token, place.tokens).c_str());
  }
  std::puts("");
  return 0;
} catch (const std::exception& error) {
  return std::fprintf(stderr, "ask: %s\n", error.what()), 1;
}
