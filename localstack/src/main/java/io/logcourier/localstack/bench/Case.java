package io.logcourier.localstack.bench;

import io.logcourier.localstack.bench.Workload.Shape;
import java.io.IOException;
import java.util.List;
import java.util.stream.Stream;

/**
 * What can be measured, by the name that it has on the command line. They may follow each other on one installation, in
 * this order: the first one needs a queue that nobody serves.
 */
enum Case {
    COLD_START("cold-start") {
        @Override
        List<Result> run(BenchInstallation installation) throws IOException, InterruptedException {
            return ColdStartCase.run(toString(), installation);
        }
    },
    FEW_LARGE("few-large") {
        @Override
        List<Result> run(BenchInstallation installation) throws IOException, InterruptedException {
            return delivery(installation, installation.options.workload(Shape.ZIPF, 2_000_000, BUCKETS, BLOCK));
        }
    },
    MANY_SMALL("many-small") {
        @Override
        List<Result> run(BenchInstallation installation) throws IOException, InterruptedException {
            return delivery(installation, installation.options.workload(Shape.EVEN, 1_000_000, 20_000, LARGE_BLOCK));
        }
    },
    ONE_GIANT("one-giant") {
        @Override
        List<Result> run(BenchInstallation installation) throws IOException, InterruptedException {
            return delivery(installation, installation.options.workload(Shape.EVEN, 5_000_000, 1, BLOCK));
        }
    },
    BACKLOG("backlog") {
        @Override
        List<Result> run(BenchInstallation installation) throws IOException, InterruptedException {
            return delivery(installation, installation.options.workload(Shape.GIANT, 10_000_000, 1_000, BLOCK));
        }
    },
    STEADY("steady") {
        @Override
        List<Result> run(BenchInstallation installation) throws IOException, InterruptedException {
            Options options = installation.options;
            Workload second = new Workload(
                    Shape.ZIPF, options.rate(), options.buckets().orElse(BUCKETS), options.rate(), options.seed());
            return List.of(SteadyCase.run(toString(), second, installation));
        }
    },
    RETENTION("retention") {
        @Override
        List<Result> run(BenchInstallation installation) throws IOException, InterruptedException {
            Options options = installation.options;
            List<Long> levels = Stream.of(1_000_000, 5_000_000, 20_000_000)
                    .map(options::scaled)
                    .toList();
            return RetentionCase.run(
                    toString(), levels, options.workload(Shape.ZIPF, 200_000, BUCKETS, BLOCK), installation);
        }
    };

    private static final long BLOCK = 50_000;
    private static final int BUCKETS = 200;
    private static final long LARGE_BLOCK = 200_000;

    private final String name;

    Case(String name) {
        this.name = name;
    }

    abstract List<Result> run(BenchInstallation installation) throws IOException, InterruptedException;

    List<Result> delivery(BenchInstallation installation, Workload workload) throws IOException, InterruptedException {
        return List.of(DeliveryCase.run(name, workload, installation));
    }

    @Override
    public String toString() {
        return name;
    }
}
