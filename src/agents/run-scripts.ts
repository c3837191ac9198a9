/**
 * The fixed POSIX sh scripts behind run-directory.ts. `$1` is always the directory of all runs (empty: below the home of
 * the account), further arguments are names and numbers that were checked; what people typed arrives as base64 on stdin.
 * They use what EL 8-10, Fedora and Debian have everywhere: sh, coreutils, findutils, setsid and flock of util-linux.
 *
 * A run's directory is put in place complete, by one rename, and then holds
 * - `work/` its working directory, with nothing but the files it was given; `words/` its command, one file per word
 * - `seconds` its time limit, `lock` the name of the lock that it takes (may be empty)
 * - `started/` made by the one process that may work it, `pid` "pid start-time boot-id" of that process
 * - `began` seconds since boot, `output` what it printed, `end` "how status", `cancelled` once that was asked for
 */

/** Bytes of output that a run may leave on the host; the rest of it is dropped. */
export const maxOutputOnHost = 64 * 1024 * 1024

const prelude = `
set -eu
umask 077
LC_ALL=C; export LC_ALL
base=\${1:-\${HOME:?is not set}/.qnav/runs}
mkdir -p "$base"
[ -O "$base" ] || { echo "$base belongs to another user" >&2; exit 1; }
boot=$(cat /proc/sys/kernel/random/boot_id)
uptime() { read -r now rest </proc/uptime; echo "\${now%%.*}"; }

# State, parent, group, session ... start time of a process: its stat line behind the name, which may hold anything.
stat_of() { read -r line 2>/dev/null <"/proc/$1/stat" && echo "\${line##*) }"; }

# Whether the process that was written down still lives: a pid alone may be somebody else's by now.
lives() {
  read -r pid since its_boot <"$1/pid" 2>/dev/null || return 1
  [ "$its_boot" = "$boot" ] || return 1
  set -- $(stat_of "$pid") ""
  [ "\${20:-}" = "$since" ] && [ "$1" != Z ] && [ "$1" != X ]
}
`

/** Works the run whose directory is `$1`, as leader of a session of its own. */
const runScript = `
umask 077
dir=$1
mkdir "$dir/started" 2>/dev/null || exit 0
# TERM is for what it started; it stays to write down how that ended.
trap : TERM
uptime() { read -r now rest </proc/uptime; echo "\${now%%.*}"; }
read -r line <"/proc/$$/stat"
set -- \${line##*) }
echo "$$ \${20} $(cat /proc/sys/kernel/random/boot_id)" >"$dir/pid.new"
mv "$dir/pid.new" "$dir/pid"
read -r seconds <"$dir/seconds"
lock=$(cat "$dir/lock")
uptime >"$dir/began"
# By this what it started is known, also when it is gone itself.
QNAV_RUN=$dir; export QNAV_RUN

finish() {
  echo "$1 $2" >"$dir/end.new"
  mv "$dir/end.new" "$dir/end"
  exit 0
}

if [ -n "$lock" ]; then
  exec 9>>"$dir/../.lock-$lock"
  if ! flock -w "$seconds" 9; then
    [ ! -e "$dir/cancelled" ] || finish cancelled 143
    echo 'It waited for its turn until its time was over.' >"$dir/output"
    finish time-limit 124
  fi
  uptime >"$dir/began"
fi
[ ! -e "$dir/cancelled" ] || finish cancelled 143

set --
for word in "$dir"/words/*; do
  # The x keeps trailing newlines, which command substitution would drop.
  text=$(cat "$word"; printf x)
  set -- "$@" "\${text%x}"
done
cd "$dir/work" || finish exited 126
mkfifo "$dir/pipe"
# Not straight into the file: what it says must not fill the disk. dd writes each piece as it comes; its count would not
# do, because that counts pieces.
(
  trap '' TERM XFSZ
  ulimit -f ${maxOutputOnHost / 512}
  dd bs=65536 of="$dir/output"
  cat >/dev/null
  : >"$dir/drained"
) <"$dir/pipe" >/dev/null 2>&1 9>&- &
status=0
timeout -k 5 "$seconds" env -- "$@" </dev/null >"$dir/pipe" 2>&1 9>&- || status=$?
# Something that it left running may hold the pipe open.
n=0
while [ ! -e "$dir/drained" ] && [ $n -lt 100 ]; do sleep 0.02; n=$((n+1)); done
if [ $status -ne 0 ] && [ -e "$dir/cancelled" ]; then finish cancelled $status; fi
# 137 is also what it ends with when somebody else kills it.
read -r began <"$dir/began"
if [ $status -eq 124 ] || [ $status -eq 137 ] && [ $(($(uptime) - began)) -ge "$seconds" ]; then
  finish time-limit $status
fi
finish exited $status
`

/**
 * $2 name, $3 seconds, $4 lock or empty, $5 days. The rename is what happens once: the second start of a name finds the
 * directory. A start that was cut off in between is completed by the next. Removes what ended more than $5 days ago.
 */
