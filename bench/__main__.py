"""`make bench`: speed and memory as ratios to a named baseline measured in the same run. Nothing here asserts."""

from bench import bench_import, bench_pipeline, bench_run
from bench.figures import print_figures


def main() -> None:
    for part in (bench_import, bench_pipeline, bench_run):
        print_figures(part.__doc__ or "", part.run())


if __name__ == "__main__":
    main()
