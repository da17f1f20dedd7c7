package io.logcourier.localstack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import com.sun.net.httpserver.HttpServer;
import io.logcourier.accesslog.AccessLogTable;
import io.logcourier.accesslog.Frames;
import io.logcourier.clickhouse.ClickHouse;
import io.logcourier.clickhouse.Statement;
import io.logcourier.ledger.BlockRange;
import io.logcourier.ledger.Claims;
import io.logcourier.ledger.Lane;
import io.logcourier.ledger.Ledger;
import io.logcourier.ledger.WorkOrder;
import io.logcourier.looker.LogLine;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The statements that workers render by, against {@link LogLine}, byte for byte, and {@link TypedFields}, over rows that love trouble: what a
 * shipper would never send, too, since the log table may be written by others.
 */
class RenderingIT {
    private static final int ROWS = 3000;
    private static final int LONG_TEXT = 64 * 1024;
    private static final int LONGEST_SHOWN = 400;
    private static final int MANY_ORDERS = 2000;
    private static final int MANY_RANGES = 300;

    /** A group each. */
    private static final int BUCKETS = 24;

    private static final Comparator<Map<String, ?>> ORDER = Comparator.comparing(
                    (Map<String, ?> row) -> (Instant) row.get("startTime"))
            .thenComparing(row -> (String) row.get("req_id"))
            .thenComparing(row -> (Instant) row.get("insertedAt"));

    private static final List<String> TROUBLE = Stream.concat(
                    LogLine.HOSTILE.stream().map(RenderingIT::utf8),
                    Stream.of(
                            "  ",
                            "\\\\",
                            "\\x22",
                            "\n\n",
                            "\u001b[31m",
                            "%%",
                            "%2",
                            "%00",
                            "%0A",
                            "%zz",
                            "%d",
                            "--",
                            "[01/Jan/2026:00:00:00 +0000]",
                            "''",
                            "../",
                            "{numbers:Array(UInt32)}",
                            "$0",
                            "\\0",
                            "\\1",
                            "NULL",
                            "\\N",
                            "1e+06",
                            utf8("e\u0301"),
                            utf8("\u0085"),
                            utf8("\u00a0"),
                            utf8("\u200b"),
                            utf8("\u202e"),
                            utf8("\ufeff"),
                            utf8("\uffff"),
                            utf8("\u65e5\u672c"),
                            // No UTF-8: overlong, a surrogate, too large, cut short.
                            "\u00c0\u0080",
                            "\u00c0\u00af",
                            "\u00ed\u00a0\u0080",
                            "\u00f4\u0090\u0080\u0080",
                            "\u00e2\u0082",
                            "\u0080",
                            "\u00ff"))
            .toList();

    private static final List<String> ADDRESSES = List.of(
            "192.0.2.3",
            "0.0.0.0",
            "255.255.255.255",
            "::ffff:192.0.2.3",
            "::ffff:0.0.0.0",
            "::1",
            "::",
            "2001:db8::8a2e:370:7334",
            "2001:db8::ffff:192.0.2.3",
            "::ffff:2001:db8::1",
            "::ffff:",
            "::FFFF:192.0.2.3",
            "::ffff:192.0.2.256",
            "::ffff:192.0.2",
            "::ffff:192.0.2.3.4",
            "::ffff:192.0.2.3 ",
            "::ffff:c000:203",
            "0:0:0:0:0:ffff:192.0.2.3",
            "fe80::1%eth0",
            "192.0.2.3, 198.51.100.7",
            "unknown",
            " 192.0.2.3",
            "192.0.2.3:4711",
            "192.0.2.3:4711, 198.51.100.7:80",
            "::ffff:192.0.2.3 , 10.0.0.1",
            " 2001:db8::1,10.0.0.1",
            "[2001:db8::1]",
            "[2001:db8::1]:443",
            "[::ffff:192.0.2.3]:80,10.0.0.1",
            "[]",
            "[]:1",
            "[a]b",
            "[2001:db8::1",
            "192.0.2.3:",
            "192.0.2.3:http",
            ", 192.0.2.3",
            ",");

