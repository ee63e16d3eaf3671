#!/bin/sh
# Names the application's service at the very first start. From then on the file is the deploy's: see switch-upstream, which may have been
# broken off between its two steps.
set -eu
cd /etc/nginx/conf.d
[ ! -s upstream.next ] || mv upstream.next upstream.inc
[ -s upstream.inc ] || printf 'server %s resolve max_fails=0;\n' "$UPSTREAM" >upstream.inc
