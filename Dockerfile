# One small machine, one volume: docker compose up
FROM python:3.11-slim AS build
WORKDIR /src
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY bot bot
COPY adapters adapters
RUN python -m venv /vivant \
    && /vivant/bin/pip install --no-cache-dir -c constraints.txt . \
    && /vivant/bin/python -m compileall -q /vivant

FROM python:3.11-slim
# A fixed number, so that the volume's owner is known; any other user works too.
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin vivant \
    && install -d -o vivant -g vivant /data
COPY --from=build /vivant /vivant
ENV PATH=/vivant/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    VIVANT_DATA=/data
USER vivant
WORKDIR /data
VOLUME /data
EXPOSE 8321
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s CMD \
    ["python", "-c", "import os, urllib.request as r; r.urlopen(f\"http://127.0.0.1:{os.environ.get('VIVANT_WEB_PORT', 8321)}/healthz\", timeout=4)"]
ENTRYPOINT ["vivant"]
CMD ["run"]
