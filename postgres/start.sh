#!/bin/sh
# Starts PostgreSQL with settings that fit the container's memory limit (DB_MEMORY); any of them by a variable instead.
# Usage: start.sh
set -eu
limit=$(cat /sys/fs/cgroup/memory.max 2>/dev/null || cat /sys/fs/cgroup/memory/memory.limit_in_bytes)
case $limit in max | ????????????????*) limit=1073741824 ;; esac # no limit: as for 1 GiB
mb=$((limit / 1048576)) connections=$DB_MAX_CONNECTIONS
# What a slot keeps for a receiver that is away, or was given up, must not fill the disk.
set -- -c timezone=UTC -c max_slot_wal_keep_size="$DB_PITR_SLOT_LIMIT"
# Whoever receives WAL connects for replication, which pg_hba.conf as initdb makes it allows on this machine alone.
if [ "$DB_PITR" = true ]; then
  access=/var/run/postgresql/pg_hba.conf
  printf 'include %s/pg_hba.conf\nhost replication postgres all scram-sha-256\n' "$PGDATA" >$access
  set -- "$@" -c hba_file=$access -c summarize_wal=on
fi
# A quarter for the buffers, as PostgreSQL's manual has it; what sorts and hashes may use of the rest if every connection has one.
exec docker-entrypoint.sh postgres \
  -c shared_buffers="${DB_SHARED_BUFFERS:-$((mb / 4))MB}" \
  -c effective_cache_size="$((mb * 3 / 4))MB" \
  -c work_mem="${DB_WORK_MEM:-$((mb * 512 / connections > 1024 ? mb * 512 / connections : 1024))kB}" \
  -c maintenance_work_mem="$((mb / 16))MB" \
  -c max_connections="$connections" \
  -c random_page_cost=1.1 \
  -c wal_compression=on -c max_wal_size="$((mb < 4096 ? mb : 4096))MB" \
  -c shared_preload_libraries=pg_stat_statements \
  -c log_min_duration_statement="$DB_SLOW_STATEMENT_MS" -c log_line_prefix='%m [%p] %u@%d ' \
  "$@"
