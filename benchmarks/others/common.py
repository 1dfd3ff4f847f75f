"""Django set up without a project: one fresh database on the server under measure."""

from urllib.parse import parse_qs, urlsplit

import django
import psycopg
from django.conf import settings
from django.core.management import call_command


def configure(url: str, name: str, apps: list[str], **more: object) -> None:
    """Every other setting is Django's or the package's own default."""
    parts = urlsplit(url)
    host = parse_qs(parts.query)["host"][0]
    with psycopg.connect(f"postgresql://postgres@/postgres?host={host}", autocommit=True) as server:
        server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        server.execute(f"CREATE DATABASE {name}")
    settings.configure(
        INSTALLED_APPS=[
            "django.contrib.contenttypes",
            "django.contrib.auth",
            "django.contrib.sessions",
            "django.contrib.messages",
            "django.contrib.admin",
            *apps,
        ],
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.postgresql",
                "NAME": name,
                "USER": "postgres",
                "HOST": host,
                "CONN_MAX_AGE": None,
            }
        },
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        SECRET_KEY="benchmark",
        USE_TZ=True,
        TIME_ZONE="Asia/Shanghai",
        **more,
    )
    django.setup()


def migrate() -> None:
    call_command("migrate", verbosity=0)
