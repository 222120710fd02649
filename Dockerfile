# babelwatch in a container:            docker build -t babelwatch .
# with sentence-transformers (6 GB):    docker build -t babelwatch:0.1.0-probes --build-arg "EXTRAS=[probes]" .
#
# It runs as user 10001 with a read-only root file system; what it writes goes to /tmp and /var/lib/babelwatch.
ARG PYTHON=3.11-slim-bookworm

FROM python:${PYTHON} AS build
ARG EXTRAS=
WORKDIR /build
COPY . .
RUN python -m pip install --no-cache-dir --quiet uv --constraint constraints.txt \
 && uv venv --quiet /opt/babelwatch \
 && uv pip install --quiet --python /opt/babelwatch --compile-bytecode --constraint constraints.txt ".${EXTRAS}" \
 && install -d -o 10001 -g 10001 -m 0700 /var/lib/babelwatch

FROM python:${PYTHON}
LABEL org.opencontainers.image.title="babelwatch" \
      org.opencontainers.image.description="Knows, before any user complains, that retrieval broke in one language" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /opt/babelwatch /opt/babelwatch
COPY --from=build --chown=10001:10001 /var/lib/babelwatch /var/lib/babelwatch
ENV PATH=/opt/babelwatch/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    TMPDIR=/tmp \
    BABELWATCH_STORE__PATH=/var/lib/babelwatch/store
WORKDIR /etc/babelwatch
USER 10001:10001
VOLUME /var/lib/babelwatch
EXPOSE 8080
STOPSIGNAL SIGTERM
ENTRYPOINT ["babelwatch"]
CMD ["run"]
