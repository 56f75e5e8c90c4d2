"""`python -m streamrec` is the command `streamrec`."""

from streamrec.cli.main import main

if __name__ == "__main__":
    main()
