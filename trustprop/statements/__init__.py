"""The month: tie-outs, close, statement, print, publication, errata, and the check that needs no server."""
