package io.logcourier.localstack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.logcourier.ConfigurationException;
import io.logcourier.discovery.DiscoveryHandler;
import io.logcourier.discovery.FaultyPlanner;
import io.logcourier.message.OrderMessage;
import io.logcourier.message.SqsOrderQueue;
import io.logcourier.message.Tick;
import io.logcourier.operations.Audit;
import io.logcourier.operations.AuditReport;
import io.logcourier.operations.Status;
import io.logcourier.schema.Schema;
import io.logcourier.worker.WorkerHandler;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Objects have the form that was asked for when their order was decided. */
class FormsIT {
    private static final String ACCOUNT = "123456789012";
    private static final Tick PLAIN = new Tick(Optional.empty(), false, false);
    private static final Tick FLUSH = new Tick(Optional.empty(), true, false);

    @RegisterExtension
    static final Stack STACK = new Stack();

    @Test
    void byEventTimeAnObjectHoldsOneUtcDayHoweverLateItsRowsAre() {
        Installation courier = STACK.installation(forms("*=event-time gzip"));
        List<LogRow> rows = Stream.of(
                        "2026-03-01T23:59:59.999Z",
                        "2026-03-02T00:00:00.000Z",
                        "2026-03-02T00:00:00.001Z",
                        "2026-02-28T12:00:00.000Z",
                        "2024-02-29T23:59:59.999Z",
                        "2002-01-01T00:00:00.001Z",
                        "2286-01-01T00:00:00.000Z")
                .map(time -> at(courier, "cats", "r" + time, time))
                .toList();
        courier.insert(rows);

        courier.deliver("seven rows of six days", rows);

        assertThat(courier.objects(courier.target()).keySet().stream()
                        .map(key -> key.replaceFirst("[0-9A-F]{16}[.]gz$", "")))
                .containsExactlyInAnyOrder(
                        Stream.of("2002/01/01", "2024/02/29", "2026/02/28", "2026/03/01", "2026/03/02", "2286/01/01")
                                .map(day -> "logs/cats/" + ACCOUNT + "/us-east-1/cats/" + day + "/"
                                        + day.replace('/', '-') + "-00-00-00-")
                                .toArray(String[]::new));
        AuditReport report = courier.deepAudit();
        assertThat(report.rendered()).isEqualTo(new Audit.Rendered(6, 0, 0));
        assertThat(report.differences()).isEmpty();
        assertThat(report.missing()).isEmpty();
    }

    /** 1811 and 1899, the first millisecond of 2300, 2603, the year 9999; in each statement the same day. */
    @Test
    void timesThatNoDateCanHoldAreOfTheFirstAndTheLastDay() {
        Installation courier = STACK.installation(forms("*=event-time"));
        courier.execute("INSERT INTO {logs}.access_logs_ingest (startTime, req_id, bucketName, loggingEnabled,"
                + " loggingTargetBucket, loggingTargetPrefix, raftSessionID)"
                + " SELECT fromUnixTimestamp64Milli(time), toString(time), 'cats', true, '" + courier.target()
                + "', 'logs/', 1 FROM (SELECT arrayJoin([-5000000000000, -2208988800001, -2208988800000, -500, 0,"
                + " 10413791999999, 10413792000000, 20000000000000, 253402300799000]) AS time)");

        courier.flush();
        courier.drain();

        AuditReport report = courier.deepAudit();
        assertThat(report.isWell()).as("%s", report).isTrue();
        assertThat(report.balance().delivered()).isEqualTo(9);
        assertThat(courier.number("SELECT count() FROM {ledger}.shortfalls")).isZero();
        assertThat(courier.objects(courier.target()).keySet().stream().map(key -> key.replaceFirst(".*/cats/", "")))
                .extracting(key -> key.substring(0, 10))
                .containsExactlyInAnyOrder("1900/01/01", "1969/12/31", "1970/01/01", "2299/12/31");
    }

