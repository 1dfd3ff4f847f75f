"""Shared pipes: settings, database, files, jobs, idempotency, problems, languages, logging."""
