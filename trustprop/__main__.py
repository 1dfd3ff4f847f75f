"""``python -m trustprop``."""

from trustprop.cli import main

main()
