"""What the assembly and the committee decided, and the acts that carry it into the compound."""
