# syntax=docker/dockerfile:1

# Build: the packages of uv.lock, then the sources, then the static files.
FROM python:3.11-slim-trixie AS build
ENV UV_PROJECT_ENVIRONMENT=/opt/venv \
    UV_COMPILE_BYTECODE=1 \
    UV_LINK_MODE=copy \
    UV_PYTHON_DOWNLOADS=never
RUN pip install --no-cache-dir uv==0.13.8
WORKDIR /app
# Before the sources, so that this layer survives every edit that does not touch the dependencies.
COPY pyproject.toml uv.lock ./
RUN --mount=type=cache,target=/root/.cache/uv \
    uv sync --locked --no-dev --extra production --no-install-project
COPY . .
# A key for these two commands alone: it is no setting of the image.
RUN export SECRET_KEY="$(python -c 'import secrets; print(secrets.token_urlsafe(50))')" \
    && /opt/venv/bin/python -m compileall -q chat config manage.py \
    && /opt/venv/bin/python manage.py collectstatic --no-input --verbosity 0

# Run: the same base without uv, compilers or caches. pg_dump is for `manage.py backup`, and must not be older
# than the database server: Debian trixie has PostgreSQL 17, as compose.yaml does.
FROM python:3.11-slim-trixie
RUN apt-get update \
    && apt-get install --yes --no-install-recommends postgresql-client \
    && rm -rf /var/lib/apt/lists/*
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    DATA_DIR=/data \
    LOG_FORMAT=json
RUN mkdir /data && chown 10001:10001 /data
COPY --from=build /opt/venv /opt/venv
COPY --from=build /app /app
WORKDIR /app
USER 10001:10001
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
# Whether it lives, not whether it is ready: a server that drains must not be ended for it.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \
    CMD python -c "import os, urllib.request as u; u.urlopen('http://127.0.0.1:%s/healthz' % os.environ.get('PORT', 8000), timeout=4)"
# `docker run … parley create_organization …` runs any other command of manage.py.
ENTRYPOINT ["sh", "-c", "if [ \"$MIGRATE_ON_START\" = true ]; then python -m config.first_run database || exit; fi; exec python manage.py \"$@\"", "parley"]
CMD ["serve", "--host", "0.0.0.0"]
