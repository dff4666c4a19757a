# shellcheck shell=bash disable=SC1091,SC2034
# What the scripts here share; they read it after changing to the checkout's folder.

target=${CARGO_TARGET_DIR:-target}
case $target in /*) ;; *) target=$PWD/$target ;; esac
output=$target/package
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml | head -n 1)

# Where rustup has put cargo, when no shell profile was read.
[ -f "$HOME/.cargo/env" ] && . "$HOME/.cargo/env"

# The time that is written into all that is made: the commit's, where none is given. Two builds of one
# commit are the same, byte by byte.
if [ -z "${SOURCE_DATE_EPOCH:-}" ]; then
  SOURCE_DATE_EPOCH=$(git log -1 --format=%ct 2>/dev/null) || {
    echo "${0#"$PWD/"}: without git, SOURCE_DATE_EPOCH has to say the time of the sources, in seconds since 1970" >&2
    exit 1
  }
fi
export SOURCE_DATE_EPOCH

# Installs what is missing; each word is PROGRAM:PACKAGE.
need() {
  local pair missing="" as_root=""
  for pair in "$@"; do
    command -v "${pair%%:*}" >/dev/null || missing="$missing ${pair##*:}"
  done
  [ -n "$missing" ] || return 0
  if [ "$(id -u)" != 0 ]; then
    # sudo asks for a password at the terminal; where there is none, it must not need to ask.
    as_root=sudo
    { : >/dev/tty; } 2>/dev/null || as_root="sudo -n"
    $as_root true || { echo "${0#"$PWD/"}: as root, install first:$missing" >&2; exit 1; }
  fi
  # shellcheck disable=SC2086 # words on purpose
  { $as_root apt-get update -q
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends \
      $missing; } >&2
}

# Builds the program for the target $1, as it is handed out.
build() {
  command -v cargo >/dev/null || { echo "${0#"$PWD/"}: cargo is missing: https://rustup.rs" >&2; exit 1; }
  # The folders that this computer builds in are neither anybody's business nor the same elsewhere. Of two
  # that begin alike the last counts.
  local flags
  printf -v flags -- '--remap-path-prefix=%s\x1f' "$PWD=mailca" "$target=target" "${CARGO_HOME:-$HOME/.cargo}=cargo"
  CARGO_ENCODED_RUSTFLAGS=${flags%?} cargo build --locked --profile dist --target "$1" --bin mailca >&2
}