    private static final List<String> OPERATIONS = List.of(
            "REST.GET.OBJECT",
            "REST.COPY.OBJECT_GET",
            "REST.COPY.OBJECT",
            "REST.",
            "WEBSITE.GET.OBJECT",
            "BATCH.DELETE.OBJECT",
            "S3.EXPIRE.OBJECT",
            "SOAP.CreateBucket",
            "rest.get.object");

    private static final List<Instant> TIMES = List.of(
            Instant.parse("1970-01-01T00:00:00Z"),
            Instant.parse("1970-01-01T00:00:00.001Z"),
            Instant.parse("1969-12-31T23:59:59.999Z"),
            Instant.parse("1969-12-31T23:59:59Z"),
            Instant.parse("1800-06-15T00:00:00Z"),
            Instant.parse("1899-12-31T23:59:59.999Z"),
            Instant.parse("1900-01-01T00:00:00Z"),
            Instant.parse("1999-12-31T23:59:59.999Z"),
            Instant.parse("2000-02-29T12:00:00Z"),
            Instant.parse("2024-02-29T23:59:59.999Z"),
            Instant.parse("2026-03-29T01:00:00Z"),
            Instant.parse("2038-01-19T03:14:08Z"),
            Instant.parse("2106-02-07T06:28:16Z"),
            Instant.parse("2262-04-11T23:47:16.854Z"),
            Instant.parse("2299-12-31T23:59:59.999Z"),
            Instant.parse("2300-01-01T00:00:00Z"),
            Instant.parse("9999-12-31T23:59:59.999Z"));

    @RegisterExtension
    static final Stack STACK = new Stack();

