#include "text/script.hpp"

#include "support/catch.hpp"

using reranker::text::mostly_latin;

TEST_CASE("a text is of the Latin script where half of its letters are", "[script]") {
  CHECK(mostly_latin("how do bees talk"));
  CHECK(mostly_latin("Wie tanzen Bienen über Blüten? Ñandú, Łódź, ệ"));
  CHECK(mostly_latin("ＦＵＬＬ width"));
  CHECK(mostly_latin("ab 日本"));
}

TEST_CASE("what has no letters counts as Latin", "[script]") {
  CHECK(mostly_latin(""));
  CHECK(mostly_latin("12 + 3 = 15 ★ 🐝 。"));
}

TEST_CASE("a text of other letters is not of the Latin script", "[script]") {
  CHECK_FALSE(mostly_latin("ผึ้งสื่อสารกันอย่างไร"));
  CHECK_FALSE(mostly_latin("как разговаривают пчёлы"));
  CHECK_FALSE(mostly_latin("πώς μιλούν οι μέλισσες"));
  CHECK_FALSE(mostly_latin("איך דבורים מדברות"));
  CHECK_FALSE(mostly_latin("كيف يتحدث النحل"));
  CHECK_FALSE(mostly_latin("C++ 日本"));
  CHECK_FALSE(mostly_latin("ミツバチはどう話す DNA"));
  CHECK_FALSE(mostly_latin("벌은 어떻게 말하나"));
  CHECK_FALSE(mostly_latin("मधुमक्खियाँ कैसे बात करती हैं"));
}
