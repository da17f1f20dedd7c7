package io.logcourier.localstack.bench;

import io.logcourier.ledger.Ledger;
import io.logcourier.localstack.bench.Floors.Floor;
import io.logcourier.localstack.bench.Workload.Shape;
import io.logcourier.operations.Audit;
import io.logcourier.operations.Balance;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Rows wait, and are delivered. */
final class DeliveryCase {
    private static final double MILLION = 1e6;

    private DeliveryCase() {}

    static Result run(String name, Workload workload, BenchInstallation installation)
            throws IOException, InterruptedException {

        Options options = installation.options;
        warmUp(installation, workload);
        Audit audit = new Audit(installation.clickHouse, installation.settings.lane());
        Balance before = audit.balance();
        DroppingS3.Taken takenBefore = installation.services.ask("taken", DroppingS3.Taken.class);
        workload.load(installation.clickHouse, installation.settings.lane());
        installation.settle();
        long after = new Ledger(installation.clickHouse, installation.settings.lane())
                .head()
                .epoch();

        installation.engine.resetPeak();
        installation.courier.resetPeak();
        long started = installation.now();
        Usage start = installation.usage();
        FunctionsProcess.Done done = installation.courier.ask("deliver", FunctionsProcess.Done.class);
        Usage used = installation.usage().since(start);
        double courierPeak = installation.courier.peak() / MILLION;
        double enginePeak = installation.engine.peak() / MILLION;

        Balance balance = audit.balance();
        DroppingS3.Taken taken = installation.services.ask("taken", DroppingS3.Taken.class);
        long objects = balance.objects() - before.objects();
        long bytes = balance.bytes() - before.bytes();
        Floor engine = Floors.engine(installation, after, 2 * options.concurrency());
        Floor sink = Floors.sink(
                installation,
                sizes(installation, after),
                installation.settings.worker().uploads());

        List<String> faults = new ArrayList<>();
        if (!balance.isComplete() || balance.delivered() - before.delivered() != workload.rows()) {
            faults.add("not all rows were delivered: " + balance);
        }
        if (!options.disk()
                && (taken.objects() - takenBefore.objects() != objects
                        || taken.bytes() - takenBefore.bytes() != bytes)) {
            faults.add("%d objects of %d bytes are in the books, the sink took %s, and %s before"
                    .formatted(objects, bytes, taken, takenBefore));
        }
        double millions = workload.rows() / MILLION;
        Map<String, Double> figures = new LinkedHashMap<>();
        figures.put("rows", (double) workload.rows());
        figures.put("objects", (double) objects);
        figures.put("bytes_per_row", (double) bytes / workload.rows());
        figures.put("seconds", done.seconds());
        figures.put("discovery_seconds", done.planned());
        figures.put("rows_per_second", workload.rows() / done.seconds());
        figures.put("objects_per_second", objects / done.seconds());
        figures.put("mb_per_second", bytes / MILLION / done.seconds());
        figures.put("courier_cpu_seconds_per_million_rows", seconds(used.courier()) / millions);
        figures.put("engine_cpu_seconds_per_million_rows", seconds(used.engine()) / millions);
        figures.put("services_cpu_seconds_per_million_rows", seconds(used.services()) / millions);
        figures.put("courier_cpu_ms_per_object", seconds(used.courier()) * 1000 / objects);
        figures.put("engine_cpu_ms_per_object", seconds(used.engine()) * 1000 / objects);
        figures.put("courier_peak_mb", courierPeak);
        figures.put("engine_peak_mb", enginePeak);
        figures.put("s3_requests", (double) used.requests("S3"));
        figures.put("sqs_requests", (double) used.requests("Sqs"));
        figures.put("clickhouse_statements", (double) used.statements());
        figures.put("engine_alone_seconds", engine.seconds());
        figures.put("engine_alone_cpu_seconds_per_million_rows", engine.cpuSeconds() / millions);
        figures.put("sink_alone_seconds", sink.seconds());
        figures.put("seconds_to_engine_alone", done.seconds() / engine.seconds());
        figures.put("seconds_to_sink_alone", done.seconds() / sink.seconds());
        figures.put("engine_cpu_to_engine_alone", seconds(used.engine()) / engine.cpuSeconds());
        if (workload.shape() == Shape.GIANT) {
            figures.putAll(fairness(installation, after, started));
        }
        return new Result(name, figures, faults);
    }

    /** Delivers some rows of the same kind first: a deployed function is warm most of the time. */
    static void warmUp(BenchInstallation installation, Workload like) throws IOException {
        long rows = installation.options.warmUp().orElse(like.rows());
        if (rows > 0) {
            new Workload(like.shape(), rows, like.buckets(), like.block(), like.seed() + 1)
                    .load(installation.clickHouse, installation.settings.lane());
            installation.courier.ask("deliver", FunctionsProcess.Done.class);
        }
    }

    /** How long the rows of small buckets waited beside those of a giant. */
    private static Map<String, Double> fairness(BenchInstallation installation, long after, long started) {
        record Waits(double smallMedian, double smallP99, double giantMedian, double giantP99) {}
        Waits waits = installation
                .clickHouse
                .one(installation.sql("fairness.sql").with("after", after).with("start", started), Waits.class)
                .orElseThrow();
        Map<String, Double> figures = new LinkedHashMap<>();
        figures.put("small_buckets_median_seconds", waits.smallMedian());
        figures.put("small_buckets_p99_seconds", waits.smallP99());
        figures.put("giant_bucket_median_seconds", waits.giantMedian());
        figures.put("giant_bucket_p99_seconds", waits.giantP99());
        return figures;
    }

    private static List<Long> sizes(BenchInstallation installation, long after) {
        record Size(long bytes) {}
        return installation.clickHouse.list(installation.sql("sizes.sql").with("after", after), Size.class).stream()
                .map(Size::bytes)
                .toList();
    }

    static double seconds(Duration time) {
        return time.toNanos() / 1e9;
    }
}
