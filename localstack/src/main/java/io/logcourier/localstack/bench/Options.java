package io.logcourier.localstack.bench;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * How cases are run.
 *
 * @param settings of the courier, by name
 * @param variables environment variables with more of them
 * @param scale factor of rows and buckets
 * @param rows instead of a case's own
 * @param buckets instead of a case's own
 * @param block rows of an INSERT, instead of a case's own
 * @param warmUp rows that are delivered before anything is measured, instead of as many as a case has
 * @param rate rows a second in the case steady
 * @param duration of the case steady
 * @param every time from tick to tick in the case steady
 * @param disk whether S3 is S3Proxy on disk
 * @param concurrency invocations of the worker at once
 * @param courier options of the courier's JVM
 */
record Options(
        Map<String, String> settings,
        Map<String, String> variables,
        double scale,
        OptionalLong rows,
        OptionalInt buckets,
        OptionalLong block,
        OptionalLong warmUp,
        long rate,
        Duration duration,
        Duration every,
        long seed,
        boolean disk,
        int concurrency,
        List<String> courier) {
    /** Rows made of buckets, scaled. */
    Workload workload(Workload.Shape shape, long ownRows, int ownBuckets, long ownBlock) {
        return new Workload(
                shape,
                rows.orElseGet(() -> scaled(ownRows)),
                buckets.orElseGet(() -> (int) scaled(ownBuckets)),
                block.orElse(ownBlock),
                seed);
    }

    /** At least one. */
    long scaled(long count) {
        return Math.max(1, Math.round(count * scale));
    }
}
