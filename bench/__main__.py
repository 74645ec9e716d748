"""`make bench`: speed and memory as ratios to a named baseline measured in the same run. Nothing here asserts."""

import bench.bench_import
import bench.bench_pipeline
import bench.bench_products
import bench.bench_risk
import bench.bench_run
import bench.bench_service
import bench.bench_simulator
import bench.bench_warehouse
from bench.figures import print_figures

PARTS = (
    bench.bench_import,
    bench.bench_pipeline,
    bench.bench_products,
    bench.bench_risk,
    bench.bench_run,
    bench.bench_service,
    bench.bench_simulator,
    bench.bench_warehouse,
)


def main() -> None:
    for part in PARTS:
        print_figures(part.__doc__ or "", part.run())


if __name__ == "__main__":
    main()