    /** The documented view. */
    @Test
    void rowsThatARuleKeepsOutAreCountedAndInNoObject() throws IOException {
        Installation courier = STACK.installation();
        documented(courier, "Leaving rows out, and other targets for some");
        LogRow row = LogRow.of("cats", "r", courier.target());
        List<LogRow> kept = List.of(
                row.with("req_id", "kept"),
                row.with("req_id", "moved").with("operation", "S3.EXPIRE.OBJECT"),
                row.with("req_id", "shipped").with("filteredBy", ""));
        courier.insert(kept);
        courier.insert(List.of(
                row.with("operation", "REST.HEAD.OBJECT"),
                row.with("objectKey", "tmp/a"),
                row.with("objectKey", "a.tmp"),
                row.with("httpCode", 304),
                row.with("filteredBy", "the shipper's own")));

        courier.flush();
        courier.drain();

        AuditReport report = courier.deepAudit();
        assertThat(report.isWell()).as("%s", report).isTrue();
        assertThat(report.balance().filtered()).isEqualTo(5);
        assertThat(report.balance().delivered()).isEqualTo(3);
        assertThat(report.undelivered()).isEmpty();
        assertThat(report.verdict()).contains("5 rows are kept out by a rule.");
        assertThat(courier.text("SELECT filteredBy, count() FROM {logs}.access_logs GROUP BY 1 ORDER BY 1"))
                .isEqualTo("\t3\nheads\t1\nnot modified\t1\ntemporary\t2\nthe shipper\\'s own\t1\n");
        assertThat(courier.objects(courier.target()).entrySet().stream()
                        .flatMap(object -> Installation.lines(object.getValue()).stream()
                                .map(line -> object.getKey().replaceFirst("[0-9-]+[0-9A-F]{16}$", "") + " "
                                        + line.split(" ", -1)[6])))
                .containsExactlyInAnyOrder("logs/cats/ kept", "logs/cats/lifecycle/ moved", "logs/cats/ shipped");
    }

    /** An UPDATE between claim and delivery is named; nothing is delivered twice or said to be lost. */
    @Test
    void aRuleThatComesAfterTheClaimIsNamed() {
        Installation courier = STACK.installation(Map.of("worker.supersede-after", "0.001s"));
        courier.insert(List.of(LogRow.of("cats", "a", courier.target()), LogRow.of("cats", "b", courier.target())));
        courier.flush();
        courier.execute(
                "ALTER TABLE {logs}.access_logs UPDATE filteredBy = 'late' WHERE req_id = 'a' SETTINGS mutations_sync = 2");

        for (int round = 0; round < 3; round++) {
            courier.serve(courier.worker());
            courier.flush();
        }

        AuditReport report = courier.deepAudit();
        assertThat(report.isWell()).isFalse();
        assertThat(report.refused()).hasSize(1);
        assertThat(report.balance().lost()).isZero();
        assertThat(courier.objects(courier.target())).isEmpty();
    }

    @Test
    void anOwnerGetsTheKeysThatARowAsksFor() {
        Installation courier = STACK.installation(forms("*=delivery-time gzip"));
        List<LogRow> rows = new ArrayList<>();
        for (String format : List.of("", "SimplePrefix", "EventTime", "DeliveryTime", "UUID")) {
            rows.add(at(courier, "cats-" + format.toLowerCase(Locale.ROOT), "r" + format, "2026-03-01T12:00:00.000Z")
                    .with("loggingTargetKeyFormat", format));
        }
        courier.insert(rows);

        courier.deliver("five buckets", rows);

        String folders = ACCOUNT + "/us-east-1/";
        assertThat(courier.objects(courier.target()).keySet())
                .allMatch(key -> key.endsWith(".gz"))
                .anyMatch(key -> key.matches("logs/cats-simpleprefix/[0-9-]+[0-9A-F]{16}[.]gz"))
                .anyMatch(key -> key.startsWith(
                        "logs/cats-eventtime/" + folders + "cats-eventtime/2026/03/01/2026-03-01-00-00-00-"))
                .anyMatch(key -> key.startsWith("logs/cats-deliverytime/" + folders) && !key.contains("/2026/03/01/"))
                .anyMatch(key -> key.startsWith("logs/cats-uuid/" + folders))
                .anyMatch(key -> key.startsWith("logs/cats-/" + folders));
        assertThat(courier.deepAudit().isWell()).isTrue();
    }

