# One image for migrate, serve and worker. Everything in it comes by lock file.
FROM node:22-trixie-slim AS assets
WORKDIR /tandem
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts --no-audit --no-fund

FROM python:3.13-slim-trixie
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=/opt/tandem
# pg_dump and psql, for backups.
RUN apt-get update && apt-get install -y --no-install-recommends postgresql-client && rm -rf /var/lib/apt/lists/*
RUN useradd --system --uid 10001 --create-home --home-dir /var/lib/tandem tandem \
 && install -d -o tandem -m 0700 /var/lib/tandem/data
WORKDIR /opt/tandem
COPY requirements.lock ./
RUN pip install --no-cache-dir --require-hashes --requirement requirements.lock
COPY geo geo
COPY zones zones
COPY matcher matcher
COPY records records
COPY desk desk
COPY fixtures fixtures
COPY api api
COPY web web
COPY LICENSE pyproject.toml ./
COPY --from=assets /tandem/node_modules /opt/assets
RUN python -P web/vendor.py /opt/assets && rm -rf /opt/assets
USER tandem
WORKDIR /var/lib/tandem
ENTRYPOINT ["python", "-P", "-m", "web"]
CMD ["serve"]
