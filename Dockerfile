# The agent as an image: two stages, so that no installer is left in the one that runs.
# Secrets, configuration and the office's own probes are mounted, never built in.

FROM python:3.11-slim-bookworm AS build
WORKDIR /src
COPY requirements/ requirements/
RUN python -m venv --without-pip /opt/pantau \
    && python -m pip --python /opt/pantau/bin/python install --no-cache-dir --no-compile \
        --require-hashes --only-binary :all: --requirement requirements/run.txt \
    && python -m pip install --no-cache-dir \
        --require-hashes --only-binary :all: --requirement requirements/build.txt
COPY . .
RUN python -m pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir /wheels . \
    && python -m pip --python /opt/pantau/bin/python install --no-cache-dir --no-compile \
        --no-deps --no-index /wheels/*.whl \
    && python -m compileall -q --invalidation-mode unchecked-hash /opt/pantau/lib

FROM python:3.11-slim-bookworm
# The base's own installer goes, and what could make somebody root.
RUN python -m pip uninstall --yes --root-user-action ignore setuptools wheel pip \
    && find / -xdev -type f -perm /6000 -exec chmod a-s {} +
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="pantau" \
      org.opencontainers.image.description="Tells one office's fault from the nation's, and says it once" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=build /opt/pantau /opt/pantau
ENV PATH=/opt/pantau/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
USER 10001:10001
WORKDIR /tmp
# In exec form: the agent is process 1 and gets SIGTERM itself.
ENTRYPOINT ["pantau"]