export const startScript = `${prelude}
dir=$base/$2
if [ -d "$dir" ]; then cat >/dev/null
else
  new=$(mktemp -d "$base/.new-XXXXXXXX")
  trap 'rm -rf "$new"' EXIT
  mkdir "$new/work" "$new/words"
  n=1000
  complete=
  while read -r kind name value; do
    case $kind in
      file) printf %s "$value" | base64 -d >"$new/work/$name" ;;
      word) printf %s "$value" | base64 -d >"$new/words/$n"; n=$((n+1)) ;;
      end) complete=yes ;;
    esac
  done
  # A connection that breaks off looks like the end of the input.
  [ -n "$complete" ] || { echo 'the request was cut off' >&2; exit 1; }
  echo "$3" >"$new/seconds"
  printf %s "$4" >"$new/lock"
  : >"$new/output"
  cat >"$new/run.sh" <<'RUN'
${runScript}RUN
  mv -T "$new" "$dir" || [ -d "$dir" ]
fi
if [ ! -e "$dir/started" ]; then
  (trap '' HUP; exec setsid sh "$dir/run.sh" "$dir") </dev/null >/dev/null 2>&1 &
  # Until it stands on its own, the end of this session could end it.
  n=0
  while [ ! -e "$dir/pid" ] && [ ! -e "$dir/end" ] && [ $n -lt 100 ]; do sleep 0.02; n=$((n+1)); done
fi
find "$base" -mindepth 1 -maxdepth 1 -type d ! -name "$2" -mtime "+$5" | while read -r old; do
  if [ -e "$old/end" ] || ! lives "$old"; then rm -rf "$old"; fi
done
`

/**
 * $2 name, $3 offset, $4 bytes. First line: "missing", "unstarted", "running", "ended HOW STATUS", "rebooted", "killed",
 * "stuck"; then base64 of new output.
 */
export const lookScript = `${prelude}
dir=$base/$2
state() {
  if [ -e "$dir/end" ]; then echo "ended $(cat "$dir/end")"; return; fi
  if [ ! -e "$dir/started" ]; then echo unstarted; return; fi
  if [ ! -e "$dir/pid" ]; then
    # Just started; unless that was long ago.
    if [ -n "$(find "$dir/started" -maxdepth 0 -mmin +1)" ]; then echo killed; else echo running; fi
    return
  fi
  if lives "$dir"; then
    read -r began 2>/dev/null <"$dir/began" || began=$(uptime)
    read -r seconds <"$dir/seconds"
    # Neither TERM nor KILL ended it: it hangs in the kernel.
    if [ $(($(uptime) - began)) -gt $((seconds + 60)) ]; then echo stuck; else echo running; fi
    return
  fi
  if [ -e "$dir/end" ]; then echo "ended $(cat "$dir/end")"; return; fi
  read -r pid since its_boot <"$dir/pid"
  if [ "$its_boot" != "$boot" ]; then echo rebooted
  elif [ -e "$dir/cancelled" ]; then echo "ended cancelled 137"
  else echo killed
  fi
}
if [ ! -d "$dir" ]; then echo missing; exit 0; fi
state
tail -c "+$(($3+1))" "$dir/output" 2>/dev/null | head -c "$4" | base64
`

/**
 * $2 name. The run leads a session of its own, which everything it starts belongs to; process groups would not do,
 * because timeout(1) makes one of its own. Also ends what an ended run left running. Fails when something survives even
 * KILL.
 */
export const cancelScript = `${prelude}
dir=$base/$2
[ -d "$dir" ] || exit 0
if [ ! -e "$dir/end" ]; then
  : >"$dir/cancelled"
  # Not started yet: taken out of the hands of whoever would start it.
  if mkdir "$dir/started" 2>/dev/null; then echo "cancelled 143" >"$dir/end"; exit 0; fi
  n=0
  while [ ! -e "$dir/pid" ] && [ $n -lt 100 ]; do sleep 0.02; n=$((n+1)); done
fi
[ -e "$dir/pid" ] || exit 0
read -r leader since its_boot <"$dir/pid"
[ "$its_boot" = "$boot" ] || exit 0
# While a member lives, its session's number is given to no other process. Without its leader it may have been given away
# before; then a process has to carry the name of the run to be taken for a member.
sure=
if lives "$dir"; then sure=yes; fi
members() {
  for stat in /proc/[0-9]*; do
    pid=\${stat#/proc/}
    [ "$pid" != "$leader" ] || continue
    set -- $(stat_of "$pid") ""
    [ "\${4:-}" = "$leader" ] && [ "$1" != Z ] && [ "$1" != X ] || continue
    if [ -n "$sure" ] || tr '\\0' '\\n' 2>/dev/null <"/proc/$pid/environ" | grep -qxF "QNAV_RUN=$dir"; then
      echo "$pid"
    fi
  done
}
for pid in $(members); do kill -TERM "$pid" 2>/dev/null || :; done
n=0
while [ $n -lt 50 ] && { [ -n "$(members)" ] || lives "$dir"; }; do sleep 0.1; n=$((n+1)); done
for pid in $(members); do kill -KILL "$pid" 2>/dev/null || :; done
n=0
while [ $n -lt 20 ] && lives "$dir"; do sleep 0.1; n=$((n+1)); done
if lives "$dir"; then kill -KILL "$leader" 2>/dev/null || :; fi
n=0
while [ $n -lt 20 ] && [ -n "$(members)" ]; do sleep 0.1; n=$((n+1)); done
if [ -n "$(members)" ]; then echo "processes of the run survive: $(members | tr '\\n' ' ')" >&2; exit 1; fi
`

/** $2 days. Removes what ended longer ago than that. */
export const cleanScript = `${prelude}
find "$base" -mindepth 1 -maxdepth 1 -type d -mtime "+$2" | while read -r old; do
  if [ -e "$old/end" ] || ! lives "$old"; then rm -rf "$old"; fi
done
`
