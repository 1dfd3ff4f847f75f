"""How this compound counts where the law leaves it open: each reading with the clause it stands on."""

from collections.abc import Iterable

from trustprop.compounds.model import GoverningText, Limit, Limits, SourceKind
from trustprop.votes.model.counting import Basis, CountingPolicy, InvalidBallots


def policy_of(limits: Limits, texts: Iterable[GoverningText]) -> CountingPolicy:
    """The limits of a day as the count wants them; off without a clause."""
    versions = {text.text_id: text.version for text in texts}

    def basis(limit: Limit) -> Basis | None:
        source = limit.source
        if not limit.value or source.kind is not SourceKind.CLAUSE:
            return None
        assert source.text_id is not None
        assert source.clause is not None
        return Basis(
            text_id=source.text_id, text_version=versions[source.text_id], clause=source.clause
        )

    invalid, silent, parking = (
        basis(limits.invalid_ballots_take_part),
        basis(limits.silent_majority),
        basis(limits.parking_in_base),
    )
    return CountingPolicy(
        invalid_ballots=InvalidBallots.TAKE_PART if invalid else InvalidBallots.TAKE_NO_PART,
        invalid_ballots_basis=invalid,
        silent_majority=silent,
        silent_majority_on_special=silent is not None
        and basis(limits.silent_majority_special) is not None,
        has_parking=parking is not None,
        parking_basis=parking,
        proxies_per_holder=limits.proxies_per_holder.value,
    )
