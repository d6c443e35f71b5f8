#include "eval/tasks/draw.h"

#include <algorithm>
#include <unordered_set>

namespace focusllm::eval {

std::string draw_number(Chance& chance, int digits) {
  const std::string first = draw_letters(chance, 1, '1', '9');
  return first + draw_letters(chance, digits - 1, '0', '9');
}

std::string draw_letters(Chance& chance, int count, char first, char last) {
  std::string text;
  for (int i = 0; i < count; ++i) text += static_cast<char>(chance.between(first, last));
  return text;
}

std::string draw_uuid(Chance& chance) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string uuid = "xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx";
  for (char& c : uuid) {
    if (c == 'x') c = kHex[static_cast<std::size_t>(chance.between(0, 15))];
    if (c == 'y') c = kHex[static_cast<std::size_t>(chance.between(8, 11))];
  }
  return uuid;
}

std::vector<double> draw_places(Chance& chance, std::size_t count) {
  std::vector<double> places;
  for (std::size_t i = 0; i < count; ++i)
    places.push_back(static_cast<double>(chance.between(0, 10000)) / 1e4);
  std::sort(places.begin(), places.end());
  return places;
}

std::vector<std::string> draw_different(std::size_t count, const std::function<std::string()>& draw) {
  std::vector<std::string> drawn;
  std::unordered_set<std::string> known;
  while (drawn.size() < count) {
    std::string one = draw();
    if (known.insert(one).second) drawn.push_back(std::move(one));
  }
  return drawn;
}

std::int64_t largest_that_fits(std::int64_t low, std::int64_t high,
                               const std::function<bool(std::int64_t)>& fits) {
  std::int64_t best = low - 1;
  while (low <= high) {
    const std::int64_t middle = low + (high - low) / 2;
    if (fits(middle)) {
      best = middle;
      low = middle + 1;
    } else {
      high = middle - 1;
    }
  }
  return best;
}

}  // namespace focusllm::eval
