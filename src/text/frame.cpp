#include "text/frame.hpp"

#include <reranker/error.hpp>

namespace reranker::text {

Frame question_frame(const Tokenizer& tokenizer) {
  Frame frame;
  frame.ids.begin = tokenizer.prefix();
  frame.ids.end = tokenizer.suffix();
  frame.query_head = "question:";
  frame.query_tail = " \n \n passage";
  frame.passage_head = ":";
  frame.apart = tokenizer.splits_before_colon();
  return frame;
}

Frame pair_frame(const Tokenizer& tokenizer, const std::string& file) {
  if (!tokenizer.pair())
    throw Error(ErrorCode::unsupported,
                file +
                    ": post_processor has no pair template that we know, wanted special "
                    "tokens around A and then B, of token types 0 and then 0 or 1");
  Frame frame;
  frame.ids = *tokenizer.pair();
  return frame;
}

}  // namespace reranker::text
