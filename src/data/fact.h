#pragma once

#include <string>
#include <vector>

#include "data/fact_tables.h"
#include "data/random.h"

namespace focusllm::data {

/// Something that can be asked for: the attribute of a subject has a value.
struct Fact {
  const Attribute* attribute = nullptr;  ///< in the table
  std::string subject;                   ///< of Subject::none: an adjective, or nothing
  std::string value;
  std::string statement;  ///< as it stands in the text

  /// The attribute as sentences call it: where there is no subject of its own, with the adjective.
  std::string name() const;
  /// What tells two facts apart: facts of one key have the same questions.
  std::string key() const { return std::string(attribute->name) + " of " + subject; }
};

/// Makes facts that are alike: a few attributes and subjects come again and again, combined anew, so that
/// only both together tell which fact is asked for.
class FactMaker {
 public:
  explicit FactMaker(Random& random);
  Fact make(Random& random);
  /// With the attribute or the subject of another one, not with both.
  static Fact like(const Fact& other, Random& random);

 private:
  std::vector<const Attribute*> attributes_;
  std::vector<std::string> subjects_;  ///< of each Subject kSubjects in turn
};

std::string make_value(Value kind, Random& random);
std::string make_subject(Subject kind, Random& random);
/// A form from the tables with its places filled.
std::string fill(std::string_view form, const Fact& fact, Random& random);

}  // namespace focusllm::data
