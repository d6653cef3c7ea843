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
# Asks the address that the page listens on, and never through a proxy.
HEALTHCHECK --interval=30s --timeout=10s --start-period=10s CMD ["vivant", "health"]
ENTRYPOINT ["vivant"]
CMD ["run"]
