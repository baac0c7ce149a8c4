#include "engine/engine.hpp"

#include <dlfcn.h>

#include <filesystem>

#include <fmt/format.h>

#include <reranker/error.hpp>

namespace reranker::engine {
namespace {

constexpr const char* kCpuModule = "libreranker_cpu.so";

std::filesystem::path own_folder() {
  Dl_info info{};
  if (::dladdr(reinterpret_cast<const void*>(&open_cpu), &info) == 0 || info.dli_fname == nullptr)
    return {};
  return std::filesystem::path(info.dli_fname).parent_path();
}

[[noreturn]] void unavailable(const std::string& path, const std::string& reason) {
  throw Error(ErrorCode::device_unavailable, fmt::format("cpu: {}: {}", path, reason));
}

const Module& open(const std::filesystem::path& path) {
  // RTLD_LOCAL: none of LibTorch's symbols reach the host. Never closed: the module is nodelete.
  void* handle = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) unavailable(path.string(), ::dlerror());
  const auto* module = static_cast<const Module*>(::dlsym(handle, kSymbol));
  if (module == nullptr) unavailable(path.string(), fmt::format("exports no {}", kSymbol));
  if (module->abi != kAbi)
    unavailable(path.string(), fmt::format("ABI {} found, {} wanted: is it of another version?",
                                           module->abi, kAbi));
  return *module;
}

}  // namespace

const Module& open_cpu() {
  static const Module& module = open(own_folder() / kCpuModule);
  return module;
}

}  // namespace reranker::engine
