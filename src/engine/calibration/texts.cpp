#include "engine/calibration/texts.h"

#include <algorithm>
#include <random>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace focusllm::calibration {
namespace {

constexpr std::size_t kSentences = 420;  // of filler between the facts
constexpr std::size_t kPairs = 64;
constexpr std::size_t kAskedPairs = 20;

class Chance {
 public:
  explicit Chance(std::uint64_t seed) : engine_(seed) {}
  std::size_t below(std::size_t count) { return static_cast<std::size_t>(engine_() % count); }
  template <typename List>
  std::string_view pick(const List& list) {
    return list[below(std::size(list))];
  }
  template <typename T>
  void shuffle(std::vector<T>& list) {
    for (std::size_t i = list.size(); i > 1; --i) std::swap(list[i - 1], list[below(i)]);
  }

 private:
  std::mt19937_64 engine_;
};

constexpr std::string_view kPeople[] = {
    "the miller",          "her aunt",       "the old pilot",       "Mr. Harcastle",
    "the younger brother", "Miss Penrose",   "the notary",          "a neighbour",
    "the gardener",        "Mrs. Tallow",    "the stranger",        "their cousin",
    "the ferryman",        "Lady Ashcombe",  "the clerk",           "a boy from the harbour",
    "the doctor's wife",   "the sergeant",   "young Perrin",        "the housekeeper",
    "the schoolmaster",    "two travellers", "the widow next door", "Colonel Brandt"};
constexpr std::string_view kPlaces[] = {"the bridge",
                                        "the station",
                                        "the upper meadow",
                                        "the library",
                                        "the back of the shop",
                                        "the quay",
                                        "the church",
                                        "a narrow lane",
                                        "the kitchen",
                                        "the edge of the wood",
                                        "the post office",
                                        "the long hall",
                                        "the market",
                                        "an empty barn",
                                        "the garden gate",
                                        "the inn",
                                        "the cliff path",
                                        "the mill pond",
                                        "the attic",
                                        "the courthouse",
                                        "the orchard",
                                        "the tram stop",
                                        "the cellar",
                                        "the far bank of the river"};
constexpr std::string_view kThings[] = {
    "a bundle of letters", "an umbrella",       "the silver spoon",   "a basket of pears",
    "a torn map",          "the lantern",       "an old violin",      "a jar of ink",
    "the blue ribbon",     "a wooden box",      "the account book",   "a loaf of bread",
    "his watch chain",     "a pair of gloves",  "the painted screen", "a key without a lock",
    "a sack of flour",     "the broken chair",  "a photograph",       "some rope",
    "a tin of biscuits",   "the heavy curtain", "a pot of honey"};
constexpr std::string_view kTimes[] = {"That evening",
                                       "Early in the morning",
                                       "After a long silence",
                                       "On the third day",
                                       "Before supper",
                                       "Towards noon",
                                       "When the rain had stopped",
                                       "A week later",
                                       "In the dead of night",
                                       "As soon as it was light",
                                       "Some time afterwards",
                                       "At the end of the month",
                                       "Without a word",
                                       "For the second time",
                                       "To everyone's surprise",
                                       "While the kettle boiled",
                                       "All through that winter",
                                       "Late in the afternoon"};
constexpr std::string_view kFeelings[] = {
    "not at all pleased",   "quite calm",      "a little ashamed",  "in high spirits",
    "too tired to answer",  "strangely moved", "as cold as before", "on the point of leaving",
    "afraid of the answer", "sure of success", "lost in thought",   "ready to forgive everything"};
constexpr std::string_view kRemarks[] = {"there is no hurry",
                                         "it will rain before long",
                                         "nobody ever asked me",
                                         "the road is worse than it was",
                                         "I have seen better years",
                                         "one gets used to it",
                                         "it is not my business",
                                         "the price has gone up again",
                                         "you might have told me sooner",
                                         "we shall know tomorrow",
                                         "that was before the flood",
                                         "the dog knows it better than we do",
                                         "let them talk",
                                         "it was never proved"};
// {0} to {5}: person, another person, place, thing, time, feeling or remark.
constexpr std::string_view kForms[] = {
    "{4}, {0} went down to {2} and asked for {3}.",
    "Nobody could say why {0} had left {3} at {2}.",
    "{4} there was a knock at the door, and {0} came in with {3}.",
    "\"Believe me,\" said {0}, \"{6}.\"",
    "{0} looked at {1} and was {5}.",
    "They talked of {2}, of the weather, and of {3} that had been lost for years.",
    "{4}, {1} found {3} lying near {2}, where it had no business to be.",
    "It seemed to {0} that {1} was {5}.",
    "\"And what,\" asked {1}, \"did you expect to see at {2}?\"",
    "{0} put {3} on the table and waited.",
    "The way to {2} was longer than {0} remembered, and {1} soon fell behind.",
    "{4}, when they had come as far as {2}, {0} stopped and said that {6}.",
    "Of all the people in the room only {1} was {5}.",
    "There had been a quarrel about {3}, as {0} well knew.",
    "The window was open, and from {2} one could hear {0} laughing.",
    "{1} took {3} from the shelf, turned it over twice, and put it back.",
    "\"{6},\" answered {0}, and went on as if nothing had happened.",
    "{4} the wind changed, and {2} lay in the shade.",
    "If {0} had listened to {1}, {3} would still have been there.",
    "It was {5} that {0} returned from {2}.",
    "{4}, {0} wrote a short letter to {1}, in which {3} was not mentioned.",
    "The lamps near {2} were lit one after the other."};

std::string capital(std::string text) {
  if (!text.empty() && text.front() >= 'a' && text.front() <= 'z')
    text.front() = static_cast<char>(text.front() - 'a' + 'A');
  return text;
}

std::string filler(Chance& chance) {
  const std::string_view form = chance.pick(kForms);
  const auto person = chance.pick(kPeople), other = chance.pick(kPeople), place = chance.pick(kPlaces);
  const auto thing = chance.pick(kThings), time = chance.pick(kTimes), feeling = chance.pick(kFeelings);
  const auto remark = chance.pick(kRemarks);
  return capital(fmt::format(fmt::runtime(form), person, other, place, thing, time, feeling, remark));
}

constexpr std::size_t kNamed = 48;  // facts: each form is told of several people, and each name is shared
constexpr std::string_view kFirstNames[] = {"Adela", "Victor", "Miriam", "Leopold", "Greta",   "Samuel",
                                            "Ines",  "Oskar",  "Judith", "Conrad",  "Beatrix", "Emil",
                                            "Rosa",  "Felix",  "Martha", "Anton"};
constexpr std::string_view kLastNames[] = {"Brunner",  "Salgado", "Okoye", "Hask", "Lindholm", "Trow",
                                           "Carvalho", "Petrov",  "Amsel", "Vale", "Noor",     "Tarkovy",
                                           "Delmonte", "Arden",   "Quill", "Zeman"};
struct FactForm {
  std::string_view fact, question;  ///< {0} the name, {1} the value
  std::string_view values[6];       ///< none: a number
};
constexpr FactForm kFacts[] = {
    {"{0} was born in the town of {1}.",
     "In which town was {0} born?",
     {"Harlow", "Meriden", "Castelo", "Vintry", "Osterburg", "Lunde"}},
    {"The lucky number of {0} is {1}.", "What is the lucky number of {0}?", {}},
    {"{0} bought {1} tickets for the concert.", "How many tickets did {0} buy?", {}},
    {"The horse of {0} is called {1}.",
     "What is the horse of {0} called?",
     {"Bramble", "Comet", "Juniper", "Marquis", "Pepper", "Sultan"}},
    {"The secret word of {0} is {1}.",
     "What is the secret word of {0}?",
     {"walnut", "granite", "feather", "magnet", "orchid", "pebble"}},
    {"{0} lives at number {1} in Tanner Street.", "At which number in Tanner Street does {0} live?", {}},
    {"{0} earns a living as a {1}.",
     "What does {0} earn a living as?",
     {"glazier", "saddler", "printer", "surveyor", "brewer", "tuner"}},
    {"The code for the safe of {0} is {1}.", "What is the code for the safe of {0}?", {}}};

std::vector<Passage> facts(Chance& chance) {
  std::vector<Passage> made;
  for (std::size_t i = 0; i < kNamed; ++i) {
    const FactForm& one = kFacts[i % std::size(kFacts)];
    const std::size_t last = i + 5 * (i / std::size(kLastNames));
    const std::string name = fmt::format("{} {}", kFirstNames[i % std::size(kFirstNames)],
                                         kLastNames[last % std::size(kLastNames)]);
    const std::string number = std::to_string(100 + chance.below(99900));
    const std::string value = one.values[0].empty() ? number : std::string(chance.pick(one.values));
    made.push_back(
        {fmt::format(fmt::runtime(one.fact), name, value), fmt::format(fmt::runtime(one.question), name)});
  }
  return made;
}

std::vector<Passage> paraphrases() {
  return {
      {"Old Bertram mended boots in the alley behind the market.", "Who was the cobbler?"},
      {"Ilse had never once tasted wine or beer.", "Which person avoided alcohol?"},
      {"Tomas was carried to his grave on a rainy Tuesday.", "Whose funeral was held in bad weather?"},
      {"Madame Roux sewed gowns for half of the town.", "Who was the dressmaker?"},
      {"Henrik owed money to every shop in the street.", "Who was deeply in debt?"},
      {"Little Sofie came into the world on the first of May.", "Whose birth fell in spring?"},
      {"Agnes could add long columns of figures in her head.", "Who was gifted at arithmetic?"},
      {"Dmitri drove the night train to the coast.", "Who worked for the railway?"},
      {"Clara wrote verses and read them to nobody.", "Which woman was a secret poet?"},
      {"Joachim pulled teeth for two coins each.", "Who acted as the dentist?"},
      {"Nadia crossed the mountains to flee from the war.", "Who was a refugee?"},
      {"Walter kept bees on the roof of his house.", "Who produced honey?"},
      {"Ruth taught the children of the village to read and write.", "Which woman was an instructor?"},
      {"Casimir had not slept for three nights.", "Who suffered from insomnia?"},
      {"Edgar hammered horseshoes beside a glowing forge.", "Who was the blacksmith?"},
      {"Albertine had no hair left on her head.", "Who was bald?"},
      {"Humbert could not hear the church bells any more.", "Who was deaf?"},
      {"Leonora sang the great arias in Milan and Vienna.", "Who was an opera star?"},
      {"Basil poured drinks behind the bar of the Red Lion.", "Who was the innkeeper?"},
      {"Tilda brought letters and parcels to every door on her bicycle.", "Who delivered the mail?"},
      {"Gustav laid bricks from spring to autumn.", "Who was a mason?"},
      {"Ottilie weighed more than any two of her cousins together.", "Which woman was overweight?"},
      {"Rufus took apples whenever the owner looked away.", "Who was a thief?"},
      {"Marguerite crossed herself before every meal and never missed Mass.", "Which woman was pious?"},
      {"Ivor set off alone for the South Pole with nine dogs.", "Who was an explorer?"},
      {"Dorothea mixed powders and syrups for the sick.", "Who was the pharmacist?"},
      {"Lukas threw stones at cats and laughed at their pain.", "Who was cruel to animals?"},
      {"Hedwig measured gentlemen for coats and trousers.", "Who was the tailor?"},
      {"Maurice owned shares in four banks and two castles.", "Who was wealthy?"},
      {"Selma trembled at the sight of the smallest spider.", "Who was scared of bugs?"},
      {"Wendell fell off the ladder and broke an arm.", "Who was injured in an accident?"},
      {"Gwendolyn had two little boys and a daughter at her breast.", "Which woman was a mother?"},
      {"Magnus felled oaks and pines from dawn to dusk.", "Who was the woodcutter?"},
      {"Cornelia never told the truth when a lie would do.", "Which person was dishonest?"},
      {"Elspeth foretold the future from the palm of a hand.", "Which woman was a clairvoyant?"},
      {"Arno was put behind bars for nine years.", "Who was in prison?"},
      {"Theodora ran for parliament and won by eleven votes.", "Which woman was a politician?"},
      {"Quentin carved saints out of lime wood.", "Who was a sculptor?"},
      {"Isolde wept every evening beside her husband's tombstone.", "Who mourned a dead spouse?"},
      {"Kaspar leapt over two metres in the games at Athens.", "Who was an athlete?"},
      {"Rosalind had red spots all over and a burning forehead.", "Who was ill with a fever?"},
      {"Barnaby spent the last penny on a bowl of soup.", "Who was very poor?"},
      {"Linnea wore spectacles as thick as bottle glass.", "Whose eyesight was weak?"},
      {"Igor made the audience gasp and pulled rabbits from a hat.", "Who was a magician?"},
      {"Constance saw no visitors for years and wanted to be left alone.", "Who lived as a hermit?"},
      {"Jasper put a torch to three barns before he was caught.", "Who was an arsonist?"},
      {"Odo kept sheep on the hills above the village.", "Who was the shepherd?"},
      {"Olympia dug up pots and bones of people dead for two thousand years.", "Who was an archaeologist?"},
      {"Silas drank a bottle of gin before breakfast.", "Who was an alcoholic?"},
      {"Harriet wrote about murders and strikes for the evening paper.", "Who was a journalist?"},
      {"Benedikt had sworn to obey the abbot and to own nothing.", "Who was a monk?"},
      {"Pia could not remember her own name after the fall.", "Who suffered from amnesia?"},
      {"Roland ran away as soon as the first shot was heard.", "Who was a coward?"},
      {"Amalia jumped into the icy river and pulled the child out.", "Which woman saved a life?"},
      {"Cyril let nobody else say a word from morning to night.", "Who was extremely talkative?"},
      {"Ursula showed strangers round the cathedral for a small fee.", "Who worked as a tourist guide?"},
      {"Florian played the fool between the lions and the acrobats.", "Who was a circus clown?"},
      {"Hermine kept every coin and lent nobody a thing.", "Who was a miser?"},
      {"Pascal mended pipes and taps under the sink.", "Who was the plumber?"},
      {"Rahel had been born on the same day as her sister.", "Who was a twin?"},
      {"Alban counted the money of the company and kept its books.", "Who was the accountant?"},
      {"Gerda could not walk and was pushed about in a chair.", "Who was paralysed?"},
      {"Milo slipped across the border with secret plans sewn into a coat.", "Who was a spy?"},
      {"Xenia saw her hundredth birthday in good health.", "Who lived extremely long?"}};
}

/// Facts spread over filler, a few sentences to a paragraph.
std::vector<Passage> hidden(std::vector<Passage> made, Chance& chance) {
  chance.shuffle(made);
  std::vector<Passage> text;
  const std::size_t between = kSentences / (made.size() + 1);
  std::size_t fact = 0;
  for (std::size_t i = 1; i <= kSentences; ++i) {
    text.push_back({filler(chance) + (i % 6 == 0 ? "\n\n" : " "), ""});
    if (i % between != 0 || fact == made.size()) continue;
    text.push_back({made[fact].text + " ", made[fact].question});
    ++fact;
  }
  return text;
}

std::string random_key(Chance& chance) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string key;
  for (int i = 0; i < 32; ++i) {
    if (i == 8 || i == 12 || i == 16 || i == 20) key += '-';
    key += kDigits[chance.below(16)];
  }
  return key;
}

std::vector<Passage> pairs(Chance& chance) {
  std::vector<Passage> text;
  for (std::size_t i = 0; i < kPairs; ++i) {
    const std::string key = random_key(chance), value = random_key(chance);
    const bool asked = i % (kPairs / kAskedPairs) == 2;
    text.push_back({fmt::format("\"{}\": \"{}\",\n", key, value),
                    asked ? fmt::format("What is the value of the key \"{}\"?", key) : ""});
  }
  return text;
}

}  // namespace

std::vector<Passage> make_text(Kind kind, std::uint64_t seed) {
  Chance chance(seed * 16 + static_cast<std::uint64_t>(kind));
  if (kind == Kind::pairs) return pairs(chance);
  return hidden(kind == Kind::facts ? facts(chance) : paraphrases(), chance);
}

}  // namespace focusllm::calibration
