"""What a meeting thinks. It is kept apart from the count: no weight, no quorum, no result."""

from trustprop.kernel.struct import Fact


class Advice(Fact):
    """Persons, not owners; nothing that needs a ``Tally`` or a ``Result`` can be given this."""

    in_favour: int
    against: int
    abstaining: int

    @property
    def is_advised(self) -> bool:
        """More for than against; who abstains does not hinder, and a tie fails."""
        return self.in_favour > self.against
