#include "server/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

namespace focusllm::server {
namespace {

using prometheus::Counter;
using prometheus::Family;
using prometheus::Gauge;
using prometheus::Histogram;

const Histogram::BucketBoundaries kSeconds = {0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000};

}  // namespace

struct Metrics::Impl {
  Family<Counter>& counters(const char* name, const char* help) {
    return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
  }
  Counter& counter(const char* name, const char* help) { return counters(name, help).Add({}); }
  Gauge& gauge(const char* name, const char* help) {
    return prometheus::BuildGauge().Name(name).Help(help).Register(registry).Add({});
  }
  Family<Histogram>& histograms(const char* name, const char* help) {
    return prometheus::BuildHistogram().Name(name).Help(help).Register(registry);
  }

  prometheus::Registry registry;
  Family<Counter>& requests = counters("focusllm_requests_total", "Requests, by path and status");
  Family<Counter>& unknown_fields =
      counters("focusllm_unknown_fields_total", "Fields of requests that are known to no list, by path");
  Counter& left =
      counter("focusllm_clients_left_total", "Requests whose client left before the answer's end");
  Counter& prompt_tokens = counter("focusllm_prompt_tokens_total", "Tokens of prompts");
  Counter& cached_tokens =
      counter("focusllm_prompt_tokens_cached_total", "Of them, those that had been read before");
  Counter& prompt_seconds = counter("focusllm_prompt_seconds_total", "Time in which prompts were read");
  Counter& answer_tokens = counter("focusllm_answer_tokens_total", "Tokens of answers");
  Counter& answer_seconds = counter("focusllm_answer_seconds_total", "Time in which answers were generated");
  Gauge& running = gauge("focusllm_requests_running", "Requests that read or answer");
  Gauge& waiting = gauge("focusllm_requests_waiting", "Requests that wait for one of those to end");
  Gauge& connections = gauge("focusllm_connections", "Open connections");
  Gauge& kept_sessions = gauge("focusllm_kept_sessions", "Sessions that are kept to go on from");
  Gauge& kept_bytes = gauge("focusllm_kept_bytes", "Memory of their keys and values");
  Family<Histogram>& request_seconds =
      histograms("focusllm_request_seconds", "From a request's header to its answer's end, by path");
  Histogram& first_token =
      histograms("focusllm_first_token_seconds", "From a request's turn to its first token")
          .Add({}, kSeconds);
};

Metrics::Metrics() : impl_(std::make_unique<Impl>()) {}
Metrics::~Metrics() = default;

void Metrics::request(std::string_view path, int status, double seconds) {
  const std::string where(path);
  impl_->requests.Add({{"path", where}, {"status", std::to_string(status)}}).Increment();
  impl_->request_seconds.Add({{"path", where}}, kSeconds).Observe(seconds);
}

void Metrics::unknown_field(std::string_view path) {
  impl_->unknown_fields.Add({{"path", std::string(path)}}).Increment();
}

void Metrics::client_left() {
  impl_->left.Increment();
}

void Metrics::prompt(std::int64_t tokens, std::int64_t cached, double seconds, double first_token_seconds) {
  impl_->prompt_tokens.Increment(static_cast<double>(tokens));
  impl_->cached_tokens.Increment(static_cast<double>(cached));
  impl_->prompt_seconds.Increment(seconds);
  impl_->first_token.Observe(first_token_seconds);
}

void Metrics::answer(std::int64_t tokens, double seconds) {
  impl_->answer_tokens.Increment(static_cast<double>(tokens));
  impl_->answer_seconds.Increment(seconds);
}

void Metrics::now(const Now& now) {
  impl_->running.Set(now.running);
  impl_->waiting.Set(now.waiting);
  impl_->connections.Set(now.connections);
  impl_->kept_sessions.Set(now.kept_sessions);
  impl_->kept_bytes.Set(now.kept_bytes);
}

std::string Metrics::text() const {
  return prometheus::TextSerializer().Serialize(impl_->registry.Collect());
}

}  // namespace focusllm::server
