# Two stages: dependencies are built once, the service runs without tools and without root.
FROM debian:13-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends python3 python3-venv \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY requirements.lock pyproject.toml README.md ./
RUN python3 -m venv /app/.venv \
    && /app/.venv/bin/pip install --no-cache-dir --require-hashes -r requirements.lock
COPY trustprop trustprop
COPY migrations migrations
COPY reports reports
COPY scripts/verify_vote.py scripts/verify_vote.py
RUN /app/.venv/bin/pip install --no-cache-dir --no-deps --no-build-isolation -e .

FROM debian:13-slim
RUN apt-get update && apt-get install -y --no-install-recommends \
        python3 libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fontconfig fonts-noto-cjk \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --create-home --uid 10001 trustprop \
    && mkdir -p /app/var && chown trustprop /app/var
COPY --from=build /app /app
WORKDIR /app
USER trustprop
ENV PATH=/app/.venv/bin:$PATH TRUSTPROP_HOST=0.0.0.0 TRUSTPROP_VAR_DIR=/app/var
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s CMD \
    ["python3", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/readyz', timeout=2)"]
CMD ["trustprop", "serve"]