    /** One for what was wrong once, and another in each run, or {@code -Drows.seed} to have one again. */
    static LongStream seeds() {
        return LongStream.of(71, Long.getLong("rows.seed", System.nanoTime()));
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void everyRowBecomesTheLineThatTheFormatDescribes(long seed) throws IOException {
        render(seed, "text", (row, rendered) -> compareLine(row, rendered, LogLine.Style.AWS));
    }

    @Test
    void theLineHasItsOtherForms() throws IOException {
        LogLine.Style style = new LogLine.Style(true, true);
        render(System.nanoTime(), "text-once-quoted", (row, rendered) -> compareLine(row, rendered, style));
    }

    /** Orders of before name it, open ones and those that are replayed. */
    @Test
    void aRenderingOfVersionOneWritesWhatItWrote() throws IOException {
        Installation courier = STACK.installation();
        courier.insert(List.of(
                LogRow.of("cats", "a", courier.target())
                        .with("objectKey", "a b+c~/%41")
                        .with("clientIP", "::ffff:192.0.2.3, 10.0.0.1")
                        .with("sourceRegion", "eu-west-3")
                        .with("errorCode", "-"),
                LogRow.of("cats", "b", courier.target())
                        .with("operation", "BATCH.DELETE.OBJECT")
                        .without("requestURI")
                        .without("userAgent"),
                LogRow.of("cats", "c", courier.target())
                        .with("operation", "S3.EXPIRE.OBJECT")
                        .without("requestURI")
                        .without("userAgent")));
        courier.flush();
        Ledger ledger = new Ledger(courier.clickHouse(), courier.lane());
        WorkOrder order = ledger.decided(0, ledger.head().epoch()).getFirst();
        String owner =
                "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be cats [01/Jan/2026:00:00:00 +0000] ";
        String end = " - - SigV4 ECDHE-RSA-AES128-GCM-SHA256 AuthHeader s3.example.com TLSv1.3 - - eu-north-1";

        assertThat(lines(courier, order, "text-1"))
                .containsExactly(
                        owner
                                + "::ffff:192.0.2.3,%2010.0.0.1 arn:aws:iam::123456789012:user/app a REST.GET.OBJECT a%20b%2Bc~/%2541"
                                + " \"GET /cats/key HTTP/1.1\" 200 - 2048 4096 70 10 \"-\" \"aws-cli/2.15.30\"" + end,
                        owner
                                + "192.0.2.3 arn:aws:iam::123456789012:user/app b BATCH.DELETE.OBJECT key - 200 - 2048 4096 70 10 \"-\" \"-\""
                                + end,
                        owner
                                + "192.0.2.3 arn:aws:iam::123456789012:user/app c S3.EXPIRE.OBJECT key - 200 - 2048 4096 70 10 \"-\" \"-\""
                                + end);
        assertThat(TypedFields.parse(lines(courier, order, "json-1").getFirst().getBytes(StandardCharsets.UTF_8)))
                .containsEntry("remoteip", "::ffff:192.0.2.3, 10.0.0.1")
                .containsEntry("errorcode", "-")
                .containsEntry("sourceregion", "eu-north-1");
    }

    /** The lines of an order, rendered as another one, of a lane whose lines name eu-north-1. */
    private static List<String> lines(Installation courier, WorkOrder order, String rendering) throws IOException {
        WorkOrder former = new WorkOrder(
                order.epoch(),
                order.number(),
                order.plannedAt(),
                order.group(),
                order.fromEpoch(),
                order.toEpoch(),
                order.tally(),
                order.key(),
                order.day(),
                rendering,
                order.compression(),
                "eu-north-1",
                order.moreColumns(),
                order.replacesEpoch(),
                order.replacesNumber());
        Claims claims = new Ledger(courier.clickHouse(), courier.lane()).claims(order.fromEpoch(), order.toEpoch());
        List<String> lines = new ArrayList<>();
        try (InputStream rendered =
                new AccessLogTable(courier.clickHouse(), courier.lane()).render(List.of(former), claims)) {
            Frames frames = new Frames(rendered);
            while (frames.next()) {
                ByteArrayOutputStream line = new ByteArrayOutputStream();
                frames.line(line::write);
                lines.add(line.toString(StandardCharsets.UTF_8).strip());
            }
        }
        return lines;
    }

    /** The columns came with version 2 of the renderings; tables of before have none. */
    @Test
    void aLogTableOfBeforeIsDelivered() {
        Installation courier = STACK.installation();
        courier.execute(
                "ALTER TABLE {logs}.access_logs DROP COLUMN sourceRegion, DROP COLUMN loggingTargetKeyFormat, DROP COLUMN filteredBy");
        List<LogRow> rows = List.of(LogRow.of("cats", "a", courier.target()));
        courier.insert(rows);

        courier.deliver("without the column", rows);

        assertThat(rows.getFirst().line()).endsWith(" -");
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void everyRowBecomesTheJsonObjectOfItsFields(long seed) throws IOException {
        render(seed, "json", RenderingIT::compareObject);
    }

    @Test
    void everyRowBecomesTheJsonObjectThatCloudWatchWouldShow() throws IOException {
        render(System.nanoTime(), "json-cloudwatch", (row, rendered) -> {
            assertThat(rendered).endsWith('\n');
            return compareFields(TypedFields.ofCloudWatch(row), TypedFields.parse(rendered));
        });
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void everyRowBecomesTheParquetRowOfItsFields(long seed) throws IOException {
        Ordered ordered = order(seed, "parquet");
        Map<String, String> differences = new LinkedHashMap<>();
        for (WorkOrder order : ordered.orders) {
            List<Map<String, Object>> expected =
                    ordered.rows.remove(latin(order.group().bucket()));
            byte[] first = ordered.file(order);
            List<Map<String, Object>> actual = ParquetRows.of(first);
            assertThat(ordered.file(order))
                    .as("seed %d: the same bytes again", seed)
                    .isEqualTo(first);
            assertThat(actual).as("seed %d", seed).hasSameSizeAs(expected);
            for (int i = 0; i < actual.size(); i++) {
                compareFields(TypedFields.of(expected.get(i)), actual.get(i))
                        .ifPresent(different -> differences.putIfAbsent(different.getKey(), different.getValue()));
            }
        }
        assertThat(ordered.rows).as("seed %d: buckets without an order", seed).isEmpty();
        if (!differences.isEmpty()) {
            fail("seed %d: %s".formatted(seed, String.join("\n", differences.values())));
        }
    }

    /** Proxies before a ClickHouse take 8 or 16 KB of a URL. */
    @Test
    void manyOrdersOfManyBlocksMakeNoLongUrl() throws IOException {
        Installation courier = STACK.installation();
        courier.insert(IntStream.range(0, MANY_ORDERS)
                .mapToObj(i -> LogRow.of("bucket-" + i, "r", courier.target()))
                .toList());
        courier.flush();
        Ledger ledger = new Ledger(courier.clickHouse(), courier.lane());
        List<WorkOrder> orders = ledger.decided(0, ledger.head().epoch());
        List<BlockRange> blocks =
                new ArrayList<>(ledger.claims(0, ledger.head().epoch()).blocks());
        IntStream.range(0, MANY_RANGES)
                .forEach(i -> blocks.add(new BlockRange("other-" + i % 7, 1_000_000 + 2 * i, 1_000_000 + 2 * i)));
        Claims claims = new Claims(blocks, List.of(), true);

        assertThat(url(courier.lane(), table -> table.render(orders, claims).close()))
                .hasSizeBetween(100, 4000)
                // What the user's profile says of a part of an answer must not hold.
                .contains("read_overflow_mode=throw", "group_by_overflow_mode=throw", "join_use_nulls=0")
                .contains("use_query_condition_cache=0", "query_plan_optimize_lazy_materialization=0");
        try (InputStream rendered = new AccessLogTable(courier.clickHouse(), courier.lane()).render(orders, claims)) {
            Frames frames = new Frames(rendered);
            for (WorkOrder order : orders) {
                assertThat(frames.next()).isTrue();
                assertThat(frames.number()).isEqualTo(order.number());
            }
            assertThat(frames.next()).isFalse();
        }
        assertThat(orders).hasSize(MANY_ORDERS);
    }

    @Test
    void groupsWhoseNamesJoinedAreAlikeAreToldApart() {
        Installation courier = STACK.installation();
        String target = courier.target();
        List<LogRow> rows = List.of(
                LogRow.of("cats", "first", target).with("loggingTargetPrefix", target + "logs/"),
                LogRow.of("cats" + target, "second", target).with("loggingTargetPrefix", "logs/"));
        courier.insert(rows);

        assertThat(courier.deliver("cats-target-target", rows).balance().objects())
                .isEqualTo(2);
    }

    /** A row is looked at by several columns at once: a byte that one of them alone holds must be seen. */
    @Test
    void aByteThatMustBeEscapedIsSeenInEachColumnAlone() {
        Installation courier = STACK.installation();
        List<LogRow> rows = new ArrayList<>();
        List<String> columns = new ArrayList<>(LogRow.TEXTS);
        columns.addAll(List.of("aclRequired", "req_id"));
        for (String column : columns) {
            for (String one : List.of(" ", "\"", "\\", "\n", "\u007f")) {
                rows.add(LogRow.of("cats", "r" + rows.size(), courier.target())
                        .with(column, rows.size() + "a" + one + "b"));
            }
        }
        courier.insert(rows);

        courier.deliver("a hostile byte each", rows);
    }

    /** Of a sparse column ClickHouse aggregates the zeros last: what is aggregated apart comes in another sequence. */
    @Test
    void ordersAreToldApartWhereMostNumbersAreZero() {
        Installation courier = STACK.installation();
        courier.execute("ALTER TABLE {ledger}.orders MODIFY SETTING ratio_of_defaults_for_sparse_serialization = 0.1");
        List<LogRow> rows = Stream.of("cats", "dogs", "eels")
                .map(bucket -> LogRow.of(bucket, bucket, courier.target()))
                .toList();
        courier.insert(rows);
        courier.flush();
        assertThat(courier.text("SELECT serialization_kind FROM system.parts_columns WHERE active" + " AND database = '"
                        + courier.lane().ledger() + "' AND table = 'orders' AND column = 'number'"))
                .isEqualTo("Sparse\n");

        courier.serve(courier.worker());

        courier.assertDelivered("three orders of one message", rows);
    }

    /** Few ranges, some, more than a usual text holds; few partitions, and more than the index is asked for one by one. */
    @Test
    void blocksAreFoundHoweverManyAreAskedFor() {
        Installation courier = STACK.installation();
        courier.execute(
                "INSERT INTO {logs}.access_logs (bucketName, insertedAt, startTime, req_id)"
                        + " SELECT 'bucket', now() - 3600 * (number % 3), now(), 'r' FROM numbers(60)"
                        + " SETTINGS max_block_size = 1, min_insert_block_size_rows = 1, max_threads = 1, max_insert_threads = 1");
        AccessLogTable table = new AccessLogTable(courier.clickHouse(), courier.lane());
        List<BlockRange> present = courier.text("SELECT DISTINCT _partition_id, _block_number FROM {logs}.access_logs")
                .lines()
                .map(line -> line.split("\t", -1))
                .map(block -> new BlockRange(block[0], Long.parseLong(block[1]), Long.parseLong(block[1])))
                .toList();
        assertThat(present).hasSize(60);
        assertThat(courier.text("SELECT engine_full FROM system.tables WHERE name = 'access_logs' AND database = '"
                        + courier.lane().logs() + "'"))
                .as("parts are skipped by block number")
                .contains("part_minmax_index_columns");
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int[] others : new int[][] {{0, 1}, {30, 3}, {30, 100}, {20_000, 3}, {20_000, 5000}}) {
            List<BlockRange> asked = new ArrayList<>();
            List<Long> expected = new ArrayList<>();
            for (BlockRange block : present) {
                if (others[0] == 0 ? random.nextInt(10) == 0 : random.nextBoolean()) {
                    asked.add(block);
                    expected.add(block.low());
                } else if (others[0] > 0) {
                    // In a partition that has no such block.
                    String other = present.get(random.nextInt(present.size())).partition();
                    asked.add(new BlockRange(
                            other.equals(block.partition()) ? "other" : other, block.low(), block.high()));
                }
            }
            for (int i = 0; i < others[0]; i++) {
                asked.add(new BlockRange("other-" + i % others[1], 3L * i, 3L * i + random.nextInt(2)));
            }

            record Found(long block) {}
            Statement found = Statement.of("SELECT _block_number AS block FROM "
                    + courier.lane().logs() + ".access_logs WHERE /* claimed */ ORDER BY block");
            assertThat(courier.clickHouse().list(table.over(found, asked), Found.class))
                    .as("seed %d, %d other ranges of %d partitions", seed, others[0], others[1])
                    .extracting(Found::block)
                    .containsExactlyElementsOf(expected.stream().sorted().toList());
        }
    }

    @FunctionalInterface
    private interface Statements {
        void run(AccessLogTable table) throws IOException;
    }

    /** The last URL that some statements ask for, of a server that answers nothing. */
    private static String url(Lane lane, Statements statements) throws IOException {
        AtomicReference<String> url = new AtomicReference<>("");
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            url.set(exchange.getRequestURI().toString());
            exchange.getRequestBody().readAllBytes();
            exchange.sendResponseHeaders(200, -1);
            exchange.close();
        });
        server.start();
        Lane there = lane.at(
                lane.name(),
                List.of(URI.create("http://localhost:" + server.getAddress().getPort())));
        try (ClickHouse clickHouse = ClickHouse.connect(there.endpoint())) {
            statements.run(new AccessLogTable(clickHouse, there));
        } finally {
            server.stop(0);
        }
        return url.get();
    }

