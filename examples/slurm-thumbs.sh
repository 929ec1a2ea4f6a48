#!/bin/bash
# Thumbnails of all images below a folder, by a job array of Slurm:
#
#   sbatch slurm-thumbs.sh /data/studies /data/thumbs
#
# Each task makes its own part of them, by UID: they may run in any order, at the same time or one after
# another, and one that failed is run again with, say, `sbatch --array=3 slurm-thumbs.sh ...`. PARTS is the
# number of parts, also then: `PARTS=64 sbatch --array=1-64 slurm-thumbs.sh ...`.
#SBATCH --job-name=thumbs
#SBATCH --array=1-8
#SBATCH --output=thumbs-%A-%a.log
set -eu

exec wadokit thumb --per instance --jobs "${SLURM_CPUS_PER_TASK:-1}" \
    --shard "$SLURM_ARRAY_TASK_ID/${PARTS:-8}" --output "$2" "$1"
