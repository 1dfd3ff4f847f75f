"""Ring-fenced funds, the compound's own bank accounts, and transfers between funds."""
