# For the scripts beside this one, to source.
# shellcheck shell=bash

# A relative folder of the user's is from where they stood before the script's `cd`.
for folder in LibTorch_ROOT RERANKER_SIMDJSON; do
  [[ -z ${!folder:-} ]] || export "$folder=$(cd "$OLDPWD" && realpath --no-symlinks --canonicalize-missing "${!folder}")"
done

# The presets of CMakePresets.json.
is_preset() { [[ $1 =~ ^(release|dev|asan|tsan)$ ]]; }

# usage: what a script's first comment says, for arguments that it does not know.
usage() {
  sed -n '2,/^[^#]/ s/^#[[:space:]]\{0,1\}//p' "scripts/$(basename "$0")" >&2
  exit 2
}

# step WORDS COMMAND...: runs the command and says one line. Its output goes to a log, which is
# shown where the command fails, and the script ends. A function ends at its first failure.
step() {
  local words=$1 log status begin=$SECONDS
  shift
  log=$(mktemp)
  printf '%s ... ' "$words"
  set +e  # not `if`, inside which bash lets a function run on after a failure
  (set -e; "$@") >"$log" 2>&1
  status=$?
  set -e
  if ((status == 0)); then
    printf 'done (%d s)\n' $((SECONDS - begin))
    rm -f "$log"
  else
    printf 'failed\n'
    cat "$log" >&2
    printf '%s failed: %s\nThe log is kept in %s\n' "$words" "$*" "$log" >&2
    exit 1
  fi
}

# Bytes that this process may use: what is free, or what its control group leaves.
available_bytes() {
  local kib limit=max
  kib=$(awk '/^MemAvailable:/ {print $2}' /proc/meminfo)
  [[ -r /sys/fs/cgroup/memory.max ]] && limit=$(</sys/fs/cgroup/memory.max)
  if [[ $limit != max ]] && ((limit < kib * 1024)); then echo "$limit"; else echo $((kib * 1024)); fi
}

# Compilers to run at once: a processor and 1.5 GB each, which a file with LibTorch's headers takes.
num_jobs() {
  local by_memory=$(($(available_bytes) / 1500000000)) processors
  processors=$(nproc)
  if ((by_memory < 1)); then echo 1; elif ((by_memory < processors)); then echo "$by_memory"; else echo "$processors"; fi
}
