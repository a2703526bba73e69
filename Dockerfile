FROM python:3.13-slim-trixie
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    DATABASE_URL=sqlite:////data/db.sqlite3 \
    ARTIFACTS_DIR=/data/artifacts \
    MPLCONFIGDIR=/data/.matplotlib
WORKDIR /app
# One list, or several that are installed one after the other: "requirements-cluster.txt requirements-s3.txt".
ARG REQUIREMENTS=requirements.txt
COPY requirements.txt requirements-cluster.txt requirements-s3.txt ./
# pip keeps its downloads outside of the image. Whoever reaches the package index by a mirror gives a pip.conf:
# docker build --secret id=pip.conf,src=/etc/pip.conf
# Then what only the packages' own developers need goes, and bytecode of modules that the site may never import is not written.
RUN --mount=type=cache,target=/root/.cache/pip \
    --mount=type=secret,id=pip.conf,target=/etc/pip.conf \
    python -m venv --without-pip /venv && \
    for list in $REQUIREMENTS; do \
        pip --python /venv/bin/python install --no-compile --require-hashes -r "$list" || exit 1; \
    done && \
    find /venv -depth \( -path '*/tests' -o -path '*/sample_data' -o -path '*/redoc' -o -name '*.py[ix]' -o -name '*.pxd' \
        -o -name '*.[ch]' -o -name '*.[ch]pp' -o -name '*.po' \) -exec rm -r {} +
COPY . .
# Python keeps the bytecode of what it imports here, so that a start on a read-only root need not compile it.
# Everything that outlives a container stands in /data, the key that signs cookies too.
# The code belongs to root: the server, a user without a name, can read it and cannot change it.
RUN SECRET_KEY=none python manage.py collectstatic --no-input --verbosity 0 && \
    ln -s /data/.secret_key .secret_key && \
    install --directory --owner=10001 --group=10001 /data
USER 10001:10001
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["python", "-m", "digitsite.serve", "--bind", "0.0.0.0:8000", "--worker-tmp-dir", "/dev/shm"]
