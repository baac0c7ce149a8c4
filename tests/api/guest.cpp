#include <dlfcn.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <optional>
#include <thread>

#include "api/model.hpp"
#include "support/catch.hpp"
#include "support/errors.hpp"
#include "support/float_modes.hpp"

static std::size_t count_threads() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.rfind("Threads:", 0) == 0) return std::stoul(line.substr(8));
  return 0;
}

// The system counts a thread a little longer than others wait for it.
static bool threads_become(std::size_t count) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (count_threads() != count && std::chrono::steady_clock::now() < until)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  return count_threads() == count;
}

TEST_CASE("threads end with the last model that uses them", "[guest]") {
  REQUIRE(threads_become(1));
  const std::size_t before = 1;
  {
    const auto model = load_tiny(with_threads(3));
    const auto copy = model;
    CHECK(threads_become(before + 3));
    std::promise<void> done;
    model.submit({"why", {"a"}, {}},
                 [&](reranker::Ranking, std::exception_ptr) { done.set_value(); });
    done.get_future().wait();
    CHECK(threads_become(before + 3 + 2));
  }
  CHECK(threads_become(before));
}

TEST_CASE("a loaded folder is let go: nothing of it is open or mapped", "[guest]") {
  const auto model = load_tiny();
  const std::string folder = std::filesystem::canonical(std::getenv("RERANKER_TINY_MODEL"));
  for (const auto& descriptor : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone;  // the listing's own
    CHECK(std::filesystem::read_symlink(descriptor, gone).string().find(folder) ==
          std::string::npos);
  }
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) CHECK(line.find(folder) == std::string::npos);
}

TEST_CASE("LibTorch's symbols stay out of the host's sight", "[guest]") {
  const auto model = load_tiny();
  constexpr const char* of_libtorch = "_ZN2at15get_num_threadsEv";
  void* const there = ::dlopen("libtorch_cpu.so", RTLD_LAZY | RTLD_NOLOAD);
  REQUIRE(there != nullptr);
  REQUIRE(::dlsym(there, of_libtorch) != nullptr);
  ::dlclose(there);
  CHECK(::dlsym(RTLD_DEFAULT, of_libtorch) == nullptr);
}

TEST_CASE("a caller needs no more than 128 KiB of stack", "[guest]") {
  const auto model = load_tiny();
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 128 * 1024);
  struct Work {
    const reranker::Reranker* model;
    std::size_t scores = 0;
  } work{&model};
  pthread_t thread{};
  const auto body = [](void* raw) -> void* {
    auto* own = static_cast<Work*>(raw);
    reranker::RankOptions options;
    options.overflow = reranker::Overflow::chunk;
    const auto ranking = load_tiny().rank("why", many_passages(), options);
    own->scores = own->model->score("why", many_passages()).size();
    if (ranking.hits.size() != own->scores) own->scores = 0;
    return nullptr;
  };
  REQUIRE(pthread_create(&thread, &attributes, body, &work) == 0);
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
  CHECK(work.scores == many_passages().size());
}

TEST_CASE("the host's floats stay as they were and leave scores alone", "[guest]") {
  const auto model = load_tiny();
  const auto expected = model.score("why", many_passages());
  const OddFloats odd;
  CHECK(model.score("why", many_passages()) == expected);
  CHECK(OddFloats::here());
}

TEST_CASE("the host's floats leave fused scores, probabilities and a load alone", "[guest]") {
  reranker::RankOptions options;
  for (std::size_t i = 0; i < many_passages().size(); ++i)
    options.first_stage.push_back(0.1f + 0.7f * static_cast<float>(i));
  const auto model = load_tiny();
  const auto expected = model.rank("why", many_passages(), options);
  const OddFloats odd;
  const auto upward = model.rank("why", many_passages(), options);
  const auto loaded = load_tiny().rank("why", many_passages(), options);
  REQUIRE(upward.hits.size() == expected.hits.size());
  for (std::size_t i = 0; i < expected.hits.size(); ++i) {
    CHECK(upward.hits[i].score == expected.hits[i].score);
    CHECK(upward.hits[i].probability == expected.hits[i].probability);
    CHECK(loaded.hits[i].logit == expected.hits[i].logit);
  }
}

