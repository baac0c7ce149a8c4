#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace reranker {
inline namespace v4 {

/// A view of several texts, made without a copy from what a caller has at hand:
/// vectors of string or string_view, a braced list, or one buffer with offsets.
///
/// Owns nothing: what it was made from must outlive it. Meant as a parameter;
/// a braced list lives until the end of the call's full expression.
class Texts {
 public:
  Texts() = default;
  Texts(const std::vector<std::string>& texts)
      : data_(texts.data()), size_(texts.size()), at_(&string_at) {}
  Texts(const std::vector<std::string_view>& texts)
      : data_(texts.data()), size_(texts.size()), at_(&view_at) {}
  Texts(std::initializer_list<std::string_view> texts)
      : data_(texts.begin()), size_(texts.size()), at_(&view_at) {}

  /// Text i is bytes[offsets[i], offsets[i + 1]): the layout of a string column
  /// in Apache Arrow. `offsets` holds size + 1 numbers, none
  /// less than the one before, which is not checked.
  Texts(const char* bytes, const std::int32_t* offsets, std::size_t size)
      : data_(bytes), offsets_(offsets), size_(size), at_(&column_at<std::int32_t>) {}
  Texts(const char* bytes, const std::int64_t* offsets, std::size_t size)
      : data_(bytes), offsets_(offsets), size_(size), at_(&column_at<std::int64_t>) {}

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  /// Text `i`; i < size().
  std::string_view operator[](std::size_t i) const { return at_(*this, i); }

 private:
  using At = std::string_view (*)(const Texts&, std::size_t);

  static std::string_view string_at(const Texts& texts, std::size_t i) {
    return static_cast<const std::string*>(texts.data_)[i];
  }
  static std::string_view view_at(const Texts& texts, std::size_t i) {
    return static_cast<const std::string_view*>(texts.data_)[i];
  }
  template <typename Offset>
  static std::string_view column_at(const Texts& texts, std::size_t i) {
    const auto* offsets = static_cast<const Offset*>(texts.offsets_) + i;
    return {static_cast<const char*>(texts.data_) + offsets[0],
            static_cast<std::size_t>(offsets[1] - offsets[0])};
  }

  const void* data_ = nullptr;
  const void* offsets_ = nullptr;
  std::size_t size_ = 0;
  At at_ = nullptr;
};

}  // namespace v4
}  // namespace reranker
