"""Pure words that every house shares: refusals, the caller, money, periods, canonical bytes."""
