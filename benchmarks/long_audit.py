"""An audit of ten million records beside one of a million: time a record, and memory."""

from benchmarks.bench_log import audit
from benchmarks.figures import figure, peak_mib
from benchmarks.scratch import register_maker, scratch_server

RECORDS = (1_000_000, 10_000_000)


def main() -> None:
    """Audit both sizes on one installation."""
    with scratch_server() as home:
        maker, _ = register_maker()
        audit(home, maker, RECORDS)
    figure("peak memory of it", peak_mib(), "MiB", at_most=1024)


if __name__ == "__main__":
    main()
