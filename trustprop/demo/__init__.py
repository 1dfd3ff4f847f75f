"""One fiduciary month of a plausible compound, played by separate clients over the real API."""
