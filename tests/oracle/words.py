"""Words by script, for pairs.py to compose texts of. The joiner stands between two words."""

SCRIPTS = {
    "english": (" ", "the a of bees honey dance when how river stone winter protein garden measure quietly "
                "because language doesn't they're I'll nineteen window people water electric government "
                "photosynthesis counter-example U.S. naïve e.g. library compiler threads".split()),
    "german": (" ", "die der und Straße Bienen tanzen wenn Grüße Übermut Fluß Donaudampfschifffahrt Kälte "
               "wäre höchste Mädchen Zürich daß äußerst Geschwindigkeit nicht Rathaus Öl".split()),
    "french": (" ", "les abeilles dansent l'été où ça garçon œuvre qu'il aujourd'hui naïveté forêt très "
               "hôpital d'abord être élève chœur français Noël".split()),
    "turkish_polish": (" ", "ışık İstanbul çiçek ağaç öğrenci şehir źdźbło żółw łąka pszczoły ćma "
                       "gżegżółka dziękuję İĞDIR".split()),
    "vietnamese": (" ", "tiếng Việt những con ong nhảy múa như thế nào được người nước đường phở ở "
                   "Nguyễn".split()),
    "russian": (" ", "пчёлы танцуют как почему река зима Москва правительство не было ещё съезд "
                "электричество мёд вода человек Київ їжак".split()),
    "greek": (" ", "οι μέλισσες χορεύουν πώς ποτάμι χειμώνας φιλοσοφία ὕδωρ Ἀθήνα άνθρωπος λόγος "
              "γιατί ς".split()),
    "arabic": (" ", "النحل يرقص كيف لماذا النهر الشتاء الماء الإنسان مُحَمَّد لغة ٣٤٥ كتاب؟ حكومة "
               "پنجره می‌خواهم".split()),
    "hebrew": (" ", "הדבורים רוקדות איך למה נהר חורף מים אדם שָׁלוֹם ספר ירושלים ממשלה".split()),
    "hindi": (" ", "मधुमक्खियाँ नाचती हैं कैसे क्यों नदी सर्दी पानी मनुष्य क्षेत्र ज्ञान १२३ सरकार "
              "है।".split()),
    "bengali_tamil": (" ", "মৌমাছি কীভাবে নাচে নদী শীত জল மழை தேனீக்கள் எப்படி நடனமாடும் ஆறு நீர்".split()),
    "thai": ("", "ผึ้ง เต้นรำ อย่างไร ทำไม แม่น้ำ ฤดูหนาว น้ำ มนุษย์ รัฐบาล ๑๒๓ ภาษา ที่ ได้".split()),
    "chinese": ("", "蜜蜂 如何 跳舞 为什么 河流 冬天 水 人类 政府 語言 圖書館 的 是 了 在 𠮷野 「你好」 二十三".split()),
    "japanese": ("", "ミツバチ は どう やって 踊る のか 川 冬 水 人間 政府 図書館 で した コンピューター ｶﾀｶﾅ 葛󠄀城".split()),
    "korean": (" ", "꿀벌은 어떻게 춤을 추는가 왜 강 겨울 물 사람 정부 도서관에서 언어 ㅋㅋㅋ".split()),
    "georgian_armenian": (" ", "ფუტკრები როგორ ცეკვავენ მდინარე ზამთარი մեղուները ինչպես պարում գետ ջուր".split()),
    "amharic_khmer": (" ", "ንቦች እንዴት ይጨፍራሉ ወንዝ ውሃ ឃ្មុំ រាំ យ៉ាងដូចម្តេច ទន្លេ".split()),
    "emoji": ("", ["🐝", "💃", "👩‍🚀", "🏳️‍🌈", "👍🏽", "🇫🇷", "❄️", "🧑🏿‍🤝‍🧑🏻", " ", "☕", "1️⃣", "🫠", "→", "∑", "½"]),
    "code": (" ", ["int", "main(void)", "{", "}", "return", "x_1", "+=", "0x1F;", "//", "\n    ", "\n\t\t", "if", "(a",
                   "!=", "b)", "std::vector<int>", "\"s\\n\"", "def", "f(self,", "*args):", "\n", "=>", "&&", "#include"]),
    "digits": (" ", ["0", "12", "345", "6789", "12345", "3.14159", "1,000,000", "2024-11-24", "10:30", "-7", "1e-05",
                     "٤٢", "Ⅻ", "²", "50%", "$9.99", "+49"]),
}

# Ranges of code points to draw letters from at random: text that no vocabulary has seen.
RANGES = [(0x41, 0x7A), (0xC0, 0x24F), (0x370, 0x3FF), (0x400, 0x52F), (0x5D0, 0x5EA), (0x620, 0x64A), (0x905, 0x939),
          (0xE01, 0xE2E), (0x1E00, 0x1EFF), (0x2190, 0x22FF), (0x3041, 0x30FA), (0x4E00, 0x9FA5), (0xAC00, 0xD7A3),
          (0x1D400, 0x1D7FF), (0x1F300, 0x1F64F), (0x20000, 0x2A6D6)]

# Where the tokenizer's corners are: whitespace about the separator, contractions, specials, NUL, lone marks.
ODD = [
    ("", ""),
    ("a", ""),
    ("", "b"),
    ("a ", " b"),
    ("a\n", "\nb"),
    ("how much protein should a female eat?", "46 grams\r\n\r\nper day \n \n for women.\t\t"),
    ("what's it'S I'LL it'ſ", "don't DON'T we'Ve"),
    ("tokens", "one <|eot_id|> two <|begin_of_text|><|reserved_special_token_7|>"),
    ("nul", "a\0b\0\0c"),
    ("accents", "e\u0301 \u0301\u0302 o\u0308 \u00f6 \ufeffbom \u200b \u200d \u00a0nbsp\u2003em \u2028ls \u0085nel"),
    ("!", "!!!!!!! ... --- === ((( ))) !foo zzqq"),
    ("  \n \n ", " \n \n passage:question: \n \n "),
]
