#!/bin/sh
# Starts Redis with a configuration that fits the container's memory limit (REDIS_MEMORY). The password goes into a file: on the
# command line every process could read it. It comes from REDIS_PASSWORD, or from the file that REDIS_PASSWORD_FILE names.
# Usage: start.sh
set -eu
limit=$(cat /sys/fs/cgroup/memory.max 2>/dev/null || cat /sys/fs/cgroup/memory/memory.limit_in_bytes)
case $limit in max | ????????????????*) limit=268435456 ;; esac # no limit: as for 256 MiB
password=${REDIS_PASSWORD:-$(cat "$REDIS_PASSWORD_FILE")}
umask 077
# A quarter stays for buffers, and for the copy while the file of appended commands is rewritten.
cat >/tmp/redis.conf <<CONF
requirepass $password
dir /data
appendonly yes
save ""
maxmemory ${REDIS_MAXMEMORY:-$((limit * 3 / 4))}
maxmemory-policy volatile-lru
CONF
exec docker-entrypoint.sh redis-server /tmp/redis.conf