    @Test
    void anOwnerWhoAsksForFoldersGetsNoneWithoutAnAccount() {
        Installation courier = STACK.installation();
        List<LogRow> rows =
                List.of(LogRow.of("cats", "a", courier.target()).with("loggingTargetKeyFormat", "EventTime"));
        courier.insert(rows);

        courier.deliver("no account", rows);

        assertThat(courier.objects(courier.target()).keySet())
                .allMatch(key -> key.matches("logs/cats/[0-9-]+[0-9A-F]{16}"));
    }

    /** The documented statements bring a table of before to what a new one is. */
    @Test
    void aTableOfBeforeGetsTheNewerColumns() throws IOException {
        Installation courier = STACK.installation();
        String columns = "SELECT name, type FROM system.columns WHERE database = '"
                + courier.lane().logs()
                + "' AND table IN ('access_logs', 'access_logs_ingest') ORDER BY table, position";
        String made = courier.text(columns);
        courier.execute("ALTER TABLE {logs}.access_logs_mv MODIFY QUERY SELECT * EXCEPT (sourceRegion,"
                + " loggingTargetKeyFormat, filteredBy) FROM {logs}.access_logs_ingest WHERE loggingEnabled");
        for (String table : List.of("access_logs", "access_logs_ingest")) {
            courier.execute("ALTER TABLE {logs}." + table
                    + " DROP COLUMN sourceRegion, DROP COLUMN loggingTargetKeyFormat, DROP COLUMN filteredBy");
        }
        documented(courier, "Tables of before");
        LogRow row = LogRow.of("cats", "a", courier.target()).with("sourceRegion", "eu-west-3");
        courier.insert(row);

        courier.deliver("the newer columns", List.of(row));

        assertThat(courier.text(columns)).isEqualTo(made);
        assertThat(row.line()).endsWith(" eu-west-3");
    }

    /** Runs the statements below a heading of the page on ClickHouse. */
    private static void documented(Installation courier, String heading) throws IOException {
        String page = Files.readString(Path.of("..", "..", "docs", "clickhouse.md"));
        String section = page.substring(page.indexOf("## " + heading));
        String block = section.substring(section.indexOf("```sql") + 6, section.indexOf("```\n"));
        for (String statement : block.split(";", -1)) {
            if (!statement.isBlank()) {
                courier.execute(statement.replace("logs.", courier.lane().logs() + "."));
            }
        }
    }

    /** An existing table has its own. */
    @Test
    void rowsOfColumnsOfOtherTypesAreDeliveredInEachForm() {
        Installation courier = STACK.installation(forms("json-*=json,parquet-*=parquet,*=event-time"));
        courier.execute("CREATE TABLE {logs}.other ENGINE = MergeTree ORDER BY tuple()"
                + " SETTINGS enable_block_number_column = 1, enable_block_offset_column = 1"
                + " EMPTY AS SELECT * FROM {logs}.access_logs");
        courier.execute("ALTER TABLE {logs}.other MODIFY COLUMN insertedAt DateTime64(3) DEFAULT now64(3),"
                + " MODIFY COLUMN startTime DateTime64(6, 'Asia/Tokyo'), MODIFY COLUMN raftSessionID UInt8,"
                + " MODIFY COLUMN bucketName LowCardinality(String), MODIFY COLUMN req_id LowCardinality(String),"
                + " MODIFY COLUMN loggingTargetBucket LowCardinality(String),"
                + " MODIFY COLUMN loggingTargetPrefix LowCardinality(String),"
                + " MODIFY COLUMN userAgent LowCardinality(Nullable(String)), MODIFY COLUMN clientIP String DEFAULT '',"
                + " MODIFY COLUMN totalTime Nullable(Float64), MODIFY COLUMN turnAroundTime Nullable(UInt32),"
                + " MODIFY COLUMN bytesSent Nullable(Int64), MODIFY COLUMN httpCode Nullable(Int32)");
        courier.execute("DROP TABLE {logs}.access_logs");
        courier.execute("RENAME TABLE {logs}.other TO {logs}.access_logs");
        courier.execute("DROP DATABASE {ledger} SYNC");
        new Schema(courier.lane(), courier.settings().logRetention()).apply(courier.clickHouse(), false);
        List<String> targets = List.of(courier.target(), "json-" + courier.target(), "parquet-" + courier.target());
        targets.stream().skip(1).forEach(target -> courier.s3().createBucket(request -> request.bucket(target)));
        List<LogRow> rows = targets.stream()
                .flatMap(target -> IntStream.range(0, 50).mapToObj(i -> LogRow.of("cats", "r" + i, target)))
                .toList();
        courier.insert(rows);

        courier.flush();
        courier.drain();

        AuditReport report = courier.deepAudit();
        assertThat(report.isWell()).as("%s", report).isTrue();
        assertThat(report.balance().delivered()).isEqualTo(150);
        assertThat(report.rendered()).isEqualTo(new Audit.Rendered(3, 0, 0));
        assertThat(courier.number("SELECT count() FROM {ledger}.shortfalls")).isZero();
        courier.assertObjects("text", "", rows.subList(0, 50));
    }

