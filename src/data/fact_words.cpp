// Words that names and values are put together from.
#include "data/fact_tables.h"

namespace focusllm::data::words {
namespace {

constexpr std::string_view kFirst[] = {
    "Clara",    "Anselm", "Beatrix",  "Conrad",  "Dorothea", "Edmund",  "Felicity", "Gideon",   "Henrietta",
    "Isidore",  "Judith", "Kaspar",   "Lavinia", "Marcus",   "Noor",    "Octavia",  "Percival", "Quentin",
    "Rosalind", "Silas",  "Theodora", "Ulrich",  "Verena",   "Wilfred", "Ximena",   "Yusuf",    "Zelda",
    "Amara",    "Boris",  "Chiara",   "Dmitri",  "Esther",   "Farid",   "Greta",    "Hiro",     "Ingrid",
    "Joaquin",  "Kamala", "Leopold",  "Miriam",  "Nadia",    "Oskar",   "Priya",    "Rafael",   "Sophie",
    "Tomas",    "Ursula", "Viktor",   "Wanda",   "Yara"};

constexpr std::string_view kLast[] = {
    "Whitcombe",   "Abernathy",  "Blackwood", "Castellan", "Drummond",  "Eastlake",  "Fairweather",
    "Goldhammer",  "Harcourt",   "Ironside",  "Jessop",    "Kowalski",  "Lindqvist", "Marchetti",
    "Nightingale", "Okafor",     "Pemberton", "Quill",     "Rasmussen", "Sato",      "Thornbury",
    "Underhill",   "Vandermeer", "Wetherby",  "Yamamoto",  "Zielinski", "Ashdown",   "Bellweather",
    "Crane",       "Delacroix",  "Engel",     "Farrow",    "Gupta",     "Holloway",  "Ivanova",
    "Juarez",      "Keller",     "Lockhart",  "Mbeki",     "Novak",     "Ortega",    "Petrov",
    "Rutherford",  "Sterling",   "Tanaka",    "Vasquez",   "Winslow",   "Xu",        "Yilmaz",
    "Zimmer"};

constexpr std::string_view kPlaceBeginnings[] = {
    "Raven",  "Ash",   "Black", "Cold",  "Dun",   "Elder",   "Fair",  "Grim",   "Hazel",
    "Iron",   "Kings", "Long",  "Marsh", "North", "Oak",     "Pine",  "Quarry", "Red",
    "Silver", "Thorn", "Under", "Vine",  "Whit",  "Yarrow",  "Amber", "Brack",  "Crow",
    "Drift",  "Ember", "Frost", "Glen",  "Heron", "Juniper", "Lark",  "Mill",   "Otter"};

constexpr std::string_view kPlaceEndings[] = {"holm",  "ford",  "bury",    "wick",  "mouth", "dale",
                                              "haven", "stead", "ton",     "field", "gate",  "moor",
                                              "cliff", "brook", "minster", "port",  "well",  "by"};

constexpr std::string_view kThings[] = {
    "harbour gate", "telescope",    "music box",      "strongbox",    "compass",        "grandfather clock",
    "chess set",    "violin",       "barometer",      "atlas",        "lantern",        "cabinet",
    "typewriter",   "steam engine", "sextant",        "portrait",     "bicycle",        "globe",
    "sundial",      "tea service",  "printing press", "cello",        "sewing machine", "greenhouse",
    "boat house",   "ledger",       "safe",           "archive door", "wine cellar",    "generator",
    "server rack",  "radio mast",   "drill",          "crane",        "locomotive",     "submarine",
    "balloon",      "loom",         "anvil",          "observatory",  "pump",           "kiln",
    "turbine",      "projector",    "microscope",     "pendulum",     "vault",          "ferry"};

constexpr std::string_view kAdjectives[] = {
    "brass",    "old",     "new",        "second",  "small",  "great",    "broken",    "northern",
    "southern", "eastern", "western",    "painted", "oak",    "marble",   "iron",      "spare",
    "third",    "gilded",  "travelling", "upper",   "lower",  "borrowed", "restored",  "hidden",
    "silent",   "patient", "hollow",     "crooked", "velvet", "salted",   "wandering", "winter"};

constexpr std::string_view kColours[] = {
    "crimson",  "emerald green", "navy blue", "ochre",       "violet",      "turquoise",
    "ivory",    "charcoal grey", "scarlet",   "olive",       "lavender",    "copper",
    "silver",   "magenta",       "teal",      "pale yellow", "deep purple", "rust brown",
    "sky blue", "mint green",    "coral",     "indigo",      "amber",       "jet black",
    "burgundy", "cream",         "rose pink", "sea green",   "mustard",     "bronze"};

constexpr std::string_view kNouns[] = {
    "river",   "mirror", "candle",   "orchard", "raven",  "bridge",  "kettle",    "mountain",
    "letter",  "garden", "anchor",   "feather", "window", "piano",   "cathedral", "fox",
    "pearl",   "wheel",  "forest",   "hammer",  "island", "apron",   "saddle",    "cloud",
    "thistle", "barrel", "comet",    "walnut",  "glove",  "chimney", "falcon",    "basket",
    "needle",  "ribbon", "tortoise", "cellar",  "tulip",  "cobbler", "meadow",    "pigeon"};

constexpr std::string_view kVerbs[] = {"keeps",    "finds",  "follows", "forgives", "carries",
                                       "outlives", "mends",  "feeds",   "awaits",   "paints",
                                       "devours",  "guards", "counts",  "teaches",  "warms",
                                       "hides",    "greets", "loses",   "crosses",  "answers"};

constexpr std::string_view kSomewhere[] = {
    "behind the third {n}",        "under the {a} {n}",      "inside the {n} of the {n}",
    "between the {n} and the {n}", "above the {a} {n}",      "next to the {n}",
    "{a} {n} with {n}s",           "the {a} {n} by the {n}", "in the {a} {n}",
    "a box of {a} {n}s",           "forty {a} {n}s",         "beneath the floor of the {n} room"};

constexpr std::string_view kSyllables[] = {"ba",  "ve",  "li",  "mar", "to",  "sen", "ka", "ru",
                                           "del", "fi",  "no",  "tha", "gor", "mi",  "su", "pel",
                                           "za",  "qui", "dor", "en",  "la",  "vo",  "ri", "xan"};

constexpr std::string_view kMonths[] = {"January",   "February", "March",    "April",
                                        "May",       "June",     "July",     "August",
                                        "September", "October",  "November", "December"};

constexpr std::string_view kWeekdays[] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                          "Friday", "Saturday", "Sunday"};

}  // namespace

std::span<const std::string_view> first_names() {
  return kFirst;
}
std::span<const std::string_view> last_names() {
  return kLast;
}
std::span<const std::string_view> place_beginnings() {
  return kPlaceBeginnings;
}
std::span<const std::string_view> place_endings() {
  return kPlaceEndings;
}
std::span<const std::string_view> things() {
  return kThings;
}
std::span<const std::string_view> adjectives() {
  return kAdjectives;
}
std::span<const std::string_view> colours() {
  return kColours;
}
std::span<const std::string_view> nouns() {
  return kNouns;
}
std::span<const std::string_view> verbs() {
  return kVerbs;
}
std::span<const std::string_view> somewhere() {
  return kSomewhere;
}
std::span<const std::string_view> syllables() {
  return kSyllables;
}
std::span<const std::string_view> months() {
  return kMonths;
}
std::span<const std::string_view> weekdays() {
  return kWeekdays;
}

}  // namespace focusllm::data::words
