#!/bin/bash
# The studies that are listed in a file (what `wadokit search --json` printed), by a job array of Slurm:
#
#   wadokit -p clinic search --modality CT --since 2026 --json > found.jsonl
#   sbatch slurm-get.sh clinic found.jsonl /data/studies
#
# Whole series go to one task each, by UID. Each task has a folder of its own, as runs of get at the same time
# need: /data/studies/1 and so on.
#SBATCH --job-name=get
#SBATCH --array=1-8
#SBATCH --output=get-%A-%a.log
set -eu

exec wadokit --profile "$1" get --by series --shard "$SLURM_ARRAY_TASK_ID/${PARTS:-8}" \
    --output "$3/$SLURM_ARRAY_TASK_ID" "$2"
