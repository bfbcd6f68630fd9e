"""Painel ML: a self-hosted panel for Mercado Livre sellers."""

from painelml.celery import app as celery_app

__all__ = ["celery_app"]
