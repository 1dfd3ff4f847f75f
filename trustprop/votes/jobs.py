"""What follows a count: the key of the secret answers is destroyed, even if the edge did not live to."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from trustprop.plumbing.jobs import Work
from trustprop.plumbing.vault import Vault
from trustprop.votes import service


def works(vault: Vault) -> Mapping[str, Work]:
    """The kinds of job of this house."""

    async def forget(payload: dict[str, Any]) -> None:
        service.forget_key(vault, UUID(payload["compound_id"]), UUID(payload["vote_id"]))

    return {service.FORGET_JOB: forget}
