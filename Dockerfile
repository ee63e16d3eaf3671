# The application image: web server, worker and scheduler are the same image with another command.
ARG PYTHON_IMAGE=python:3.14-slim

FROM ${PYTHON_IMAGE} AS dependencies
# hadolint ignore=DL3008 # the base image decides the version: tini is an init of 30 KB whose interface has not changed in years
RUN apt-get update -qq \
 && apt-get install -yqq --no-install-recommends tini \
 && rm -rf /var/lib/apt/lists/* \
 && python -m venv --without-pip /opt/venv
COPY requirements/prod.txt /tmp/prod.txt
# Compiled once, here: the running container may not write. Packages' own tests (30 MB), the sources of translations (9 MB)
# and what a type checker reads, a compiler that autobahn brings (4 MB), Twisted's servers of mail and ssh (3 MB), and what
# boto3 and botocore know of Amazon's other services (28 MB) are of no use there.
RUN --mount=type=cache,target=/root/.cache/pip \
    python -m pip --python /opt/venv/bin/python install --quiet --disable-pip-version-check \
      --no-deps --require-hashes --compile -r /tmp/prod.txt \
 && find /opt/venv/lib -type d \( -name tests -o -name sboms -o -path '*/twisted/test' -o -path '*/twisted/*/test' \
      -o -path '*/autobahn/test' -o -path '*/autobahn/*/test' -o -path '*/autobahn/_flatc' \
      -o -path '*/twisted/conch' -o -path '*/twisted/mail' \) -prune -exec rm -r {} + \
 && find /opt/venv/lib \( -path '*/botocore/data/*' -o -path '*/boto3/data/*' \) -prune -type d ! -name s3 -exec rm -r {} + \
 && find /opt/venv/lib -type f -regex '.*\.\(po\|pyi\|pyx\|pxd\|proto\)' -delete

FROM ${PYTHON_IMAGE}
# ENV_FILE= none: Compose has read the .env, and gives each container its share. Mounted code brings the file along.
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    TMPDIR=/srv/uploads \
    ENV_FILE=
RUN groupadd --gid 10001 slipway \
 && useradd --uid 10001 --gid slipway --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin slipway \
 && install -d -o slipway -g slipway /srv/static /srv/media /srv/uploads
COPY --from=dependencies /usr/bin/tini /usr/bin/tini
COPY --from=dependencies /opt/venv /opt/venv
WORKDIR /app
COPY . .
# Root's and not the application's: who breaks into the application can't change its code.
RUN python -m compileall -q -j 0 --invalidation-mode unchecked-hash api apps config manage.py
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --start-interval=1s --retries=3 \
  CMD ["python", "-m", "apps.health.probe"]
ENTRYPOINT ["tini", "--", "/app/entrypoint.sh"]
CMD ["python", "-m", "config.serve", "-b", "0.0.0.0", "-p", "8000"]
ARG VERSION=development
ARG COMMIT=unknown
LABEL org.opencontainers.image.title="Slipway" \
      org.opencontainers.image.description="A Django GraphQL API" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${COMMIT}"
