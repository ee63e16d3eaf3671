#!/bin/sh
# Sourced by 41-render.sh and those after it: what templates need and no variable says in the form they need. Exports variables, does nothing else.
# shellcheck disable=SC2153 # SERVER_NAME is the environment's
export SERVER_NAMES="$SERVER_NAME" STATIC_PATH="/${STATIC_URL#/}" MEDIA_PATH="/${MEDIA_URL#/}" ADMIN_PATH="/${ADMIN_URL#/}"
export STATIC_FOLDER="${STATIC_ROOT%/}" MEDIA_FOLDER="${MEDIA_ROOT%/}" HTTPS_PORT_SUFFIX=":$HTTPS_PORT" HSTS='' ALT_SVC='' SHARED_KIND=plain
ACCEL_PATH=${MEDIA_ACCEL_LOCATION:-protected-media/}
export ACCEL_PATH="/${ACCEL_PATH#/}"
case ${TLS_MODE:-files} in
  selfsigned) export TLS_CERT_PATH=/etc/nginx/conf.d/selfsigned/fullchain.pem TLS_KEY_PATH=/etc/nginx/conf.d/selfsigned/privkey.pem ;;
  acme) export TLS_CERT_PATH=/etc/nginx/conf.d/acme/current/fullchain.pem TLS_KEY_PATH=/etc/nginx/conf.d/acme/current/privkey.pem ;;
esac
[ "$SERVER_NAME" != localhost ] || SERVER_NAMES='localhost 127.0.0.1 [::1]'
[ "$HTTPS_PORT" != 443 ] || HTTPS_PORT_SUFFIX=''
[ "$SECURE_HSTS_SECONDS" = 0 ] || HSTS="max-age=$SECURE_HSTS_SECONDS; includeSubDomains" # as Django says it
# What a template's line begins with that not every machine or image can have.
export IPV6='# no IPv6 here: ' HTTP3='# no HTTP/3 in this nginx: '
[ ! -s /proc/net/if_inet6 ] || IPV6=''
case $(nginx -V 2>&1) in *--with-http_v3_module*) HTTP3='' ALT_SVC="h3=\":$HTTPS_PORT\"; ma=86400" ;; esac
# The bucket of media, where there is one: whom to connect to, its name for TLS, and as the signed request has it. As
# config/media/address.py reads it.
export BUCKET='# no bucket: ' BUCKET_FILES=''
case ${MEDIA_STORAGE_URL:-} in
  s3://*)
    bucket=${MEDIA_STORAGE_URL#s3://} bucket=${bucket%%[/?]*}
    region=$(printf %s "$MEDIA_STORAGE_URL" | sed -n 's/.*[?&]region=\([^&]*\).*/\1/p')
    endpoint=$(printf %s "$MEDIA_STORAGE_URL" | sed -n 's/.*[?&]endpoint=\([^&]*\).*/\1/p')
    endpoint=${endpoint:-https://$bucket.s3.$region.amazonaws.com}
    export BUCKET='' BUCKET_FILES='bucket.conf bucket_request.inc bucket.inc'
    export BUCKET_SCHEME="${endpoint%%://*}" BUCKET_HOST="${endpoint#*://}" BUCKET_NAME="${endpoint#*://}"
    BUCKET_NAME=${BUCKET_NAME%%:*}
    case $BUCKET_HOST in *:*) BUCKET_SERVER=$BUCKET_HOST ;; *) BUCKET_SERVER=$BUCKET_HOST:443 ;; esac
    [ "$BUCKET_SCHEME:$BUCKET_SERVER" != "http:$BUCKET_HOST:443" ] || BUCKET_SERVER=$BUCKET_HOST:80
    export BUCKET_SERVER
    ;;
esac