    /** Compares a row with what it was rendered as. */
    private interface Judge {
        /** Returns what is different by the field where it begins, or nothing. */
        Optional<Map.Entry<String, String>> compare(Map<String, Object> row, byte[] rendered);
    }

    /** Orders of one epoch, and the rows of each by bucket. */
    private record Ordered(
            AccessLogTable logs, Claims claims, List<WorkOrder> orders, Map<String, List<Map<String, Object>>> rows) {
        private byte[] file(WorkOrder order) throws IOException {
            try (InputStream file = logs.render(List.of(order), claims)) {
                return file.readAllBytes();
            }
        }
    }

    private static void render(long seed, String form, Judge judge) throws IOException {
        Ordered ordered = order(seed, form);
        try (InputStream rendered = ordered.logs.render(ordered.orders, ordered.claims)) {
            compare(seed, ordered.rows, ordered.orders, new Frames(rendered), judge);
        }
    }

    private static Ordered order(long seed, String form) {
        Installation courier = STACK.installation(Map.of("delivery.forms", "*=" + form));
        StoredRows table = new StoredRows(courier.clickHouse(), courier.lane());
        List<Map<String, Object>> rows = new Trouble(seed, table.types()).rows(ROWS);

        table.insert(rows);
        courier.flush();

        Map<String, List<Map<String, Object>>> expected =
                rows.stream().sorted(ORDER).collect(Collectors.groupingBy(row -> (String) row.get("bucketName")));
        Ledger ledger = new Ledger(courier.clickHouse(), courier.lane());
        List<WorkOrder> orders = ledger.decided(0, ledger.head().epoch());
        assertThat(orders.stream().map(WorkOrder::epoch).distinct())
                .as("seed %d", seed)
                .hasSize(1);
        WorkOrder any = orders.getFirst();
        return new Ordered(
                new AccessLogTable(courier.clickHouse(), courier.lane()),
                ledger.claims(any.fromEpoch(), any.toEpoch()),
                orders,
                expected);
    }

