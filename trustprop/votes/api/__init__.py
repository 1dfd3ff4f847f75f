"""How votes are asked: what may be read, ballots and objections, papers and mandates, the count."""

from trustprop.votes.api import casting, counting, papers, reading

handlers = [*reading.handlers, *casting.handlers, *papers.handlers, *counting.handlers]
