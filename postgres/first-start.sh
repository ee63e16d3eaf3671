#!/bin/sh
# Runs once, on an empty data volume: the application's own role, which is no superuser, and its database.
# The password comes from DB_PASSWORD, or from the file that DB_PASSWORD_FILE names.
set -eu
psql -v ON_ERROR_STOP=1 -q -U "${POSTGRES_USER:-postgres}" -d postgres -v password="${DB_PASSWORD:-$(cat "$DB_PASSWORD_FILE")}" <<'SQL'
CREATE ROLE slipway LOGIN PASSWORD :'password';
CREATE DATABASE slipway OWNER slipway;
\connect slipway
CREATE EXTENSION pg_stat_statements;
SQL
