"""``python -m trustprop``."""

from trustprop.cli import main

if __name__ == "__main__":
    main()
