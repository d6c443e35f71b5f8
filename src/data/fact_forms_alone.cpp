// The sentences about facts without a subject. None is a passkey or needle test's own, nor near it.
#include "data/fact_tables.h"

namespace focusllm::data {
namespace {

constexpr std::string_view kStatementsAlone[] = {
    "^the {A} is {V}.",
    "^the {A} was {V}.",
    "^the {A}: {V}.",
    "^{A}: {V}.",
    "^{V} is the {A}.",
    "^{V}: that is the {A}.",
    "^as for the {A}, it has always been {V}.",
    "^it is well known that the {A} is {V}.",
    "^few people know it, but the {A} is {V}.",
    "^by the way, the {A} is {V}.",
    "^if anyone asks for the {A}, say {V}.",
    "^according to the register, the {A} is {V}.",
    "^the clerk wrote down {V} as the {A}.",
    "^they had agreed on the {A}: {V}.",
    "^he whispered that the {A} was {V}.",
    "^note: the {A} has been changed to {V}.",
    "^on the wall stood the {A}, {V}.",
    "^the {A} is {V}. I repeat: {V}.",
    "^the {A} is {V}, and {V} it shall stay.",
    "^{V}, once more {V}: that was the {A}.",
    "^\"The {A}?\" - \"{V}, I believe.\"",
    "^\"The {A},\" he said, \"is {V}.\"",
    "^{W}, {D}. Rain. Heard that the {A} is {V}. To bed early.",
    "^telegram: {A} stop {V} stop",
    "{A} | {V}",
    "| {N} | {A} | {V} |",
    "{N};{A};{V}",
    "{A}\t{V}",
    "{A} = {V}",
    "[{A}] {V}",
    "- {A}: {V}",
    "* {A} -> {V}",
    "<entry name=\"{A}\">{V}</entry>",
    "{\"{A}\": \"{V}\"}",
    "[{D} {T}] INFO {A} set to {V}",
    "{D} {T} update {N}: {A} := {V}",
    "Q: {A}? A: {V}.",
    "^footnote {N}: the {A} is given as {V}.",
};

constexpr std::string_view kQuestionsAlone[] = {
    "What is the {A}?",
    "What was the {A}?",
    "Tell me the {A}.",
    "Which {A} does the text give?",
    "According to the text, what is the {A}?",
    "Find the {A} in the text.",
    "Look up the {A}, please.",
    "I need the {A}.",
    "Somewhere in the text the {A} is mentioned. What is it?",
    "Do you know the {A}?",
    "Can you tell me what the {A} is?",
    "^{A}?",
    "Give the {A}.",
    "What does the text say about the {A}?",
    "Please answer from the text: what is the {A}?",
    "In all that you have read, what is the {A}?",
};

constexpr std::string_view kAnswersAlone[] = {
    "^the {A} is {V}.",
    "It is {V}.",
    "According to the text, it is {V}.",
    "According to the text, the {A} is {V}.",
    "^{V} is the {A}.",
    "The text says that the {A} is {V}.",
    "The answer is {V}.",
};

constexpr Completion kCompletionsAlone[] = {
    {"^the {A} is", "."},
    {"^the {A} was", "."},
    {"^again: the {A} is", "."},
    {"^as was said before, the {A} is", "."},
    {"{A} |", "\n"},
    {"{A}:", "\n"},
    {"{A} =", "\n"},
    {"[{A}]", "\n"},
    {"{A}\t", "\n"},
    {"lookup(\"{A}\") ->", "\n"},
    {"^she remembered the {A}:", "."},
};

constexpr std::string_view kRefusalsAlone[] = {
    "The text does not say.",
    "The text does not mention the {A}.",
    "That is not in the text.",
    "I find no {A} in the text.",
};

}  // namespace

const Forms& forms_without_subject() {
  static constexpr Forms kForms{kStatementsAlone, kQuestionsAlone, kAnswersAlone, kCompletionsAlone,
                                kRefusalsAlone};
  return kForms;
}

}  // namespace focusllm::data