    @ParameterizedTest
    @CsvSource({
        "text, '', text/plain",
        "gzip, .gz, application/gzip",
        "zstd, .zst, application/zstd",
        "json, .json, application/x-ndjson",
        "parquet, .parquet, application/vnd.apache.parquet",
        "json gzip, .json.gz, application/gzip"
    })
    void anObjectSaysWhatItIs(String form, String suffix, String contentType) {
        Installation courier = STACK.installation(forms("*=" + form));
        List<LogRow> rows = List.of(LogRow.of("cats", "r", courier.target()));
        courier.insert(rows);

        courier.deliver(form, rows);

        String key = courier.objects(courier.target()).keySet().iterator().next();
        assertThat(key).matches("[^.]*\\Q" + suffix);
        var head = courier.s3()
                .headObject(request -> request.bucket(courier.target()).key(key));
        assertThat(head.contentType()).isEqualTo(contentType);
        assertThat(head.contentEncoding()).isNull();
    }

    @Test
    void ordersOfSeveralFormsTravelInOneMessage() {
        Installation courier = STACK.installation(forms("json-*=json zstd,parquet-*=parquet,*=simple"));
        List<String> targets = List.of(courier.target(), "json-" + courier.target(), "parquet-" + courier.target());
        List<LogRow> rows = new ArrayList<>();
        for (String target : targets) {
            for (int i = 0; i < 6; i++) {
                rows.add(LogRow.of(List.of("cats", "dogs", "owls").get(i % 3), target + i, target));
            }
        }
        targets.stream().skip(1).forEach(target -> courier.s3().createBucket(request -> request.bucket(target)));
        courier.insert(rows);

        courier.flush();
        assertThat(courier.receive(courier.settings().queue().url())).hasSize(1);
        courier.tick(new Tick(Optional.empty(), false, true));
        courier.drain();

        assertThat(targets)
                .allSatisfy(target -> assertThat(courier.objects(target)).hasSize(3));
        AuditReport report = courier.deepAudit();
        assertThat(report.isWell()).as("%s", report).isTrue();
        assertThat(report.balance().delivered()).isEqualTo(18);
        assertThat(report.rendered()).isEqualTo(new Audit.Rendered(9, 0, 0));
    }

    @Test
    void columnsThatAreAskedForFollowTheFields() throws IOException {
        LogRow row =
                LogRow.of("cats", "r", "target").with("hostname", "s3 \"1\"").with("raftSessionID", 5);
        for (String form : List.of("text", "json", "parquet")) {
            Map<String, String> asked =
                    Map.of("delivery.forms", "*=" + form, "delivery.more-columns", "hostname, raftSessionID");
            Installation courier = STACK.installation(asked);
            courier.insert(row.with("loggingTargetBucket", courier.target()));
            courier.flush();
            try (SqsOrderQueue queue = new SqsOrderQueue(courier.settings())) {
                FaultyPlanner.plan(courier, queue, forms("*=" + form), FLUSH);
            }
            courier.drain();

            byte[] object =
                    courier.objects(courier.target()).values().iterator().next();
            if (form.equals("text")) {
                assertThat(Installation.lines(object)).containsExactly(row.line() + " s3%20%221%22 5");
            } else {
                Map<String, Object> expected = row.typed();
                expected.put("hostname", "s3 \"1\"");
                expected.put("raftSessionID", 5L);
                assertThat(
                                form.equals("json")
                                        ? TypedFields.parse(object)
                                        : ParquetRows.of(object).getFirst())
                        .containsExactlyEntriesOf(expected);
            }
            assertThat(courier.deepAudit().isWell()).isTrue();
        }
    }

