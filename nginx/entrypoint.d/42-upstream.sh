#!/bin/sh
# Names the application's service at the very first start. From then on the file is the deploy's: see switch-upstream.
set -eu
[ -s /etc/nginx/conf.d/upstream.inc ] || printf 'server %s resolve max_fails=0;\n' "$UPSTREAM" >/etc/nginx/conf.d/upstream.inc