TEST_CASE("callers on many threads get the scores that one gets", "[guest]") {
  const auto model = load_tiny();
  const auto expected = model.score("why", many_passages());
  std::vector<std::vector<float>> results(6);
  std::vector<std::thread> callers;
  for (auto& result : results)
    callers.emplace_back([&] { result = model.score("why", many_passages()); });
  for (auto& caller : callers) caller.join();
  for (const auto& result : results) CHECK(result == expected);
}

// What `in_child` gives in a forked child; -1 if the child did not come to an end.
static int exit_status_of_child(const std::function<int()>& in_child) {
  const pid_t child = ::fork();
  if (child == 0) {
    int status = 100;
    try {
      status = in_child();
    } catch (...) {
      status = 101;
    }
    ::_exit(status);
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST_CASE("a thread that is cancelled as it lets go of a Runtime's last model does so first",
          "[guest]") {
  auto model = std::make_optional(load_tiny(with_threads(1)));
  std::atomic<bool> going{false}, cancelled{false};
  std::thread last_holder([&] {
    going = true;
    while (!cancelled) std::this_thread::yield();
    model.reset();
  });
  while (!going) std::this_thread::yield();
  pthread_cancel(last_holder.native_handle());
  cancelled = true;
  last_holder.join();
  CHECK(threads_become(1));
}

TEST_CASE("a thread that is cancelled while it lets go of a model does so first", "[guest]") {
  const auto options = with_threads(1);
  const auto busy = load_tiny(options);
  auto model = std::make_optional(load_tiny(options));
  std::atomic<bool> started{false}, going{false}, release{false};
  std::thread caller([&] {  // its pass keeps the thread that models go on
    reranker::RankOptions held;
    held.progress = [&](std::size_t, std::size_t) {
      started = true;
      while (!release) std::this_thread::yield();
    };
    busy.rank("why", {"they dance"}, held);
  });
  while (!started) std::this_thread::yield();
  std::thread last_holder([&] {
    going = true;
    model.reset();
  });
  while (!going) std::this_thread::yield();
  pthread_cancel(last_holder.native_handle());
  release = true;
  caller.join();
  last_holder.join();
  CHECK(busy.score("why", {"they dance"}).size() == 1);
}

TEST_CASE("a model that is used in a forked child says so", "[guest]") {
  const auto model = load_tiny();
  const auto on_done = [](reranker::Ranking, std::exception_ptr) {};
  const std::vector<std::function<void()>> calls{[&] { model.score("why", {"a"}); },
                                                 [&] {
                                                   model.submit({"why", {"a"}, {}}, on_done);
                                                 },
                                                 [&] { model.tokenize("why", "a"); },
                                                 [&] { model.tokenize("why"); }};
  const auto in_child = [&] {
    int not_refused = static_cast<int>(calls.size());
    for (const auto& call : calls) try {
        call();
      } catch (const reranker::Error& error) {
        if (error.code() == reranker::ErrorCode::forked) --not_refused;
      }
    return not_refused;
  };
  CHECK(exit_status_of_child(in_child) == 0);
}

#ifndef __SANITIZE_THREAD__  // which cannot follow threads that a forked child starts
TEST_CASE("a forked child can load the model while its parent holds one", "[guest]") {
  const auto model = load_tiny();
  const auto expected = model.score("why", {"a"});
  CHECK(exit_status_of_child([&] { return load_tiny().score("why", {"a"}) == expected ? 0 : 1; }) ==
        0);
}
#endif

TEST_CASE("a model can be loaded again and again", "[guest]") {
  const auto first = load_tiny().score("why", {"the bee"});
  for (int i = 0; i < 5; ++i) CHECK(load_tiny().score("why", {"the bee"}) == first);
}

TEST_CASE("what is loaded is told to the log callback, in a line", "[guest]") {
  std::vector<std::string> lines;
  reranker::LoadOptions options;
  options.log = [&](reranker::LogLevel, std::string_view message) { lines.emplace_back(message); };
  (void)load_tiny(options);
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].find("parameters") != std::string::npos);
}
