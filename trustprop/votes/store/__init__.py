"""How votes are kept: the vote and its roll, the box, papers and mandates, and the count."""
