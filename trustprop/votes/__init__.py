"""How a vote is held and counted: the roll, the ballots, the count and its proof."""
