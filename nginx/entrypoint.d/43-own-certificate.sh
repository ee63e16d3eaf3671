#!/bin/sh
# Makes a certificate of our own where TLS_MODE is selfsigned, and where it is acme and none was issued yet: for a first start.
set -eu
[ -e /etc/nginx/conf.d/tls.conf ] || exit 0
case ${TLS_MODE:-files} in
  selfsigned) own=/etc/nginx/conf.d/selfsigned ;;
  acme)
    own=/etc/nginx/conf.d/acme/own
    mkdir -p "${own%/*}"
    rm -rf "${own%/*}/refused"
    adopt-certificate --before-start || true
    [ -e "${own%/*}/current" ] || ln -sfn own "${own%/*}/current"
    [ "$(readlink "${own%/*}/current")" = own ] || exit 0
    ;;
  *) exit 0 ;;
esac
make-own-certificate "$own"
