#include "eval/tasks/words.h"

#include <iterator>
#include <span>
#include <string_view>

namespace focusllm::eval {
namespace {

constexpr std::string_view kAdjectives[] = {
    "ancient", "angry",  "average",  "bitter",  "blue",    "brave",    "brief",    "bright",  "broad",
    "brown",   "busy",   "calm",     "careful", "cheap",   "cheerful", "clean",    "clear",   "clever",
    "cloudy",  "cold",   "common",   "cool",    "crisp",   "curious",  "damp",     "dark",    "dear",
    "deep",    "dense",  "distant",  "dusty",   "eager",   "early",    "easy",     "elegant", "empty",
    "faint",   "fair",   "famous",   "fancy",   "fierce",  "fine",     "flat",     "fond",    "fragile",
    "free",    "fresh",  "friendly", "full",    "gentle",  "giant",    "glad",     "golden",  "grand",
    "grave",   "great",  "green",    "grim",    "happy",   "harsh",    "hasty",    "heavy",   "hidden",
    "hollow",  "honest", "huge",     "humble",  "hungry",  "idle",     "jolly",    "keen",    "kind",
    "large",   "lazy",   "lively",   "local",   "lonely",  "loyal",    "lucky",    "mature",  "mellow",
    "merry",   "mighty", "mild",     "modern",  "modest",  "narrow",   "neat",     "nervous", "noble",
    "noisy",   "odd",    "open",     "orange",  "pale",    "patient",  "pleasant", "polite",  "proud",
    "pure",    "purple", "quick",    "quiet",   "rapid",   "rare",     "rough",    "round",   "royal",
    "rural",   "rusty",  "sacred",   "sharp",   "shiny",   "short",    "shy",      "silent",  "silver",
    "simple",  "sleepy", "slim",     "slow",    "smooth",  "soft",     "solid",    "sour",    "spare",
    "stable",  "steady", "steep",    "sticky",  "stiff",   "strange",  "strict",   "strong",  "sturdy",
    "subtle",  "sudden", "sunny",    "sweet",   "swift",   "tall",     "tame",     "tender",  "thick",
    "tidy",    "tiny",   "tired",    "tough",   "true",    "useful",   "vague",    "vast",    "violet",
    "vivid",   "warm",   "wary",     "weak",    "wealthy", "wet",      "white",    "whole",   "wide",
    "wild",    "windy",  "wise",     "witty",   "wooden",  "worthy",   "yellow",   "young"};

constexpr std::string_view kNouns[] = {
    "acorn",    "actor",   "airport",  "anchor",   "angle",    "ankle",      "apple",    "apron",
    "artist",   "attic",   "author",   "badge",    "bakery",   "balcony",    "ball",     "banana",
    "bank",     "banner",  "barn",     "barrel",   "basin",    "basket",     "battery",  "beach",
    "beam",     "bean",    "beard",    "bed",      "beetle",   "bell",       "belt",     "bench",
    "berry",    "bicycle", "bird",     "biscuit",  "blanket",  "boat",       "bone",     "bonnet",
    "boot",     "border",  "bottle",   "bowl",     "box",      "bracelet",   "branch",   "bread",
    "brick",    "bridge",  "broom",    "brother",  "brush",    "bucket",     "bulb",     "butter",
    "button",   "cabinet", "cable",    "cactus",   "cage",     "cake",       "camel",    "camera",
    "camp",     "canal",   "candle",   "canoe",    "canvas",   "captain",    "card",     "carpet",
    "carrot",   "cart",    "castle",   "cave",     "ceiling",  "cellar",     "chain",    "chair",
    "chalk",    "chapel",  "cheese",   "cherry",   "chest",    "chicken",    "chimney",  "church",
    "circle",   "city",    "clerk",    "cliff",    "clock",    "cloth",      "clover",   "coach",
    "coast",    "coat",    "coin",     "collar",   "comb",     "compass",    "copper",   "coral",
    "cord",     "corner",  "cottage",  "cotton",   "couch",    "cousin",     "cow",      "crane",
    "crate",    "creek",   "crown",    "cup",      "curtain",  "cushion",    "dentist",  "desert",
    "desk",     "diamond", "dinner",   "doctor",   "dog",      "dollar",     "dolphin",  "donkey",
    "door",     "dove",    "dragon",   "drawer",   "dress",    "drum",       "duck",     "dune",
    "eagle",    "elbow",   "elephant", "engine",   "envelope", "farmer",     "feather",  "fence",
    "ferry",    "field",   "finger",   "fire",     "fish",     "flag",       "flame",    "flask",
    "flower",   "flute",   "forest",   "fork",     "fountain", "fox",        "frame",    "frog",
    "fruit",    "garage",  "garden",   "garlic",   "gate",     "ghost",      "ginger",   "giraffe",
    "girl",     "glass",   "glove",    "goat",     "goose",    "grape",      "grass",    "guitar",
    "hammer",   "hammock", "harbor",   "hat",      "hawk",     "hedge",      "helmet",   "hill",
    "honey",    "hook",    "horn",     "horse",    "hospital", "hotel",      "island",   "ivory",
    "jacket",   "jar",     "jewel",    "judge",    "jug",      "jungle",     "kettle",   "king",
    "kitchen",  "kite",    "knife",    "ladder",   "lake",     "lamp",       "lantern",  "lawyer",
    "leaf",     "lemon",   "leopard",  "letter",   "library",  "lighthouse", "lion",     "lizard",
    "lobster",  "log",     "magnet",   "maple",    "marble",   "market",     "mask",     "meadow",
    "medal",    "melon",   "mirror",   "monkey",   "moon",     "mop",        "mosquito", "mountain",
    "mouse",    "mule",    "museum",   "mushroom", "napkin",   "necklace",   "needle",   "nose",
    "notebook", "nurse",   "oak",      "oar",      "ocean",    "office",     "olive",    "onion",
    "orchard",  "organ",   "otter",    "oven",     "oyster",   "paddle",     "page",     "palace",
    "panda",    "parade",  "parcel",   "parrot",   "path",     "peach",      "peacock",  "pearl",
    "pebble",   "pencil",  "penguin",  "piano",    "pigeon",   "pillow",     "pilot",    "pine",
    "pipe",     "pirate",  "plate",    "plum",     "pocket",   "poem",       "pond",     "pony",
    "porch",    "potato",  "pumpkin",  "puppet",   "purse",    "puzzle",     "quail",    "queen",
    "quilt",    "rabbit",  "radio",    "raft",     "raven",    "ribbon",     "rice",     "river",
    "robin",    "robot",   "rocket",   "roof",     "rope",     "rose",       "saddle",   "sailor",
    "salad",    "salt",    "sandal",   "saucer",   "scarf",    "school",     "scissors", "seal",
    "shark",    "sheep",   "shelf",    "shell",    "ship",     "shirt",      "shoe",     "shop",
    "shovel",   "singer",  "sink",     "sister",   "skirt",    "sled",       "snail",    "snake",
    "soap",     "sock",    "sofa",     "soldier",  "soup",     "spider",     "sponge",   "spoon",
    "squirrel", "statue",  "stone",    "stool",    "storm",    "stove",      "street",   "sugar",
    "suit",     "swan",    "sweater",  "sword",    "tailor",   "teacher",    "tent",     "theater",
    "thread",   "throne",  "thumb",    "tiger",    "tile",     "toast",      "tomato",   "tower",
    "town",     "toy",     "train",    "tray",     "trumpet",  "trunk",      "tulip",    "tunnel",
    "turkey",   "turtle",  "umbrella", "uncle",    "valley",   "vase",       "village",  "violin",
    "volcano",  "wagon",   "wallet",   "walnut",   "watch",    "water",      "whale",    "wheat",
    "wheel",    "whistle", "willow",   "window",   "wing",     "wolf",       "yard",     "zebra"};

constexpr std::string_view kVerbs[] = {
    "accept",  "admire",     "advise",    "agree",    "allow",     "announce", "answer",   "appear",
    "argue",   "arrange",    "arrive",    "attend",   "balance",   "become",   "begin",    "behave",
    "believe", "belong",     "borrow",    "bounce",   "breathe",   "bring",    "build",    "bury",
    "buy",     "calculate",  "carry",     "catch",    "celebrate", "change",   "chase",    "choose",
    "climb",   "collect",    "compare",   "complain", "complete",  "confess",  "confirm",  "consider",
    "contain", "cook",       "copy",      "cough",    "count",     "crawl",    "create",   "cross",
    "cry",     "dance",      "decide",    "decorate", "deliver",   "deny",     "depend",   "describe",
    "destroy", "develop",    "discover",  "divide",   "drink",     "drive",    "employ",   "encourage",
    "enjoy",   "enter",      "escape",    "examine",  "exist",     "expand",   "explain",  "explore",
    "fetch",   "fill",       "find",      "finish",   "float",     "fold",     "follow",   "forget",
    "forgive", "gather",     "glow",      "grow",     "guess",     "guide",    "happen",   "hear",
    "help",    "hide",       "hope",      "hurry",    "identify",  "imagine",  "improve",  "include",
    "inform",  "invent",     "invite",    "join",     "jump",      "kick",     "kneel",    "know",
    "laugh",   "learn",      "leave",     "lend",     "lift",      "listen",   "lose",     "manage",
    "marry",   "measure",    "melt",      "mend",     "mention",   "mix",      "multiply", "notice",
    "obey",    "observe",    "obtain",    "offer",    "paint",     "pause",    "perform",  "persuade",
    "plant",   "play",       "please",    "polish",   "pour",      "pray",     "prefer",   "prepare",
    "pretend", "prevent",    "promise",   "protect",  "provide",   "pull",     "punish",   "push",
    "realize", "receive",    "recognize", "refuse",   "relax",     "remain",   "remember", "remind",
    "remove",  "repair",     "repeat",    "replace",  "reply",     "rescue",   "return",   "rinse",
    "save",    "scatter",    "scream",    "search",   "seem",      "select",   "send",     "separate",
    "share",   "shout",      "smile",     "solve",    "speak",     "spell",    "spend",    "spread",
    "stare",   "start",      "stay",      "stretch",  "study",     "succeed",  "suggest",  "supply",
    "suppose", "swim",       "taste",     "tell",     "thank",     "think",    "throw",    "travel",
    "try",     "understand", "visit",     "wait",     "walk",      "wander",   "warn",     "wash",
    "waste",   "weigh",      "welcome",   "whisper",  "wonder",    "work",     "worry",    "wrap",
    "write"};

std::string pick(Chance& chance, std::span<const std::string_view> words) {
  return std::string(words[static_cast<std::size_t>(chance.between(0, std::ssize(words) - 1))]);
}

std::vector<std::string> make_words() {
  std::vector<std::string> words(std::begin(kAdjectives), std::end(kAdjectives));
  words.insert(words.end(), std::begin(kNouns), std::end(kNouns));
  words.insert(words.end(), std::begin(kVerbs), std::end(kVerbs));
  return words;
}

std::vector<std::string> make_pairs() {
  std::vector<std::string> pairs;
  for (const auto& first : make_words()) {
    for (const auto second : kNouns) {
      if (first != second) pairs.push_back(first + "-" + std::string(second));
    }
  }
  return pairs;
}

}  // namespace

std::string draw_word_pair(Chance& chance) {
  const std::string adjective = pick(chance, kAdjectives);
  return adjective + "-" + pick(chance, kNouns);
}

const std::vector<std::string>& all_words() {
  static const std::vector<std::string> kWords = make_words();
  return kWords;
}

const std::vector<std::string>& all_pairs() {
  static const std::vector<std::string> kPairs = make_pairs();
  return kPairs;
}

}  // namespace focusllm::eval
