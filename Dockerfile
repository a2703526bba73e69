# Stage one installs what requirements.txt names; its pip and caches stay behind.
FROM python:3.11-slim-bookworm AS build
WORKDIR /app
COPY requirements.txt .
RUN python -m venv --without-pip /venv && \
    pip --python /venv/bin/python install --no-cache-dir --require-hashes -r requirements.txt

FROM python:3.11-slim-bookworm
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    DATABASE_URL=sqlite:////data/db.sqlite3 \
    ARTIFACTS_DIR=/data/artifacts \
    MPLCONFIGDIR=/data/.matplotlib
WORKDIR /app
COPY --from=build /venv /venv
COPY . .
# Everything that outlives a container stands in /data, the key that signs cookies too.
# The code belongs to root: the server, a user without a name, can read it and cannot change it.
RUN SECRET_KEY=none python manage.py collectstatic --no-input --verbosity 0 && \
    ln -s /data/.secret_key .secret_key && \
    install --directory --owner=10001 --group=10001 /data
USER 10001:10001
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --start-interval=1s \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["python", "-m", "digitsite.serve", "--bind", "0.0.0.0:8000", "--worker-tmp-dir", "/dev/shm"]
