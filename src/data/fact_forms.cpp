// The sentences that facts are stated, asked for and answered in. None is a passkey or needle test's own, nor
// near it: what is measured with those must not have been trained on.
#include "data/fact_tables.h"

namespace focusllm::data {
namespace {

constexpr std::string_view kStatements[] = {
    "^the {A} of {S} is {V}.",
    "^{S}'s {A} is {V}.",
    "^the {A} of {S} was {V}.",
    "^{S}: {A} {V}.",
    "^{V} is the {A} of {S}.",
    "^{V}: that is the {A} of {S}.",
    "^for {S}, the {A} is {V}.",
    "^as for {S}, the {A} has always been {V}.",
    "^it is well known that the {A} of {S} is {V}.",
    "^few people know it, but {S}'s {A} is {V}.",
    "^by the way, {S}'s {A} is {V}.",
    "^if anyone asks for the {A} of {S}, say {V}.",
    "^according to the register, the {A} of {S} is {V}.",
    "^the clerk wrote down {V} as the {A} of {S}.",
    "^I was told that {V} is {S}'s {A}.",
    "^note for the steward: {A} of {S}, {V}.",
    "^on a slip of paper stood the {A} of {S}: {V}.",
    "^somebody had scratched the {A} of {S} into the wood: {V}.",
    "^\"The {A} of {S},\" he said, \"is {V}.\"",
    "^\"And {S}'s {A}?\" - \"{V}, I believe.\"",
    "^she asked what the {A} of {S} was, and they answered: {V}.",
    "^under {S} the list gives {V} as {A}.",
    "^nobody doubted that {V} was the {A} of {S}.",
    "^until further notice the {A} of {S} stays {V}.",
    "^from {D} on, the {A} of {S} is {V}.",
    "^{W}. Looked it up at last: the {A} of {S} is {V}.",
    "^{W}, {D}. Rain. Heard that {S}'s {A} is {V}. To bed early.",
    "^diary, {D}: {S} - {A} - {V}.",
    "^letter of {D}: \"You wanted the {A} of {S}. It is {V}.\"",
    "^telegram: {A} of {S} stop {V} stop",
    "{S} | {A} | {V}",
    "| {N} | {S} | {A} | {V} |",
    "{N};{S};{A};{V}",
    "{S}\t{A}\t{V}",
    "{A} ({S}) = {V}",
    "{A} of {S} = {V}",
    "[{S}] {A}: {V}",
    "- {A} of {S}: {V}",
    "* {S} -> {A} -> {V}",
    "{N}. {S}, {A}: {V}",
    "<entry subject=\"{S}\" field=\"{A}\">{V}</entry>",
    "{\"subject\": \"{S}\", \"{A}\": \"{V}\"}",
    "[{D} {T}] INFO registry: {A} of {S} set to {V}",
    "{T} DEBUG lookup subject=\"{S}\" field=\"{A}\" result=\"{V}\"",
    "{D} {T} update {N}: {S}: {A} := {V}",
    "// {S}: {A} {V}",
    "^{S} (n.): see also {A}, {V}.",
    "^entry {N}. {S}. {A}: {V}.",
    "^{A} of {S}, last checked on {D}: {V}.",
    "Q: {A} of {S}? A: {V}.",
    "^footnote {N}: the {A} of {S} is given as {V}.",
    "^the inventory of {D} lists {S} with the {A} {V}.",
};

constexpr std::string_view kQuestions[] = {
    "What is the {A} of {S}?",
    "What is {S}'s {A}?",
    "What was the {A} of {S}?",
    "Tell me the {A} of {S}.",
    "Which {A} does the text give for {S}?",
    "According to the text, what is the {A} of {S}?",
    "According to the text, what is {S}'s {A}?",
    "Find the {A} of {S} in the text.",
    "Look up the {A} of {S}, please.",
    "I need the {A} of {S}.",
    "Somewhere in the text the {A} of {S} is mentioned. What is it?",
    "Do you know the {A} of {S}?",
    "Can you tell me what {S}'s {A} is?",
    "{S}: {A}?",
    "^{A} of {S}?",
    "Give the {A} of {S}.",
    "What does the text say about the {A} of {S}?",
    "What is named as the {A} of {S}?",
    "Quote the {A} of {S}.",
    "Please answer from the text: what is the {A} of {S}?",
    "Someone wants to know the {A} of {S}. What do you answer?",
    "What would you say if I asked for {S}'s {A}?",
    "In all that you have read, what is the {A} of {S}?",
    "Which entry stands for {S} under {A}?",
};

constexpr std::string_view kAnswers[] = {
    "^the {A} of {S} is {V}.",
    "^{S}'s {A} is {V}.",
    "It is {V}.",
    "According to the text, it is {V}.",
    "According to the text, the {A} of {S} is {V}.",
    "^{V} is the {A} of {S}.",
    "The text says that the {A} of {S} is {V}.",
    "The answer is {V}.",
};

constexpr Completion kCompletions[] = {
    {"^the {A} of {S} is", "."},
    {"^{S}'s {A} is", "."},
    {"^again: the {A} of {S} is", "."},
    {"{S} | {A} |", " |"},
    {"{A} of {S}:", "\n"},
    {"{A} of {S} =", "\n"},
    {"[{S}] {A}:", "\n"},
    {"^as was said before, {S}'s {A} is", "."},
    {"^for {S}, the {A} is", "."},
    {"The answer to the question for the {A} of {S} is", "."},
    {"{S}\t{A}\t", "\n"},
    {"^the {A} of {S}, as written above, is", "."},
    {"lookup(\"{S}\", \"{A}\") ->", "\n"},
    {"^she remembered the {A} of {S}:", "."},
};

constexpr std::string_view kRefusals[] = {
    "The text does not say.",
    "The text does not mention the {A} of {S}.",
    "That is not in the text.",
    "I find no {A} of {S} in the text.",
};

constexpr Attribute kAttributes[] = {
    {"favourite colour", Value::colour, Subject::person},
    {"locker number", Value::number, Subject::person},
    {"membership number", Value::number, Subject::person},
    {"phone extension", Value::number, Subject::person},
    {"room number", Value::number, Subject::person},
    {"lucky number", Value::number, Subject::person},
    {"birthplace", Value::place, Subject::person},
    {"next destination", Value::place, Subject::person},
    {"home town", Value::place, Subject::person},
    {"wedding date", Value::date, Subject::person},
    {"date of birth", Value::date, Subject::person},
    {"day of departure", Value::date, Subject::person},
    {"nickname", Value::word, Subject::person},
    {"watchword", Value::word, Subject::person},
    {"horse's name", Value::word, Subject::person},
    {"oldest friend", Value::name, Subject::person},
    {"landlord", Value::name, Subject::person},
    {"doctor", Value::name, Subject::person},
    {"godmother", Value::name, Subject::person},
    {"call sign", Value::code, Subject::person},
    {"library card", Value::code, Subject::person},
    {"reference code", Value::code, Subject::person},
    {"order id", Value::uuid, Subject::person},
    {"account id", Value::uuid, Subject::person},
    {"hiding place", Value::phrase, Subject::person},
    {"greatest treasure", Value::phrase, Subject::person},
    {"favourite saying", Value::sentence, Subject::person},
    {"last message", Value::sentence, Subject::person},
    {"hour of arrival", Value::time, Subject::person},
    {"debt", Value::money, Subject::person},
    {"combination", Value::number, Subject::thing},
    {"serial number", Value::number, Subject::thing},
    {"shelf number", Value::number, Subject::thing},
    {"weight in grams", Value::number, Subject::thing},
    {"inventory code", Value::code, Subject::thing},
    {"unlock code", Value::code, Subject::thing},
    {"owner", Value::name, Subject::thing},
    {"maker", Value::name, Subject::thing},
    {"finder", Value::name, Subject::thing},
    {"original colour", Value::colour, Subject::thing},
    {"place of origin", Value::place, Subject::thing},
    {"date of purchase", Value::date, Subject::thing},
    {"inspection date", Value::date, Subject::thing},
    {"inscription", Value::sentence, Subject::thing},
    {"storage place", Value::phrase, Subject::thing},
    {"batch id", Value::uuid, Subject::thing},
    {"record id", Value::uuid, Subject::thing},
    {"price", Value::money, Subject::thing},
    {"code name", Value::word, Subject::thing},
    {"founder", Value::name, Subject::place},
    {"mayor", Value::name, Subject::place},
    {"harbour master", Value::name, Subject::place},
    {"founding date", Value::date, Subject::place},
    {"market day", Value::date, Subject::place},
    {"area code", Value::number, Subject::place},
    {"population", Value::number, Subject::place},
    {"emergency number", Value::number, Subject::place},
    {"twin town", Value::place, Subject::place},
    {"banner colour", Value::colour, Subject::place},
    {"motto", Value::sentence, Subject::place},
    {"main export", Value::phrase, Subject::place},
    {"budget code", Value::code, Subject::place},
    {"registration id", Value::uuid, Subject::place},
    {"closing time", Value::time, Subject::place},
    {"yearly toll", Value::money, Subject::place},
    {"patron", Value::word, Subject::place},
};

}  // namespace

std::span<const std::string_view> statements() {
  return kStatements;
}
std::span<const std::string_view> questions() {
  return kQuestions;
}
std::span<const std::string_view> answers() {
  return kAnswers;
}
std::span<const Completion> completions() {
  return kCompletions;
}
std::span<const std::string_view> refusals() {
  return kRefusals;
}
std::span<const Attribute> attributes() {
  return kAttributes;
}

}  // namespace focusllm::data