    private static void compare(
            long seed,
            Map<String, List<Map<String, Object>>> expected,
            List<WorkOrder> orders,
            Frames frames,
            Judge judge)
            throws IOException {
        Map<Integer, Iterator<Map<String, Object>>> left = new HashMap<>();
        orders.forEach(order -> left.put(
                order.number(), expected.remove(latin(order.group().bucket())).iterator()));
        assertThat(expected).as("seed %d: buckets without an order", seed).isEmpty();
        Map<String, String> differences = new LinkedHashMap<>();
        while (frames.next()) {
            Map<String, Object> row = left.get(frames.number()).next();
            ByteArrayOutputStream line = new ByteArrayOutputStream();
            frames.line(line::write);
            judge.compare(row, line.toByteArray())
                    .ifPresent(different -> differences.putIfAbsent(different.getKey(), different.getValue()));
        }
        assertThat(left.values())
                .as("seed %d: rows that were not rendered", seed)
                .noneMatch(Iterator::hasNext);
        if (!differences.isEmpty()) {
            fail("seed %d: %s".formatted(seed, String.join("\n\n", differences.values())));
        }
    }

    private static Optional<Map.Entry<String, String>> compareLine(
            Map<String, Object> row, byte[] rendered, LogLine.Style style) {
        String actual = new String(rendered, StandardCharsets.ISO_8859_1);
        String wanted = LogLine.of(row, style) + "\n";
        if (actual.equals(wanted)) {
            return Optional.empty();
        }
        String field = firstDifference(LogLine.fields(row, style), wanted, actual);
        return Optional.of(Map.entry(field, "%s differs\n%s".formatted(field, shown(row, wanted, actual))));
    }

