"""Lets `python -m feedsvc` be the command."""

from feedsvc.cli import main

if __name__ == "__main__":
    main(prog_name="feedsvc")
