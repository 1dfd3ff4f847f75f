"""Which database this process talks to, and as whom."""

from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from trustprop.plumbing import embedded
from trustprop.plumbing.settings import Settings

SERVING = "trustprop_serving"


def owner_url(settings: Settings) -> str:
    """The owner of the schema; starts the embedded server when no URL is set."""
    return settings.database_url or embedded.start(Path(settings.var_dir) / "postgres")


def serving_url(settings: Settings) -> str:
    """The role that serves requests: the given URL, or the owner's with that user and no password."""
    if settings.serving_database_url:
        return settings.serving_database_url
    parts = urlsplit(owner_url(settings))
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{SERVING}@{host}"))
