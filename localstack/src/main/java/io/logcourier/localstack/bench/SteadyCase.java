package io.logcourier.localstack.bench;

import static io.logcourier.localstack.bench.DeliveryCase.seconds;

import io.logcourier.ledger.Ledger;
import io.logcourier.schema.Schema;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;

/** Rows come at a constant rate, one INSERT of JSON lines a second as from a shipper, and each tick flushes. */
final class SteadyCase {
    private static final double MILLION = 1e6;
    private static final long SECOND = Duration.ofSeconds(1).toNanos();

    private SteadyCase() {}

    /**
     * Runs it.
     *
     * @param second the rows of a second
     */
    static Result run(String name, Workload second, BenchInstallation installation)
            throws IOException, InterruptedException {

        Options options = installation.options;
        DeliveryCase.warmUp(installation, second);
        byte[] lines = installation.clickHouse.read(second.first(), "JSONEachRow");
        long after = new Ledger(installation.clickHouse, installation.settings.lane())
                .head()
                .epoch();
        installation.courier.ask("work", FunctionsProcess.Counts.class);
        installation.engine.resetPeak();
        installation.courier.resetPeak();
        Usage start = installation.usage();
        long began = System.nanoTime();
        double late;
        try (ExecutorService shipper = Executors.newSingleThreadExecutor()) {
            Future<Double> shipped = shipper.submit(() -> ship(installation, lines, options.duration(), began));
            for (long tick = 1; !shipped.isDone(); tick++) {
                until(began + tick * options.every().toNanos());
                installation.courier.ask("tick", FunctionsProcess.Done.class);
            }
            late = shipped.get();
        } catch (ExecutionException e) {
            throw new IllegalStateException("rows could not be inserted: " + e.getCause(), e);
        }
        installation.courier.ask("deliver", FunctionsProcess.Done.class);
        double elapsed = (System.nanoTime() - began) / 1e9;
        Usage used = installation.usage().since(start);

        record Delays(long rows, double median, double p99, double longest) {}
        Delays delays = installation
                .clickHouse
                .one(installation.sql("delays.sql").with("after", after), Delays.class)
                .orElseThrow();
        long rows = second.rows() * options.duration().toSeconds();
        List<String> faults = new ArrayList<>();
        if (delays.rows() != rows) {
            faults.add("%d of %d rows were delivered".formatted(delays.rows(), rows));
        }
        Map<String, Double> figures = new LinkedHashMap<>();
        figures.put("rows", (double) rows);
        figures.put("rows_per_second", (double) second.rows());
        figures.put("tick_seconds", seconds(options.every()));
        figures.put("seconds", elapsed);
        figures.put("latest_insert_seconds", late);
        figures.put("delay_median_seconds", delays.median());
        figures.put("delay_p99_seconds", delays.p99());
        figures.put("delay_longest_seconds", delays.longest());
        figures.put("courier_cpu_seconds_per_million_rows", seconds(used.courier()) * MILLION / rows);
        figures.put("engine_cpu_seconds_per_million_rows", seconds(used.engine()) * MILLION / rows);
        figures.put("services_cpu_seconds_per_million_rows", seconds(used.services()) * MILLION / rows);
        figures.put("courier_peak_mb", installation.courier.peak() / MILLION);
        figures.put("engine_peak_mb", installation.engine.peak() / MILLION);
        figures.put("s3_requests", (double) used.requests("S3"));
        figures.put("sqs_requests", (double) used.requests("Sqs"));
        figures.put("clickhouse_statements", (double) used.statements());
        return new Result(name, figures, faults);
    }

    /** Inserts the lines each second, and returns by how many seconds the latest INSERT ended after its second. */
    private static double ship(BenchInstallation installation, byte[] lines, Duration duration, long began) {
        long late = 0;
        for (long second = 0; second < duration.toSeconds(); second++) {
            until(began + second * SECOND);
            installation.clickHouse.insert(
                    Schema.ingestTable(installation.settings.lane()),
                    "JSONEachRow",
                    lines,
                    Map.of("min_insert_block_size_rows", "100000000", "min_insert_block_size_bytes", "0"));
            late = Math.max(late, System.nanoTime() - began - (second + 1) * SECOND);
        }
        return late / 1e9;
    }

    private static void until(long moment) {
        for (long left = moment - System.nanoTime(); left > 0; left = moment - System.nanoTime()) {
            LockSupport.parkNanos(left);
        }
    }
}