    /** Its bytes name the version, so the same rows make other bytes then. */
    @Test
    void aParquetFileOfAnotherClickHouseIsTheSame() {
        Installation courier = STACK.installation(forms("*=parquet"));
        List<LogRow> rows = List.of(LogRow.of("cats", "r", courier.target()));
        courier.insert(rows);
        courier.deliver("before", rows);
        courier.execute("ALTER TABLE {ledger}.offsets UPDATE bytes = bytes + 1, crc32c = crc32c + 1 WHERE true"
                + " SETTINGS mutations_sync = 2");
        assertThat(courier.deepAudit())
                .satisfies(report -> assertThat(report.rendered()).isEqualTo(new Audit.Rendered(1, 0, 0)))
                .satisfies(report -> assertThat(report.differences())
                        .as("the object that was delivered")
                        .hasSize(1));

        courier.send(new OrderMessage(OrderMessage.VERSION, "main", 2, 0, 0, true, Optional.empty()).body());
        courier.drain();

        assertThat(courier.deadLetters()).isEmpty();
        assertThat(courier.number("SELECT count() FROM {ledger}.offsets")).isEqualTo(2);
        assertThat(courier.deepAudit().isWell()).isTrue();
        assertThat(courier.assertDelivered("after", rows).balance().objects()).isOne();
    }