    private static Optional<Map.Entry<String, String>> compareObject(Map<String, Object> row, byte[] rendered) {
        assertThat(rendered).endsWith('\n');
        return compareFields(TypedFields.of(row), TypedFields.parse(rendered));
    }

    private static Optional<Map.Entry<String, String>> compareFields(
            Map<String, Object> wanted, Map<String, Object> actual) {
        assertThat(actual.keySet()).containsExactlyElementsOf(wanted.keySet());
        return wanted.entrySet().stream()
                .filter(field -> !Objects.equals(field.getValue(), actual.get(field.getKey())))
                .findFirst()
                .map(field -> Map.entry(
                        field.getKey(),
                        "%s differs: expected %s, actual %s"
                                .formatted(
                                        field.getKey(), shown(field.getValue()), shown(actual.get(field.getKey())))));
    }

    /** The field in which the lines part. */
    private static String firstDifference(Map<String, String> fields, String expected, String actual) {
        int place = Arrays.mismatch(expected.toCharArray(), actual.toCharArray());
        for (Map.Entry<String, String> field : fields.entrySet()) {
            place -= field.getValue().length() + 1;
            if (place < 0) {
                return field.getKey();
            }
        }
        return "the end";
    }

    private static String shown(Map<String, Object> row, String expected, String actual) {
        return row.entrySet().stream()
                .map(column -> "  %s = %s\n".formatted(column.getKey(), shown(column.getValue())))
                .collect(Collectors.joining(
                        "", "", "expected: %s\nactual:   %s".formatted(shown(expected), shown(actual))));
    }

