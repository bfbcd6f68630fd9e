# One image for the web, live, worker and beat processes; docker-compose.yml gives each its command. Python packages
# come from requirements.txt alone, each checked against its hash.

FROM python:3.13-slim-trixie AS build
WORKDIR /app
RUN python -m venv /venv
ENV PATH=/venv/bin:$PATH
COPY requirements.txt .
RUN pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.txt
COPY . .
# The keys below live only in this layer's process: collecting files needs settings, not secrets.
RUN python -m painelml.translations \
    && SECRET_KEY=only-to-collect-files-of-this-image ENCRYPTION_KEY=only-while-the-image-is-being-built python manage.py collectstatic --noinput \
    && python -m compileall -q .

FROM python:3.13-slim-trixie
# pg_dump and pg_restore, for `manage.py backup` and `restore`: as new as the server in docker-compose.yml.
RUN apt-get update && apt-get install -y --no-install-recommends postgresql-client-17 && rm -rf /var/lib/apt/lists/*
RUN useradd --system --uid 10001 --home-dir /nonexistent --no-create-home --shell /usr/sbin/nologin painel
COPY --from=build /venv /venv
COPY --from=build /app /app
WORKDIR /app
# Nothing in the image belongs to the one who runs it, so nothing can be changed; what is temporary goes to /tmp.
USER 10001
ENV PATH=/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
EXPOSE 8000
CMD ["granian", "--interface", "wsgi", "painelml.wsgi:application", "--host", "0.0.0.0", "--port", "8000", \
     "--workers", "2", "--blocking-threads", "8"]
