#!/usr/bin/env bash
# Installs what the build needs and this machine lacks: Debian packages (as root, or with sudo; else it
# says which are missing), and from PyPI into .deps/ the part of LibTorch that the CPU engine needs, and
# simdjson. Changes nothing else.
#
#   scripts/setup.sh [--tests]     --tests: what only tests need as well, a CUDA compiler
#
# LibTorch_ROOT: a LibTorch of your own, the folder that holds include/ and lib/.
# RERANKER_SIMDJSON: a simdjson of your own, the folder of simdjson.h and simdjson.cpp.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/steps.sh

packages=(
  g++ cmake ninja-build ccache python3 python3-pip python3-venv
  catch2 libcli11-dev libeigen3-dev libfmt-dev libxxhash-dev zlib1g-dev
)

# The wheel is a LibTorch. Its CPU library needs these two of the dozen packages that it asks for,
# in the versions of cuda-toolkit 13.0.2, which its metadata pins.
wheels=(torch==2.11.0 nvidia-cuda-cupti==13.0.85 nvidia-cuda-runtime==13.0.96)

missing_packages() {
  local state package
  for package in "${packages[@]}"; do
    state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    [[ $state == installed ]] || echo "$package"
  done
}

as_root=()
((EUID == 0)) || as_root=(sudo)

install_packages() {
  "${as_root[@]}" apt-get update
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y --no-install-recommends "$@"
}

setup_packages() {
  if ! command -v dpkg-query >/dev/null; then
    printf 'Not a Debian: these packages, or what they are called here, are needed: %s\n' "${packages[*]}"
    return
  fi
  local missing
  mapfile -t missing < <(missing_packages)
  ((${#missing[@]} > 0)) || return 0
  if "${as_root[@]}" true 2>/dev/null; then
    step "Debian packages: ${missing[*]}" install_packages "${missing[@]}"
  else
    printf 'Debian packages are missing. Whoever may install them: apt-get install --no-install-recommends %s\n' "${missing[*]}"
  fi
}

# Libraries that are missing are named by CMake.
check_commands() {
  local name
  for name in cmake ninja g++ python3; do
    command -v "$name" >/dev/null || { echo "$name is not on the PATH, and the build needs it" >&2; return 1; }
  done
}

# Links LibTorch as the engine does and starts the program: every library that it needs is there.
check_libtorch() {
  local lib=$1/torch/lib folder
  folder=$(mktemp -d)
  echo 'int main() {}' >"$folder/main.cpp"
  g++ "$folder/main.cpp" -o "$folder/main" -L"$lib" -Wl,-rpath,"$lib" -Wl,--no-as-needed -ltorch_cpu -lc10
  "$folder/main"
  rm -r "$folder"
}

install_libtorch() {
  rm -rf .deps/python.new
  python3 -m pip install --target .deps/python.new --no-deps --no-compile "${wheels[@]}"
  # CUDA kernels and Python bindings: 0.9 GB that the CPU engine never opens.
  rm -f .deps/python.new/torch/lib/lib{torch_cuda,torch_python,torch_nvshmem,c10_cuda,torch.so}*
  check_libtorch "$PWD/.deps/python.new"
  echo "${wheels[*]}" >.deps/python.new/stamp
  ln -sfn python/torch .deps/torch  # first: the stamp says that all is there
  rm -rf .deps/python
  mv .deps/python.new .deps/python
}

setup_libtorch() {
  if [[ -n ${LibTorch_ROOT:-} ]]; then
    [[ -e $LibTorch_ROOT/lib/libtorch_cpu.so ]] && return
    echo "LibTorch_ROOT is $LibTorch_ROOT, which has no lib/libtorch_cpu.so; the folder that holds LibTorch's include/ and lib/ is wanted" >&2
    return 1
  fi
  [[ $(cat .deps/python/stamp 2>/dev/null) == "${wheels[*]}" ]] && return
  mkdir -p .deps
  step 'LibTorch, a download of 0.5 GB' install_libtorch
}

# simdjson as its authors give it to whoever compiles it in, two files, out of a package that does.
simdjson=(
  pysimdjson-7.0.2/simdjson
  https://files.pythonhosted.org/packages/9c/24/65e3cad88e74ef8ca59fefded953eb78ebface8a3199c3a97fe318a7387b/pysimdjson-7.0.2.tar.gz
  44cf276e48912a3b9c7ca362c14da8420a7ac15a9f1a16ec95becff86db3904a
)

install_simdjson() {
  local folder=${simdjson[0]} url=${simdjson[1]} sha256=${simdjson[2]}
  rm -rf .deps/simdjson.new
  mkdir -p .deps/simdjson.new
  for _ in 1 2 3; do  # pip tries again, too, but cannot fetch this without building it
    python3 -c 'import socket, sys, urllib.request; socket.setdefaulttimeout(60); urllib.request.urlretrieve(*sys.argv[1:])' \
      "$url" .deps/simdjson.new/archive && break
  done
  sha256sum --check --quiet <<<"$sha256  .deps/simdjson.new/archive"
  tar --no-same-owner -xzf .deps/simdjson.new/archive -C .deps/simdjson.new --strip-components=2 "$folder"/simdjson.{h,cpp}
  rm .deps/simdjson.new/archive
  echo "$sha256" >.deps/simdjson.new/stamp
  rm -rf .deps/simdjson
  mv .deps/simdjson.new .deps/simdjson
}

setup_simdjson() {
  [[ -z ${RERANKER_SIMDJSON:-} ]] || return 0
  [[ $(cat .deps/simdjson/stamp 2>/dev/null) == "${simdjson[2]}" ]] && return
  step 'simdjson, a download of 1.4 MB' install_simdjson
}

# Compiles kernels and takes them apart again; it cannot build the CUDA engine, which wants cuBLASLt.
compiler=(
  nvidia-cuda-nvcc==13.0.88 nvidia-nvvm==13.0.88 nvidia-cuda-crt==13.0.88 nvidia-cuda-runtime==13.0.96
  nvidia-cuda-cuobjdump==13.5.37 nvidia-cuda-nvdisasm==13.5.37
)

install_cuda_compiler() {
  rm -rf .deps/cuda.new
  python3 -m pip install --target .deps/cuda.new --no-deps --no-compile "${compiler[@]}"
  echo "${compiler[*]}" >.deps/cuda.new/stamp
  rm -rf .deps/cuda
  mv .deps/cuda.new .deps/cuda
}

setup_cuda_compiler() {
  [[ $(cat .deps/cuda/stamp 2>/dev/null) == "${compiler[*]}" ]] && return
  mkdir -p .deps
  step 'A CUDA compiler for the tests, a download of 0.1 GB' install_cuda_compiler
}

[[ -z ${1:-} || $1 == --tests ]] || usage
setup_packages
check_commands
setup_libtorch
setup_simdjson
if [[ ${1:-} == --tests ]]; then setup_cuda_compiler; fi
