#!/bin/sh
# Wraps a command that fails, with no account and no server, and shows what becomes of its event.
set -eu
dogwrap=$(realpath "$1")
state=$(realpath "$(dirname "$dogwrap")")/demo
rm -rf "$state"
export XDG_STATE_HOME="$state"
unset DD_API_KEY DATADOG_API_KEY DD_SITE

show() { printf '\n$ %s\n' "$1"; }

show "dogwrap -n 'nightly backup' --tags team:storage 'echo copying 3 files; echo disk full >&2; exit 3'"
status=0
"$dogwrap" -n 'nightly backup' --tags team:storage 'echo copying 3 files; echo disk full >&2; exit 3' || status=$?
echo "(the command's own status: $status)"

show "dogwrap --spool"
"$dogwrap" --spool

show "cat $state/dogwrap/spool/*.json"
cat "$state"/dogwrap/spool/*.json

cat <<END

There was no API key, so the event waits in the state directory: nothing is lost, and the job never noticed.
To deliver it, with a key of your own:

  XDG_STATE_HOME=$state DD_API_KEY=... $dogwrap --flush
END

# The demonstration holds only if the status came through.
[ "$status" -eq 3 ]
