#include "base/cpu.h"

#include <array>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <vector>

#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"

namespace focusllm {
namespace {

constexpr std::array kNames{"scalar", "avx2", "avx512", "avx512_vnni", "avx512_bf16", "amx"};

/// Clang 14's __builtin_cpu_supports() does not know the name.
bool has_f16c() {
  unsigned a = 0;
  unsigned b = 0;
  unsigned c = 0;
  unsigned d = 0;
  return __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & bit_F16C) != 0;
}

/// cpuid's twelve characters: "AuthenticAMD", "GenuineIntel", ...
std::string cpu_vendor() {
  unsigned highest_leaf = 0;
  std::array<unsigned, 3> words{};
  if (__get_cpuid(0, &highest_leaf, &words[0], &words[2], &words[1]) == 0) return {};
  std::string vendor(sizeof words, '\0');
  std::memcpy(vendor.data(), words.data(), sizeof words);
  return vendor;
}

/// AMX's tile registers, if the processor has them and the kernel lets this process use them.
bool may_use_amx() {
  constexpr unsigned kBf16TileInt8 = 1U << 22 | 1U << 24 | 1U << 25;
  unsigned a = 0;
  unsigned b = 0;
  unsigned c = 0;
  unsigned d = 0;
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d) == 0 || (d & kBf16TileInt8) != kBf16TileInt8) return false;
  constexpr int kRequestPermission = 0x1023;  // ARCH_REQ_XCOMP_PERM, Linux 5.16 and later
  constexpr int kTileData = 18;
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
}

std::vector<Isa> detect() {
  std::vector<Isa> found{Isa::scalar};
  __builtin_cpu_init();
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                    __builtin_cpu_supports("bmi2") && has_f16c();
  if (!avx2) return found;
  found.push_back(Isa::avx2);
  const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
                      __builtin_cpu_supports("avx512cd");
  if (!avx512) return found;
  found.push_back(Isa::avx512);
  if (!__builtin_cpu_supports("avx512vnni")) return found;
  found.push_back(Isa::avx512_vnni);
  if (!__builtin_cpu_supports("avx512bf16")) return found;
  found.push_back(Isa::avx512_bf16);
  if (may_use_amx()) found.push_back(Isa::amx);
  return found;
}

const std::vector<Isa>& detected() {
  static const std::vector<Isa> isas = detect();
  return isas;
}

/// `asked`: how it was asked for, to say in an error.
Isa find(std::string_view name, std::string_view asked) {
  std::string known;
  for (const Isa isa : detected()) {
    if (isa_name(isa) == name) return isa;
    known += fmt::format("{}{}", known.empty() ? "" : ", ", isa_name(isa));
  }
  fail("{}{}: not an instruction set of this machine; it has {}", asked, name, known);
}

Isa choose_default() {
  const char* name = std::getenv("FOCUSLLM_ISA");
  if (name == nullptr || *name == '\0') return detected().back();
  return find(name, "FOCUSLLM_ISA=");
}

}  // namespace

std::string_view isa_name(Isa isa) {
  return kNames.at(static_cast<std::size_t>(isa));
}

std::span<const Isa> supported_isas() {
  return detected();
}

Isa isa_named(std::string_view name) {
  return find(name, "isa ");
}

Isa default_isa() {
  static const Isa isa = choose_default();
  return isa;
}

bool fast_bf16_dot() {
  static const bool fast = bf16_dot_is_fast(cpu_vendor(), detected().back() >= Isa::avx512_bf16);
  return fast;
}

bool bf16_dot_is_fast(std::string_view vendor, bool has_avx512_bf16) {
  return has_avx512_bf16 && vendor == "AuthenticAMD";
}

std::string cpu_model() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    if (line.starts_with("model name")) return line.substr(std::min(line.size(), line.find(':') + 2));
  }
  return "unknown processor";
}

}  // namespace focusllm
