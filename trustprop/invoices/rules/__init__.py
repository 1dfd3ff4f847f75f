"""What is true of vendors, contracts and invoices, and the refusals that say otherwise."""
