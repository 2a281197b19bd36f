#!/bin/sh
# Reports every job that has ended, as Slurm's controller saw it: EpilogSlurmctld=/etc/slurm/epilog.sh in slurm.conf.
#
# It runs after each job, as the user of the controller, on the controller. Jobs whose scripts are wrapped report themselves:
# this is for those that are not, or that end without a chance to do so. It needs a WebAssembly runtime and
# dogwrap-report.wasm.
#
# Slurm gives it nothing but SLURM_* from the environment. The rest stands in the file dogwrap.env beside it, which the
# controller's user alone can read: DD_API_KEY=..., DD_SITE=..., and PATH where wasmtime is somewhere else.
set -u
PATH=/usr/local/bin:/usr/bin:/bin
component=/usr/local/lib/dogwrap/dogwrap-report.wasm
state=/var/lib/dogwrap
set -a
. "${0%/*}/dogwrap.env"
set +a

# The exit status of the job, a colon, and the number of the signal that ended it, or 0, which is none.
exec wasmtime run -S http --env DD_API_KEY --env DD_SITE --dir "$state" "$component" \
    --exit_code "${SLURM_JOB_EXIT_CODE2%%:*}" --signal "${SLURM_JOB_EXIT_CODE2##*:}" \
    --name "$SLURM_JOB_NAME" --host "$SLURM_JOB_NODELIST" --spool_dir "$state" \
    --tags "slurm_job:$SLURM_JOB_ID,slurm_user:$SLURM_JOB_USER" -- "job $SLURM_JOB_ID of $SLURM_JOB_USER"
