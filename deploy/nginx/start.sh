#!/bin/sh
# Fills nginx.conf.template from the environment and starts nginx. `deploy/run.py` does the same on a developer's machine.
set -eu
mkdir -p "$NGINX_RUNTIME"
# Only our placeholders: nginx has $variables too.
envsubst '${NGINX_RUNTIME} ${NGINX_LISTEN} ${NGINX_GATEWAY} ${NGINX_PAGES} ${NGINX_BODY_LIMIT}' \
    < "$(dirname "$0")/nginx.conf.template" > "$NGINX_RUNTIME/nginx.conf"
exec nginx -e stderr -p "$NGINX_RUNTIME" -c "$NGINX_RUNTIME/nginx.conf"