    private static String shown(Object value) {
        if (!(value instanceof String text)) {
            return String.valueOf(value);
        }
        StringBuilder shown = new StringBuilder("'");
        text.chars().limit(LONGEST_SHOWN).forEach(one -> {
            if (one < ' ' || one > '~' || one == '\\') {
                shown.append("\\x%02x".formatted(one));
            } else {
                shown.append((char) one);
            }
        });
        return shown.append(text.length() > LONGEST_SHOWN ? "'... of " + text.length() + " bytes" : "'")
                .toString();
    }

    private static String utf8(String text) {
        return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
    }

    private static String latin(String text) {
        return utf8(text);
    }

    /** Makes rows, the same for the same seed and columns. */
    private static final class Trouble {
        private final Random random;
        private final Map<String, String> types;
        private final List<String> buckets = new ArrayList<>();
        private final Instant now = Instant.now().truncatedTo(ChronoUnit.SECONDS);

        Trouble(long seed, Map<String, String> types) {
            this.random = new Random(seed);
            this.types = types;
            // Every byte below 0x80, eight a name, and names in UTF-8; others cannot be delivered.
            for (int first = 0; first < 0x80; first += 8) {
                buckets.add(IntStream.range(first, first + 8)
                        .mapToObj(Character::toString)
                        .collect(Collectors.joining()));
            }
            buckets.add("-");
            buckets.add("%2F");
            while (buckets.size() < BUCKETS) {
                buckets.add("b" + utf8(Character.toString(0x80 + random.nextInt(0xd000))) + buckets.size());
            }
        }

        /** The first ones have every byte value in every column of text: alone, in front, in the middle, at the end. */
        List<Map<String, Object>> rows(int count) {
            return IntStream.range(0, count).mapToObj(this::row).toList();
        }

        private Map<String, Object> row(int index) {
            Map<String, Object> row = new LinkedHashMap<>();
            types.forEach((column, type) -> row.put(column, value(index, column, type)));
            return row;
        }

        private Object value(int index, String column, String type) {
            return switch (column) {
                case "insertedAt" -> now.minus(Duration.ofMinutes(random.nextInt(180)));
                case "bucketName" -> buckets.get(random.nextInt(buckets.size()));
                case "loggingEnabled" -> true;
                case "loggingTargetBucket" -> "target";
                case "loggingTargetPrefix", "loggingTargetKeyFormat", "filteredBy" -> "";
                case "raftSessionID" -> 7;
                case "startTime" -> time();
                case "operation" ->
                    index >= 4 * 256 && random.nextInt(4) > 0
                            ? OPERATIONS.get(random.nextInt(OPERATIONS.size()))
                            : text(index, type);
                case "clientIP" ->
                    index >= 4 * 256 && random.nextBoolean()
                            ? ADDRESSES.get(random.nextInt(ADDRESSES.size()))
                            : text(index, type);
                default -> StoredRows.isText(type) ? text(index, type) : number(type);
            };
        }

