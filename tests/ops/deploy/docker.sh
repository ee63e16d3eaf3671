#!/bin/sh
# Stands for Docker on a host: says what runs, starts, stops, switches. What it knows is files in the folder `docker` beside its own.
# At the first command that has the words in `hold` it waits until `release` is there, and makes `passed` in the end. A service that is
# named in `crashing` with its number, such as web_green-2, starts again and again.
set -eu
cd "$(dirname "$0")/../docker"
line="$*"
hold=$(cat hold)
case "$line" in
  *"$hold"*)
    if [ ! -e held ]; then
      trap '' PIPE # who asked may be gone
      trap 'touch passed' EXIT
      touch held
      while [ ! -e release ] && [ -e hold ]; do sleep 0.02; done # no longer than the test's folder is there
    fi
    ;;
esac
for last in "$@"; do :; done

image_of() { # Compose reads the env file at every start
  case "$1" in web_*) name="WEB_$(printf %s "${1#web_}" | tr '[:lower:]' '[:upper:]')_IMAGE" ;; *) name=APPLICATION_IMAGE ;; esac
  sed -n "s/^$name=//p" ../site/.env
}

numbered() { # the containers of a service, each of which has its name for an id
  name=WEB_REPLICAS
  [ "$1" != worker ] || name=WORKER_REPLICAS
  number=$(sed -n "s/^$name=//p" ../site/.env)
  case "$1" in web_* | worker) seq -f "$1-%g" "${number:-1}" ;; *) echo "$1-1" ;; esac
}

inspected() {
  state='"Status": "running", "ExitCode": 0, "Health": {"Status": "healthy"}' restarts=0
  if grep -qsx "$1" crashing; then
    echo again >>"restarts.$1"
    state='"Status": "restarting", "ExitCode": 1' restarts=$(wc -l <"restarts.$1")
  fi
  echo "{\"name\": \"/site-$1\", \"service\": \"${1%-*}\", \"one_off\": \"False\", \"restarts\": $restarts, \"state\": {$state}}"
}

case "$line" in
  "version "*) echo 29.0.0 ;;
  "compose version "*) echo 2.40.0 ;;
  *"ps --services "*) ls running ;;
  *"cat /etc/nginx/conf.d/upstream.inc") cat upstream ;;
  *switch-upstream*) echo "server $last resolve" >upstream.new; mv upstream.new upstream ;;
  *" up -d "*) for word in "$@"; do case "$word" in
      web_blue | web_green | worker | scheduler | db | redis | nginx) image_of "$word" >"running/$word" ;;
    esac; done ;;
  *" ps --all -q "*) while [ "$1" != -q ]; do shift; done; shift; for service in "$@"; do numbered "$service"; done ;;
  "inspect --format "*) shift 3; for container in "$@"; do inspected "$container"; done ;;
  *" logs "*) echo "no module named nowhere" ;;
  *" stop "*) rm -f "running/$last" ;;
  *"--entrypoint sh db"*) echo 1 ;;
  *migrate_once*) echo '{"pending": [], "heads": ["gallery.0001_initial"], "dangers": [], "refused": []}' ;;
  *config.environment*) echo '{"problems": []}' ;;
  "back up" | *"python3 -m ops.backup"*) echo '{"id": "20260101T030000Z"}' ;;
  "image inspect "*) [ -e "images/$last" ] ;;
  "image ls "*) for path in images/*; do echo "${path##*:}"; done ;;
  "image rm "*) rm "images/$last" ;;
  "build "*) while [ "$1" != --tag ]; do shift; done; touch "images/$2" ;;
esac
