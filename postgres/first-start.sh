#!/bin/sh
# Runs once, on an empty data volume: the application's own role, which is no superuser, and its database.
set -eu
psql -v ON_ERROR_STOP=1 -q -U "${POSTGRES_USER:-postgres}" -d postgres -v password="$DB_PASSWORD" <<'SQL'
CREATE ROLE slipway LOGIN PASSWORD :'password';
CREATE DATABASE slipway OWNER slipway;
\connect slipway
CREATE EXTENSION pg_stat_statements;
SQL