        private Object text(int index, String type) {
            if (index < 4 * 256) {
                String one = Character.toString(index % 256);
                return switch (index / 256) {
                    case 0 -> one;
                    case 1 -> one + "b";
                    case 2 -> "a" + one + "b";
                    default -> "a" + one;
                };
            }
            return switch (random.nextInt(8)) {
                case 0 -> StoredRows.isNullable(type) ? null : "";
                case 1 -> "";
                case 2 -> random.nextBoolean() ? "-" : TROUBLE.get(random.nextInt(TROUBLE.size()));
                case 3 -> bytes(random.nextInt(random.nextInt(40) == 0 ? LONG_TEXT : 40));
                case 4 -> "plain" + random.nextInt(10);
                default -> pieces();
            };
        }

        private String bytes(int length) {
            byte[] bytes = new byte[length];
            random.nextBytes(bytes);
            return new String(bytes, StandardCharsets.ISO_8859_1);
        }

        private String pieces() {
            StringBuilder text = new StringBuilder();
            for (int count = random.nextInt(8); count >= 0; count--) {
                text.append(TROUBLE.get(random.nextInt(TROUBLE.size())));
                if (random.nextBoolean()) {
                    text.append((char) ('a' + random.nextInt(26)));
                }
            }
            return random.nextInt(200) == 0 ? text.toString().repeat(LONG_TEXT / text.length() + 1) : text.toString();
        }

        private Instant time() {
            Instant second = Instant.ofEpochSecond(1_767_225_600L + random.nextInt(400 * 86_400));
            return switch (random.nextInt(6)) {
                case 0 -> TIMES.get(random.nextInt(TIMES.size()));
                case 1 -> second;
                case 2 -> second.minusMillis(1);
                case 3 -> second.truncatedTo(ChronoUnit.DAYS).minusMillis(random.nextInt(2));
                case 4 ->
                    Instant.ofEpochMilli(random.nextLong(
                            Instant.parse("1900-01-01T00:00:00Z").toEpochMilli(),
                            Instant.parse("2299-12-31T23:59:59Z").toEpochMilli()));
                default -> second.plusMillis(random.nextInt(1000));
            };
        }

        private Object number(String type) {
            if (StoredRows.isNullable(type) && random.nextInt(6) == 0) {
                return null;
            }
            if (type.contains("UInt16")) {
                return switch (random.nextInt(4)) {
                    case 0 -> 0;
                    case 1 -> 0xffff;
                    default -> random.nextInt(0x10000);
                };
            }
            if (type.contains("UInt64")) {
                return switch (random.nextInt(6)) {
                    case 0 -> 0L;
                    case 1 -> -1L;
                    case 2 -> Long.MAX_VALUE;
                    case 3 -> Long.MIN_VALUE;
                    default -> random.nextLong() >>> random.nextInt(64);
                };
            }
            return switch (random.nextInt(12)) {
                case 0 -> 0F;
                case 1 -> -0F;
                case 2 -> 1e6F;
                case 3 -> 16_777_216F;
                case 4 -> 1e20F;
                case 5 -> random.nextInt(1000) + 0.5F;
                case 6 -> random.nextFloat();
                case 7 -> random.nextFloat() * 1e10F;
                case 8 ->
                    List.of(
                                    Float.NaN,
                                    Float.POSITIVE_INFINITY,
                                    Float.NEGATIVE_INFINITY,
                                    Float.MAX_VALUE,
                                    Float.MIN_VALUE,
                                    -1F,
                                    9.223372e18F,
                                    1.8446744e19F,
                                    1.7014118e38F)
                            .get(random.nextInt(9));
                default -> (float) random.nextInt(100_000_000);
            };
        }
    }
}
