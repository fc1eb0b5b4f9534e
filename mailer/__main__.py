"""Where `mailer` and `python -m mailer` begin."""

from mailer.cli.main import run as main

__all__ = ["main"]

if __name__ == "__main__":
    main()
