package io.logcourier.localstack.bench;

import io.logcourier.clickhouse.ClickHouse;
import io.logcourier.clickhouse.Statement;
import io.logcourier.ledger.Lane;
import io.logcourier.operations.Progress;

/**
 * The rows of a case: made by the engine, a pure function of these values.
 *
 * @param shape how they are spread over buckets
 * @param rows how many
 * @param buckets how many
 * @param block how many of them one INSERT makes visible
 * @param seed of everything random
 */
record Workload(Shape shape, long rows, int buckets, long block, long seed) {
    /** Where all log objects go. */
    static final String TARGET = "access-logs";

    private static final String ROWS_MARK = "/* rows */";

    /** How rows are spread over buckets. */
    enum Shape {
        /** About the same for each. */
        EVEN("even"),
        /** Zipf's law with exponent one: the n-th bucket has a n-th of the first one's rows. */
        ZIPF("zipf"),
        /** Half of the rows in one bucket, the others even. */
        GIANT("giant");

        private final String name;

        Shape(String name) {
            this.name = name;
        }
    }

    /** Inserts them. */
    void load(ClickHouse clickHouse, Lane lane) {
        try (Progress progress = Progress.of("load", " rows", rows)) {
            for (long from = 0; from < rows; from += block) {
                clickHouse.execute(select("load.sql", from, Math.min(block, rows - from))
                        .with("logs", lane.logs())
                        .with("table", lane.table()));
                progress.at(from);
            }
        }
    }

    /** A statement that returns the first block. */
    Statement first() {
        return select("rows.sql", 0, Math.min(block, rows));
    }

    private Statement select(String file, long from, long count) {
        return Statement.resource(Workload.class, file)
                .replace(
                        ROWS_MARK,
                        Statement.resource(Workload.class, "rows.sql").sql())
                .with("seed", seed)
                .with("shape", shape.name)
                .with("buckets", buckets)
                .with("target", TARGET)
                .with("from", from)
                .with("rows", count);
    }
}