    /** Those that a star does not mean, and those that are called as something in our statements is. */
    @Test
    void columnsOfEveryKindAndNameFollowTheFields() throws IOException {
        List<String> names = List.of(
                "any_day", "only_day", "number", "identity", "token", "present", "unsafe_tokens", "session", "wanted");
        for (String form : List.of("text", "json", "parquet")) {
            Installation plain = STACK.installation(forms("*=" + form));
            plain.execute("ALTER TABLE {logs}.access_logs ADD COLUMN counted Int64 MATERIALIZED length(req_id),"
                    + " ADD COLUMN other String ALIAS concat(req_id, '-other'), ADD COLUMN passing String EPHEMERAL, "
                    + names.stream()
                            .map(name -> "ADD COLUMN %s String DEFAULT 'own %s'".formatted(name, name))
                            .collect(Collectors.joining(", ")));
            LogRow row = LogRow.of("cats", "r", plain.target());
            plain.insert(row);
            String asked = "counted,other," + String.join(",", names);
            try (SqsOrderQueue queue = new SqsOrderQueue(plain.settings())) {
                FaultyPlanner.plan(
                        plain, queue, Map.of("delivery.forms", "*=" + form, "delivery.more-columns", asked), FLUSH);
                assertThatThrownBy(() -> FaultyPlanner.plan(
                                plain, queue, Map.of("delivery.more-columns", "hostname,passing"), FLUSH))
                        .isInstanceOf(ConfigurationException.class)
                        .hasMessageContaining("delivery.more-columns names passing")
                        .hasMessageContaining("EPHEMERAL");
            }
            plain.drain();

            byte[] object = plain.objects(plain.target()).values().iterator().next();
            if (form.equals("text")) {
                assertThat(Installation.lines(object))
                        .containsExactly(row.line() + " 1 r-other "
                                + names.stream().map(name -> "own%20" + name).collect(Collectors.joining(" ")));
            } else {
                Map<String, Object> expected = row.typed();
                expected.put("counted", 1L);
                expected.put("other", "r-other");
                names.forEach(name -> expected.put(name, "own " + name));
                assertThat(
                                form.equals("json")
                                        ? TypedFields.parse(object)
                                        : ParquetRows.of(object).getFirst())
                        .containsExactlyEntriesOf(expected);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"text", "parquet"})
    void aRowThatAColumnThrowsOnIsGivenUpWithTheReasonAndStopsNoOtherBucket(String form) {
        Installation courier = STACK.installation(forms("*=" + form));
        courier.execute("ALTER TABLE {logs}.access_logs ADD COLUMN tier UInt32 ALIAS toUInt32(userAgent)");
        List<LogRow> rows = new ArrayList<>();
        for (int bucket = 0; bucket < 5; bucket++) {
            for (int i = 0; i < 3; i++) {
                rows.add(LogRow.of("bucket-" + bucket, bucket + "-" + i, courier.target())
                        .with("userAgent", bucket == 2 && i == 1 ? "none" : "7"));
            }
        }
        courier.insert(rows);
        plan(courier, Map.of("delivery.forms", "*=" + form, "delivery.more-columns", "tier"));

        courier.drain();

        assertThat(courier.objects(courier.target())).hasSize(4);
        assertThat(courier.books().balance().delivered()).isEqualTo(12);
        assertThat(courier.books().balance().givenUp()).isEqualTo(3);
        assertThat(Status.of(courier.clickHouse(), courier.settings(), "bucket-2")
                        .text(5))
                .contains("ClickHouse cannot render it", "toUInt32(userAgent)");
        assertThat(courier.deadLetters()).singleElement().satisfies(letter -> {
            assertThat(letter.messageAttributes().get("reason").stringValue())
                    .contains("toUInt32(userAgent)", "redrive");
            courier.send(letter.body());
        });
        courier.execute("ALTER TABLE {logs}.access_logs MODIFY COLUMN tier UInt32 ALIAS toUInt32OrZero(userAgent)");
        courier.drain();

        AuditReport report = courier.deepAudit();
        assertThat(report.isWell()).as("%s", report).isTrue();
        assertThat(report.balance().delivered()).isEqualTo(15);
    }

    @Test
    void ordersThatNameADroppedColumnAreGivenUpUntilItIsBack() {
        Installation courier = STACK.installation();
        courier.execute("ALTER TABLE {logs}.access_logs ADD COLUMN colour String DEFAULT 'red'");
        courier.insert(IntStream.range(0, 5)
                .mapToObj(bucket -> LogRow.of("bucket-" + bucket, "r-" + bucket, courier.target()))
                .toList());
        plan(courier, Map.of("delivery.more-columns", "colour"));
        courier.execute("ALTER TABLE {logs}.access_logs DROP COLUMN colour");

        courier.drain();

        assertThat(courier.books().refused()).hasSize(5).allSatisfy(refused -> assertThat(refused.reason())
                .contains("ClickHouse cannot render it", "colour", "UNKNOWN_IDENTIFIER"));
        courier.execute("ALTER TABLE {logs}.access_logs ADD COLUMN colour String DEFAULT 'red'");
        courier.redrive();
        courier.drain();

        assertThat(courier.deepAudit().isWell()).isTrue();
        assertThat(courier.objects(courier.target())).hasSize(5);
    }

    private static void plan(Installation courier, Map<String, String> changed) {
        try (DiscoveryHandler discovery = new DiscoveryHandler(courier.settings(changed))) {
            assertThat(Installation.tick(discovery, FLUSH).messages()).isOne();
        }
    }

    @Test
    void aColumnThatIsNotThereIsRefusedByName() {
        assertThatThrownBy(() -> STACK.installation(Map.of("delivery.more-columns", "hostname,colour")))
                .hasMessageContaining("delivery.more-columns names colour: the log table");
    }

    @Test
    void aFormChangedBetweenAnOrderAndItsDeliveryDoesNotChangeTheObject() {
        Installation before = STACK.installation(forms("*=event-time gzip"));
        Installation untouched = STACK.installation(forms("*=event-time gzip"));
        for (Installation courier : List.of(before, untouched)) {
            courier.insert(at(courier, "cats", "r", "2026-03-01T12:00:00.000Z"));
            courier.flush();
        }
        Map<String, String> others = Map.of(
                "delivery.forms", "*=simple",
                "delivery.source-region", "eu-north-1",
                "delivery.account-id", "210987654321",
                "delivery.more-columns", "hostname",
                "worker.part-size", "5MiB");
        try (SqsOrderQueue queue = new SqsOrderQueue(before.settings());
                WorkerHandler changed = new WorkerHandler(before.settings(others))) {
            FaultyPlanner.plan(before, queue, others, FLUSH);
            assertThat(before.serve(changed)).isTrue();
            assertThat(before.serve(changed)).isFalse();
        }
        untouched.drain();

        assertThat(before.objects(before.target()).keySet())
                .hasSize(1)
                .allMatch(key -> key.contains("/2026/03/01/") && key.endsWith(".gz"));
        assertThat(before.objects(before.target()).values().iterator().next())
                .isEqualTo(untouched
                        .objects(untouched.target())
                        .values()
                        .iterator()
                        .next());
    }

    /** Whatever is asked for from step to step, each row is in one object. */
    @Test
    void formsChangeFromStepToStep() {
        Installation courier = STACK.installation(Map.of("discovery.object-limit", "30"));
        long seed = System.nanoTime();
        Random random = new Random(seed);
        List<LogRow> rows = new ArrayList<>();
        List<String> forms = List.of(
                "*=simple",
                "*=delivery-time",
                "*=event-time",
                "*=event-time gzip",
                "*=gzip",
                "*=zstd",
                "*=json",
                "*=event-time json zstd",
                "*=parquet",
                "*=event-time parquet");
        try (SqsOrderQueue queue = new SqsOrderQueue(courier.settings())) {
            for (int step = 0; step < 12; step++) {
                List<LogRow> batch = new ArrayList<>();
                for (int i = 0; i < 20; i++) {
                    batch.add(at(
                            courier,
                            random.nextBoolean() ? "cats" : "dogs",
                            step + "-" + i,
                            "2026-03-0" + (1 + random.nextInt(3)) + "T0" + random.nextInt(10) + ":00:00.000Z"));
                }
                courier.insert(batch);
                rows.addAll(batch);
                FaultyPlanner.plan(
                        courier,
                        queue,
                        forms(forms.get(random.nextInt(forms.size()))),
                        random.nextBoolean() ? FLUSH : PLAIN);
                if (random.nextBoolean()) {
                    courier.drain();
                }
            }
        }

        AuditReport report = courier.deliver("seed " + seed, rows);

        assertThat(report.isWell()).as("seed %d", seed).isTrue();
        assertThat(courier.deepAudit().rendered().gone()).as("seed %d", seed).isZero();
    }

    @Test
    void whatIsLeftOfAnOrderOfOneDayIsOfThatDay() {
        Installation courier = STACK.installation(forms("*=event-time"));
        List<LogRow> rows = Stream.of("2026-03-01", "2026-03-02")
                .flatMap(
                        day -> Stream.of("a", "b").map(name -> at(courier, "cats", day + name, day + "T12:00:00.000Z")))
                .toList();
        courier.insert(rows);
        courier.flush();
        courier.receive(courier.settings().queue().url());
        courier.execute(
                "ALTER TABLE {logs}.access_logs DELETE WHERE req_id = '2026-03-01b' SETTINGS mutations_sync = 2");
        courier.execute("INSERT INTO {ledger}.shortfalls (epoch, number, found, finding)"
                + " SELECT epoch, number, 1, 'confirmed' FROM {ledger}.orders WHERE day = '2026-03-01'");

        courier.tick(new Tick(Optional.empty(), false, true));
        courier.drain();

        Set<String> left = Set.of("2026-03-01a", "2026-03-02a", "2026-03-02b");
        AuditReport report = courier.assertDelivered(
                "what is left",
                rows.stream().filter(row -> left.contains(row.text("req_id"))).collect(Collectors.toList()));
        assertThat(report.balance().lost()).isEqualTo(1);
    }

    private static Map<String, String> forms(String forms) {
        return Map.of("delivery.account-id", ACCOUNT, "delivery.forms", forms);
    }

    private static LogRow at(Installation courier, String bucket, String id, String time) {
        Instant start = Instant.parse(time);
        return LogRow.of(bucket, id, courier.target())
                .with(
                        "startTime",
                        "%d.%03d"
                                .formatted(
                                        start.getEpochSecond(), start.toEpochMilli() - start.getEpochSecond() * 1000));
    }
}
