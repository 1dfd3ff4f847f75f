"""What a vote is made of."""
