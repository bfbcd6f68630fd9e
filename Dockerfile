# One image for the web, live, worker and beat processes; docker-compose.yml gives each its command.

FROM python:3.13-slim-bookworm AS build
WORKDIR /app
RUN python -m venv /venv
ENV PATH=/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1
COPY requirements.txt .
RUN pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.txt
COPY . .
# The keys below live only in this layer's process: collecting files needs settings, not secrets.
RUN python -m painelml.translations \
    && SECRET_KEY=only-to-collect-files-of-this-image ENCRYPTION_KEY=only-while-the-image-is-being-built python manage.py collectstatic --noinput

FROM python:3.13-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /app painel
COPY --from=build /venv /venv
COPY --from=build --chown=painel /app /app
WORKDIR /app
USER painel
ENV PATH=/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
EXPOSE 8000
CMD ["granian", "--interface", "wsgi", "painelml.wsgi:application", "--host", "0.0.0.0", "--port", "8000", \
     "--workers", "2", "--blocking-threads", "8"]
