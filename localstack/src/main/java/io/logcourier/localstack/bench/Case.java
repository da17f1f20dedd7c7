package io.logcourier.localstack.bench;

import io.logcourier.localstack.bench.Workload.Shape;
import java.io.IOException;
import java.util.List;

/** What can be measured, by the name that it has on the command line. */
enum Case {
    FEW_LARGE("few-large") {
        @Override
        List<Result> run(Options options) throws IOException, InterruptedException {
            return delivery(options.workload(Shape.ZIPF, 2_000_000, 200, BLOCK), options);
        }
    },
    MANY_SMALL("many-small") {
        @Override
        List<Result> run(Options options) throws IOException, InterruptedException {
            return delivery(options.workload(Shape.EVEN, 1_000_000, 20_000, LARGE_BLOCK), options);
        }
    },
    ONE_GIANT("one-giant") {
        @Override
        List<Result> run(Options options) throws IOException, InterruptedException {
            return delivery(options.workload(Shape.EVEN, 5_000_000, 1, BLOCK), options);
        }
    };

    private static final long BLOCK = 50_000;
    private static final long LARGE_BLOCK = 200_000;

    private final String name;

    Case(String name) {
        this.name = name;
    }

    abstract List<Result> run(Options options) throws IOException, InterruptedException;

    List<Result> delivery(Workload workload, Options options) throws IOException, InterruptedException {
        return List.of(DeliveryCase.run(name, workload, options));
    }

    @Override
    public String toString() {
        return name;
    }
}
