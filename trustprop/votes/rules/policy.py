"""Where the law is unsettled a compound counts as its own texts say, and names the clause."""

from trustprop.kernel.errors import N_, FieldError, FieldsInvalid
from trustprop.votes.model.counting import CountingPolicy, InvalidBallots


def check_policy(policy: CountingPolicy) -> None:
    """Every reading but the default stands on a clause. Raises FieldsInvalid naming each without."""
    wanting = {
        "invalid_ballots_basis": policy.invalid_ballots is not InvalidBallots.TAKE_NO_PART
        and policy.invalid_ballots_basis is None,
        "silent_majority": policy.silent_majority_on_special and policy.silent_majority is None,
        "parking_basis": policy.has_parking and policy.parking_basis is None,
    }
    errors = tuple(
        FieldError(pointer=f"/policy/{name}", code="clause", detail=_NEEDS_CLAUSE)
        for name, is_wanting in wanting.items()
        if is_wanting
    )
    if errors:
        raise FieldsInvalid(errors=errors)


_NEEDS_CLAUSE = N_("Only a clause of a governing text can say so; name it.")
