#include "eval/tasks/people.h"

#include <iterator>

#include "eval/tasks/draw.h"

namespace focusllm::eval {
namespace {

constexpr std::int64_t kLowestNumber = 100, kHighestNumber = 99999;

constexpr std::string_view kFirstNames[] = {
    "Tobin",   "Maelis", "Ottoline", "Bastian", "Ilka",   "Corwin",   "Delphine", "Ramona",
    "Yusuf",   "Keiko",  "Anselm",   "Petra",   "Lorcan", "Sunniva",  "Matteo",   "Zofia",
    "Idris",   "Noemi",  "Fergus",   "Ludmila", "Caspar", "Oriana",   "Tariq",    "Helga",
    "Ambrose", "Saskia", "Domingo",  "Freya",   "Dragan", "Philippa", "Hiroshi",  "Leontine"};
constexpr std::string_view kLastNames[] = {
    "Calloway",   "Ostrander", "Villanueva", "Brandvold",   "Mukherjee",  "Pellegrino",  "Adeyemi",
    "Sorensen",   "Lazarev",   "Ferreira",   "Whitlock",    "Nakamura",   "Abernathy",   "Kowalczyk",
    "Drummond",   "Esterhazy", "Fontaine",   "Gallagher",   "Haverford",  "Iversen",     "Jankowski",
    "Kristensen", "Lombardi",  "Montague",   "Nightingale", "Ollivander", "Quisenberry", "Rasmussen",
    "Stavros",    "Thibault",  "Uhlenbeck",  "Yarborough"};

constexpr FactForm kFactForms[] = {
    {"The boat of {0} was painted {1}.",
     "In which colour was the boat of {0} painted?",
     {"turquoise", "crimson", "ochre", "ivory", "indigo", "maroon"}},
    {"{0} keeps the spare key under flowerpot number {1}.",
     "Under which flowerpot number does {0} keep the spare key?",
     {}},
    {"The parrot of {0} answers to the name {1}.",
     "To which name does the parrot of {0} answer?",
     {"Domino", "Captain", "Pickles", "Rumba", "Zephyr", "Gizmo"}},
    {"{0} weighed out exactly {1} grams of saffron.", "How many grams of saffron did {0} weigh out?", {}},
    {"{0} gave a lecture about the history of {1}.",
     "The history of what did {0} give a lecture about?",
     {"glass", "bridges", "coins", "windmills", "gardens", "lighthouses"}},
    {"The train of {0} leaves from platform {1}.", "From which platform does the train of {0} leave?", {}},
    {"{0} plays the {1} in the town orchestra.",
     "Which instrument does {0} play in the town orchestra?",
     {"bassoon", "cello", "timpani", "oboe", "harp", "trombone"}},
    {"The insurance policy of {0} carries the number {1}.",
     "Which number does the insurance policy of {0} carry?",
     {}},
    {"{0} spent last winter in {1}.",
     "Where did {0} spend last winter?",
     {"Tromso", "Valparaiso", "Samarkand", "Antwerp", "Tbilisi", "Cordoba"}},
    {"{0} paid {1} crowns for the old piano.", "How many crowns did {0} pay for the old piano?", {}},
    {"On feast days {0} always cooks {1}.",
     "What does {0} always cook on feast days?",
     {"risotto", "goulash", "ratatouille", "dumplings", "paella", "borscht"}},
    {"{0} planted {1} apple trees behind the chapel.",
     "How many apple trees did {0} plant behind the chapel?",
     {}},
    {"{0} collects {1} from all over the world.",
     "What does {0} collect?",
     {"thimbles", "stamps", "seashells", "postcards", "teapots", "buttons"}},
    {"The laboratory of {0} is in room {1}.", "In which room is the laboratory of {0}?", {}},
    {"{0} wrote a long poem about {1}.",
     "What did {0} write a long poem about?",
     {"volcanoes", "swans", "twilight", "harvest", "snowflakes", "caravans"}},
    {"{0} counted {1} geese on the frozen lake.", "How many geese did {0} count on the frozen lake?", {}}};

constexpr Paraphrase kParaphrases[] = {
    {"{0} repaired clocks in a cellar near the harbour.", "Who was the watchmaker?"},
    {"{0} had never learned to swim and stayed away from the sea.", "Which person feared deep water?"},
    {"{0} spoke six languages without an accent.", "Who was a gifted linguist?"},
    {"{0} grew roses and tulips for the stalls in town.", "Who worked in horticulture?"},
    {"{0} kneaded dough every night until dawn.", "Who was the baker?"},
    {"{0} took the throne at the age of nine.", "Who became a monarch in childhood?"},
    {"{0} lost both parents in the fire.", "Who was an orphan?"},
    {"{0} could not tell red from green.", "Who was colour-blind?"},
    {"{0} went up in balloons over the Alps.", "Who was an aeronaut?"},
    {"{0} painted portraits of rich merchants.", "Who earned money as an artist?"},
    {"{0} gave the whole fortune away to beggars.", "Who was extremely generous to the poor?"},
    {"{0} walked with a stick ever since the accident in the quarry.", "Who had a limp?"},
    {"{0} caught trout and eels and sold them on Fridays.", "Who was the fisherman?"},
    {"{0} cut the hair of every sailor in port.", "Who was the barber?"},
    {"{0} set broken bones and stitched wounds for the regiment.", "Who served as an army surgeon?"},
    {"{0} robbed three banks before the police came.", "Who was a criminal?"},
    {"{0} ate neither meat nor fish.", "Who was a vegetarian?"},
    {"{0} watched the stars and drew charts of the planets.", "Who was an astronomer?"},
    {"{0} hauled coal out of the pit for thirty years.", "Who had been a miner?"},
    {"{0} said yes at the altar for the fourth time.", "Who had been married repeatedly?"},
    {"{0} won at dice and cards almost every evening.", "Who was a successful gambler?"},
    {"{0} built violins from maple and spruce.", "Who was a maker of musical instruments?"},
    {"{0} defended the accused before the judges.", "Who practised as a lawyer?"},
    {"{0} laughed when the doctor said that the illness had gone.", "Which patient recovered?"}};

template <typename List>
std::vector<std::string> some_of(Chance& chance, const List& list) {
  std::vector<std::string> all(std::begin(list), std::end(list));
  shuffle(chance, all);
  return all;
}

}  // namespace

std::vector<std::string> draw_people(Chance& chance, std::size_t count) {
  std::vector<std::string> people = some_of(chance, kFirstNames);
  const std::vector<std::string> last = some_of(chance, kLastNames);
  for (std::size_t i = 0; i < people.size(); ++i) people[i] += " " + last[i];
  people.resize(count);
  return people;
}

std::span<const FactForm> fact_forms() {
  return kFactForms;
}

std::string draw_value(Chance& chance, const FactForm& form) {
  if (form.values[0].empty()) return std::to_string(chance.between(kLowestNumber, kHighestNumber));
  return std::string(form.values[chance.between(0, std::ssize(form.values) - 1)]);
}

std::span<const Paraphrase> paraphrases() {
  return kParaphrases;
}

}  // namespace focusllm::eval
