# syntax=docker/dockerfile:1

# The libraries, from the lock file alone: this layer changes only when the lock file does.
FROM python:3.12-slim AS libraries
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/venv
COPY requirements/run.txt /tmp/run.txt
RUN /opt/venv/bin/pip install --require-hashes --requirement /tmp/run.txt

FROM python:3.12-slim
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONPATH=/app \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    SYNC_HTTP_HOST=0.0.0.0
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin sync
WORKDIR /app
COPY --from=libraries /opt/venv /opt/venv
COPY domain domain
COPY adapters adapters
COPY entrypoints entrypoints
COPY config config
COPY pyproject.toml ./
USER 10001
EXPOSE 9090
# Exec form: the process is PID 1 itself and gets SIGTERM; it finishes its pages within
# SYNC_SHUTDOWN_GRACE (25 s), so give it a little more than that before it is killed.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen('http://127.0.0.1:' + os.environ.get('SYNC_HTTP_PORT', '9090') + '/healthz', timeout=4)"]
ENTRYPOINT ["python", "-m", "entrypoints"]
CMD ["worker"]
