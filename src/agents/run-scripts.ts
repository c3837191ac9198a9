/**
 * The fixed POSIX sh scripts behind run-directory.ts. `$1` is always the directory of all runs (empty: below the home of
 * the account), further arguments are names and numbers that were checked; what people typed arrives as base64 on stdin.
 * They use what EL 8-10, Fedora and Debian have everywhere: sh, coreutils, setsid.
 */

const prelude = `
set -eu
umask 077
base=\${1:-$HOME/.qnav/runs}
mkdir -p "$base"
`

/**
 * $2 name, $3 seconds. mkdir is the lock: the second start of a name finds the directory and does nothing. Everything is
 * prepared under another name first, so that a directory of that name is always complete.
 */
export const startScript = `${prelude}
dir=$base/$2
if [ -d "$dir" ]; then cat >/dev/null; exit 0; fi
new=$base/.new-$2-$$
rm -rf "$new"
mkdir -p "$new/work" "$new/words"
n=1000
while read -r kind name value; do
  case $kind in
    file) printf %s "$value" | base64 -d >"$new/work/$name" ;;
    word) printf %s "$value" | base64 -d >"$new/words/$n"; n=$((n+1)) ;;
  esac
done
cat /proc/sys/kernel/random/boot_id >"$new/boot" 2>/dev/null || :
: >"$new/output"
cat >"$new/run.sh" <<'RUN'
cd "$1/work" || exit 126
dir=$1
seconds=$2
set --
for word in "$dir"/words/*; do
  # The x keeps trailing newlines, which command substitution would drop.
  text=$(cat "$word"; printf x)
  set -- "$@" "\${text%x}"
done
echo $$ >"$dir/pid"
status=0
timeout -k 5 "$seconds" env "$@" </dev/null >"$dir/output" 2>&1 || status=$?
echo "$status" >"$dir/exit.new"
mv "$dir/exit.new" "$dir/exit"
RUN
if ! mv -T "$new" "$dir" 2>/dev/null; then rm -rf "$new"; exit 0; fi
setsid sh "$dir/run.sh" "$dir" "$3" </dev/null >/dev/null 2>&1 &
`

/** $2 name, $3 offset, $4 bytes. First line: "exited N", "running", "rebooted", "killed"; then base64 of new output. */
export const attachScript = `${prelude}
dir=$base/$2
if [ ! -d "$dir" ]; then echo missing; exit 0; fi
if [ -f "$dir/exit" ]; then echo "exited $(cat "$dir/exit")"
elif [ "$(cat "$dir/boot" 2>/dev/null)" != "$(cat /proc/sys/kernel/random/boot_id 2>/dev/null)" ]; then echo rebooted
elif [ ! -f "$dir/pid" ]; then
  # Just started; unless that was long ago.
  if [ -n "$(find "$dir" -maxdepth 0 -mmin +1)" ]; then echo killed; else echo running; fi
elif kill -0 "$(cat "$dir/pid")" 2>/dev/null; then echo running
elif [ -f "$dir/exit" ]; then echo "exited $(cat "$dir/exit")"
elif [ -f "$dir/cancelled" ]; then echo "exited 143"
else echo killed
fi
tail -c "+$(($3+1))" "$dir/output" | head -c "$4" | base64
`

/**
 * $2 name. The run leads a session of its own, which everything it starts belongs to; process groups would not do,
 * because timeout(1) makes one of its own.
 */
export const cancelScript = `${prelude}
dir=$base/$2
[ -f "$dir/pid" ] || exit 0
[ ! -f "$dir/exit" ] || exit 0
leader=$(cat "$dir/pid")
members() {
  for stat in /proc/[0-9]*/stat; do
    line=$(cat "$stat" 2>/dev/null) || continue
    # After the name in brackets, which may hold anything: state, parent, group, session.
    set -- \${line##*) }
    if [ "\${4:-}" = "$leader" ]; then pid=\${stat#/proc/}; echo "\${pid%/stat}"; fi
  done
}
: >"$dir/cancelled"
for pid in $(members); do kill -TERM "$pid" 2>/dev/null || :; done
n=0
while [ -n "$(members)" ] && [ $n -lt 10 ]; do sleep 0.5; n=$((n+1)); done
for pid in $(members); do kill -KILL "$pid" 2>/dev/null || :; done
`

/** $2 days. */
export const cleanScript = `${prelude}
find "$base" -mindepth 1 -maxdepth 1 -type d -mtime "+$2" -exec rm -rf {} +
`
