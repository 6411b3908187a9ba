"""`python -m statalike` is the program itself."""

from statalike.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
