#include "engine/engine.hpp"

#include <dlfcn.h>

#include <filesystem>
#include <string>
#include <system_error>

#include <fmt/format.h>

#include <reranker/error.hpp>

namespace reranker::engine {
namespace {

std::filesystem::path own_folder() {
  Dl_info info{};
  if (::dladdr(reinterpret_cast<const void*>(&open_cpu), &info) == 0 || info.dli_fname == nullptr)
    return {};
  return std::filesystem::path(info.dli_fname).parent_path();
}

// `driver`: what the module is of no use without, or null. It is looked for first: the module
// brings libraries with it that a host without a driver would hold in vain.
const Module& open(const std::string& device, const char* driver) {
  const auto path = own_folder() / fmt::format("libreranker_{}.so", device);
  const auto unavailable = [&](const std::string& reason) {
    throw Error(ErrorCode::device_unavailable, fmt::format("{}: {}", device, reason));
  };
  std::error_code ignored;
  if (driver != nullptr && std::filesystem::exists(path, ignored) &&
      ::dlopen(driver, RTLD_LAZY | RTLD_LOCAL) == nullptr)
    unavailable(fmt::format("no driver: {}", ::dlerror()));
  // RTLD_LOCAL: none of LibTorch's symbols reach the host. Never closed: the module is nodelete.
  void* handle = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) unavailable(::dlerror());
  const auto* module = static_cast<const Module*>(::dlsym(handle, kSymbol));
  if (module == nullptr) unavailable(fmt::format("{}: exports no {}", path.string(), kSymbol));
  if (module->abi != kAbi)
    unavailable(fmt::format("{}: ABI {} found, {} wanted: is it of another version?", path.string(),
                            module->abi, kAbi));
  return *module;
}

}  // namespace

const Module& open_cpu() {
  static const Module& module = open("cpu", nullptr);
  return module;
}

const Module& open_cuda() {
  static const Module& module = open("cuda", "libcuda.so.1");
  return module;
}

}  // namespace reranker::engine
