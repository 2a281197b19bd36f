#!/bin/sh
# Reports every job that has ended, as Slurm's controller saw it: EpilogSlurmctld=/etc/slurm/epilog.sh in slurm.conf.
#
# It runs after each job, as the user of the controller, on the controller. Jobs whose scripts are wrapped report themselves:
# this is for those that are not, or that end without a chance to do so. It needs a WebAssembly runtime and
# dogwrap-report.wasm; DD_API_KEY and DD_SITE are set in the environment of slurmctld.
set -u
component=${DOGWRAP_REPORT:-/usr/local/lib/dogwrap/dogwrap-report.wasm}
state=${DOGWRAP_STATE:-/var/lib/dogwrap}

# The exit status of the job, a colon, and the signal that ended it, or 0.
if [ "${SLURM_JOB_EXIT_CODE2##*:}" -ne 0 ]; then
    set -- --signal "${SLURM_JOB_EXIT_CODE2##*:}"
else
    set -- --exit_code "${SLURM_JOB_EXIT_CODE2%%:*}"
fi
exec wasmtime run -S http --env DD_API_KEY --env DD_SITE --dir "$state" "$component" \
    "$@" --name "$SLURM_JOB_NAME" --host "$SLURM_JOB_NODELIST" --spool_dir "$state" \
    --tags "slurm_job:$SLURM_JOB_ID,slurm_user:$SLURM_JOB_USER" -- "job $SLURM_JOB_ID of $SLURM_JOB_USER"
