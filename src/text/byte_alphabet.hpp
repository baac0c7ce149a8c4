#pragma once

#include <string>
#include <string_view>

namespace reranker::text {

/// Appends the bytes that `text` spells in the alphabet of byte-level BPE, where each byte is a
/// printable character (GPT-2, encoder.py, bytes_to_unicode). Gives back false, with `bytes` as
/// it was, if a character is not of the alphabet.
bool append_spelled_bytes(std::string_view text, std::string& bytes);

}  // namespace reranker::text
