"""`python -m suyuan.cli`, which child processes are started with."""

from suyuan.cli.program import main

if __name__ == "__main__":
    main()
