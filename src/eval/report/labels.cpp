#include "eval/report/labels.h"

#include <set>

#include <fmt/format.h>

namespace focusllm::eval::report {
namespace {

constexpr std::size_t kHashDigits = 8;  // of a hash that is shown in a name

/// What differs among some settings: the values of each property.
struct Differences {
  std::set<std::string> adapters, kv_types, products;
  std::map<std::string, std::set<std::string>> sizes;
};

std::string size_of(const Setting& setting, const std::string& name) {
  const auto found = setting.sizes.find(name);
  return found == setting.sizes.end() ? "" : found->second;
}

std::string size_text(const std::string& name, const std::string& value) {
  if (value == "true") return name;
  if (value == "false" || value.empty()) return "no " + name;
  return value == "0" ? "default " + name : name + " " + value;
}

std::map<std::string, Differences> differences_of(const std::set<Setting>& settings) {
  std::map<std::string, Differences> by_method;
  for (const Setting& one : settings) {
    Differences& all = by_method[one.method];
    all.adapters.insert(one.adapter);
    all.kv_types.insert(one.kv_type);
    all.products.insert(one.products);
    for (const auto& [name, value] : one.sizes) all.sizes[name];
  }
  for (const Setting& one : settings)
    for (auto& [name, values] : by_method[one.method].sizes) values.insert(size_of(one, name));
  return by_method;
}

/// What tells models apart: their names, and where they share one the hash of their weights.
std::string model_text(const Setting& setting, const std::map<std::string, std::set<std::string>>& hashes) {
  std::string text;
  if (hashes.size() > 1) text += ", " + setting.model;
  if (hashes.at(setting.model).size() > 1)
    text += setting.model_hash.empty() ? ", no hash" : " " + setting.model_hash.substr(0, kHashDigits);
  return text;
}

std::string name_of(const Setting& setting, const Differences& differences, const std::string& model) {
  std::string name = (setting.method.empty() ? "no method" : setting.method) + model;
  if (differences.adapters.size() > 1) {
    name += setting.adapter.empty() ? ", no adapter" : ", adapter " + setting.adapter.substr(0, kHashDigits);
  }
  if (differences.kv_types.size() > 1) name += ", " + setting.kv_type + " keys";
  if (differences.products.size() > 1) name += ", " + setting.products + " products";
  for (const auto& [size, values] : differences.sizes) {
    if (values.size() > 1) name += ", " + size_text(size, size_of(setting, size));
  }
  return name;
}

}  // namespace

Labels::Labels(const std::vector<Record>& records) {
  std::set<Setting> settings;
  std::map<std::string, std::set<std::string>> hashes;  // by the models' names
  for (const Record& record : records) {
    settings.insert(record.setting);
    hashes[record.setting.model].insert(record.setting.model_hash);
  }
  const auto differences = differences_of(settings);
  for (const Setting& setting : settings) {
    const std::size_t style = labels_.size();
    labels_[setting] = {name_of(setting, differences.at(setting.method), model_text(setting, hashes)), style};
  }
}

std::string sizes_text(const Setting& setting) {
  std::string text;
  for (const auto& [name, value] : setting.sizes) {
    if (value == "0" || value == "false" || value.empty()) continue;
    text += (text.empty() ? "" : ", ") + size_text(name, value);
  }
  return text;
}

}  // namespace focusllm::eval::report
