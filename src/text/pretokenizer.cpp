#include "text/pretokenizer.hpp"

#include "text/decode.hpp"

namespace reranker::text {
namespace {

struct Char {
  CharClass kind;
  unsigned char bytes;
};

bool is_newline(char c) {
  return c == '\n' || c == '\r';
}

// A cursor's view of the text: the class of the character at a position. Behind the end there is
// a barrier of no bytes.
class View {
 public:
  View(const ClassTable& classes, const char* end) : classes_(classes), end_(end) {}

  Char at(const char* p) const {
    if (p >= end_) return {CharClass::barrier, 0};
    const auto byte = static_cast<unsigned char>(*p);
    if (byte < 0x80) return {classes_.ascii(byte), 1};
    const Decoded c = decode(p);
    return {classes_.of(c.code_point), c.bytes};
  }

  const char* skip(const char* p, CharClass kind) const {
    for (Char c = at(p); c.kind == kind; c = at(p)) p += c.bytes;
    return p;
  }

  const char* skip_newlines(const char* p) const {
    while (p < end_ && is_newline(*p)) ++p;
    return p;
  }

  std::string_view rest(const char* p) const { return {p, static_cast<std::size_t>(end_ - p)}; }

 private:
  const ClassTable& classes_;
  const char* end_;
};

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool one_of(char c, std::string_view set) {
  return set.find(c) != set.npos;
}

// Bytes of 's|'t|'re|'ve|'m|'ll|'d at the start of `text`, which starts with the apostrophe;
// 0 if there is none.
std::size_t contraction(std::string_view text, bool ignore_case) {
  const auto letter = [&](std::size_t i) {
    if (i >= text.size()) return '\0';
    return ignore_case ? lower(text[i]) : text[i];
  };
  if (one_of(letter(1), "stmd")) return 2;
  if (one_of(letter(1), "rv") && letter(2) == 'e') return 3;
  if (letter(1) == 'l' && letter(2) == 'l') return 3;
  // Ignoring case, U+017F (long s) is an s.
  if (ignore_case && text.substr(1, 2) == "\xC5\xBF") return 3;
  return 0;
}

struct WhiteSpace {
  const char* end;           // of the run
  const char* last;          // its last character
  const char* newlines_end;  // behind its last newline; nullptr if it has none
};

WhiteSpace white_space(const View& view, const char* p) {
  WhiteSpace run{p, p, nullptr};
  for (Char c = view.at(p); c.kind == CharClass::space; c = view.at(p)) {
    run.last = p;
    if (is_newline(*p)) run.newlines_end = p + 1;
    p += c.bytes;
  }
  run.end = p;
  return run;
}

// \s+(?!\S)|\s+ : all of the run where the text ends behind it, else all but its last character,
// else (there is only one) that character.
const char* white_space_end(const View& view, const char* begin, const WhiteSpace& run) {
  const bool at_end = view.at(run.end).kind == CharClass::barrier;
  return at_end || run.last == begin ? run.end : run.last;
}

const char* gpt2_end(const View& view, const char* p) {
  if (view.at(p).kind == CharClass::barrier) return p + view.at(p).bytes;
  if (*p == '\'') {
    if (const std::size_t bytes = contraction(view.rest(p), /*ignore_case=*/false))
      return p + bytes;
  }
  const char* word = *p == ' ' ? p + 1 : p;
  const CharClass kind = view.at(word).kind;
  if (kind != CharClass::space && kind != CharClass::barrier) return view.skip(word, kind);
  return white_space_end(view, p, white_space(view, p));
}

const char* up_to_three_numbers(const View& view, const char* p) {
  for (int i = 0; i < 3 && view.at(p).kind == CharClass::number; ++i) p += view.at(p).bytes;
  return p;
}

// The alternatives of kLlama3Regex in their order.
const char* llama3_end(const View& view, const char* p) {
  const Char first = view.at(p);
  if (*p == '\'') {
    if (const std::size_t bytes = contraction(view.rest(p), /*ignore_case=*/true)) return p + bytes;
  }
  if (first.kind == CharClass::letter) return view.skip(p + first.bytes, CharClass::letter);
  if (first.kind == CharClass::number) return up_to_three_numbers(view, p);
  const char* second = p + first.bytes;
  if (!is_newline(*p) && view.at(second).kind == CharClass::letter)
    return view.skip(second, CharClass::letter);

  const char* marks = *p == ' ' ? second : p;
  if (view.at(marks).kind == CharClass::other)
    return view.skip_newlines(view.skip(marks, CharClass::other));

  // \s*[\r\n]+ gives back what it took until it ends in a newline: the last one of the run.
  const WhiteSpace run = white_space(view, p);
  return run.newlines_end != nullptr ? run.newlines_end : white_space_end(view, p, run);
}

}  // namespace

const char* Pretokenizer::first_end(std::string_view text) const {
  const View view(classes_, text.data() + text.size());
  return pattern_ == Pattern::llama3 ? llama3_end(view, text.data()) : gpt2_end(view, text.data());
}

}  // namespace reranker::text
