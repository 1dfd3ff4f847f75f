"""Who and what there is: compounds, homes, owners, offices, governing texts and their limits."""
