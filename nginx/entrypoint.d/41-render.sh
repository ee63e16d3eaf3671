#!/bin/sh
# Renders the templates into conf.d, anew at every start. Leaves the upstream file and the maintenance switch alone.
set -eu
fail() { printf 'error: %s\n hint: %s\n' "$1" "$2" >&2; exit 1; }
[ -w /etc/nginx/conf.d ] || fail "Cannot write to /etc/nginx/conf.d as user $(id -u)." "The volume nginx_conf belongs there, and to user 101: chown -R 101:101"
case $(printf %s "$USE_TLS" | tr '[:upper:]' '[:lower:]') in
  true | 1 | yes | on) server=tls ;;
  false | 0 | no | off) server=plain ;;
  *) fail "USE_TLS is \"$USE_TLS\", which is neither true nor false." "Set USE_TLS=true or USE_TLS=false." ;;
esac
# shellcheck source=nginx/values.sh
. /usr/local/lib/nginx-values.sh
rm -f /etc/nginx/conf.d/*.conf /etc/nginx/conf.d/locations.inc /etc/nginx/conf.d/bucket*.inc
# shellcheck disable=SC2086 # several names, or none
for name in settings.conf locations.inc $server.conf $BUCKET_FILES; do
  envsubst "$(env | sed -n 's/^\([A-Z_0-9]*\)=.*/${\1}/p')" <"/etc/nginx/templates.d/$name.template" >"/etc/nginx/conf.d/$name"
done
