package io.logcourier.localstack.bench;

import static io.logcourier.localstack.bench.DeliveryCase.seconds;

import io.logcourier.clickhouse.ClickHouse;
import io.logcourier.localstack.bench.Workload.Shape;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What a tick costs with more and more delivered rows kept: all in the hour in which the new ones come as well. */
final class RetentionCase {
    private static final int TICKS = 3;

    private RetentionCase() {}

    /**
     * Runs it.
     *
     * @param levels rows kept, each more than the one before
     * @param fresh the new rows of a tick
     */
    static List<Result> run(String name, List<Long> levels, Workload fresh, BenchInstallation installation)
            throws IOException, InterruptedException {
        List<Result> results = new ArrayList<>();

        DeliveryCase.warmUp(installation, fresh);
        long kept = 0;
        for (long level : levels) {
            new Workload(Shape.ZIPF, level - kept, fresh.buckets(), fresh.block(), fresh.seed() + level)
                    .load(installation.clickHouse, installation.settings.lane());
            kept = level;
            history(installation);
            installation.settle();
            results.add(level(name, level, fresh, installation));
        }

        return results;
    }

    private static Result level(String name, long level, Workload fresh, BenchInstallation installation)
            throws IOException {
        ClickHouse clickHouse = installation.clickHouse;
        List<Map<String, Double>> ticks = new ArrayList<>();
        List<String> faults = new ArrayList<>();
        long wanted = installation.options.scaled(TICKS);
        for (int tick = 1; tick <= wanted; tick++) {
            // Else their CPU time would be taken for the tick's.
            clickHouse.execute(installation.sql("stop-merges.sql"));
            new Workload(fresh.shape(), fresh.rows(), fresh.buckets(), fresh.block(), level + tick)
                    .load(clickHouse, installation.settings.lane());
            Usage start = installation.usage();
            FunctionsProcess.Done done = installation.courier.ask("tick", FunctionsProcess.Done.class);
            Usage used = installation.usage().since(start);
            clickHouse.execute(installation.sql("start-merges.sql"));
            history(installation);
            if (done.orders() < 1) {
                faults.add("a tick over new rows decided no orders: " + done);
            }
            Map<String, Double> figures = new LinkedHashMap<>();
            figures.put("kept_rows", (double) level);
            figures.put("new_rows", (double) fresh.rows());
            figures.put("orders", (double) done.orders());
            figures.put("parts", (double) count(installation));
            figures.put("seconds", done.seconds());
            figures.put("courier_cpu_seconds", seconds(used.courier()));
            figures.put("engine_cpu_seconds", seconds(used.engine()));
            figures.put("rows_read", (double) used.rowsRead());
            figures.put("rows_read_to_new_rows", (double) used.rowsRead() / fresh.rows());
            figures.put("clickhouse_statements", (double) used.statements());
            ticks.add(figures);
        }
        ticks.sort(Comparator.comparing(figures -> figures.get("seconds")));
        return new Result("%s %,d".formatted(name, level), ticks.get(ticks.size() / 2), faults);
    }

    private static long count(BenchInstallation installation) {
        record Count(long count) {}
        return installation
                .clickHouse
                .one(installation.sql("parts.sql"), Count.class)
                .orElseThrow()
                .count();
    }

    /** Plans what there is, and takes it for delivered. */
    private static void history(BenchInstallation installation) throws IOException {
        FunctionsProcess.Done done;
        do {
            done = installation.courier.ask("tick", FunctionsProcess.Done.class);
        } while (done.epochs() > 0);
        installation.clickHouse.execute(installation.sql("deliver-all.sql"));
    }
}
