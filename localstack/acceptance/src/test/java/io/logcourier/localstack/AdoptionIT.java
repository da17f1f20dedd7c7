package io.logcourier.localstack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.logcourier.ConfigurationException;
import io.logcourier.clickhouse.ClickHouse;
import io.logcourier.clickhouse.Statement;
import io.logcourier.message.Tick;
import io.logcourier.operations.Adoption;
import io.logcourier.operations.Adoption.Adopted;
import io.logcourier.operations.Adoption.Compared;
import io.logcourier.operations.AuditReport;
import io.logcourier.operations.Balance;
import io.logcourier.operations.Repair;
import io.logcourier.operations.Repair.Repaired;
import io.logcourier.schema.Schema;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.auth.credentials.AnonymousCredentialsProvider;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.core.sync.ResponseTransformer;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.DelegatingS3Client;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.GetObjectRequest;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;
import software.amazon.awssdk.services.s3.model.NoSuchKeyException;
import software.amazon.awssdk.services.s3.model.S3Exception;

/** From an incumbent with cursors to the ledger. */
class AdoptionIT {
    private static final DateTimeFormatter SECOND =
            DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss").withZone(ZoneOffset.UTC);

    private static final String OFFSETS = "CREATE TABLE {logs}.offsets (bucketName String, raftSessionID UInt16,"
            + " lastProcessedInsertedAt DateTime, lastProcessedStartTime DateTime64(3), lastProcessedReqId String)"
            + " ENGINE = ReplacingMergeTree(lastProcessedInsertedAt) ORDER BY (bucketName, raftSessionID)";

    @RegisterExtension
    static final Stack STACK = new Stack();

    private final Instant now = Instant.now().minusSeconds(600);

    /** What the incumbent makes, and no ledger. */
    private static Installation installation() {
        return installation(Map.of());
    }

    private static Installation installation(Map<String, String> flags) {
        Installation courier = STACK.installation(flags);
        courier.execute("DROP DATABASE {ledger}");
        courier.execute(OFFSETS);
        return courier;
    }

    private static Adopted adopt(Installation courier) {
        return new Adoption(courier.clickHouse(), courier.settings()).adopt(Duration.ZERO);
    }

    /** The incumbent has delivered the rows of a bucket up to this one. */
    private static void cursor(Installation courier, LogRow last) {
        courier.execute("INSERT INTO {logs}.offsets VALUES ('%s', %s, '%s', '%s', '%s')"
                .formatted(
                        last.text("bucketName"),
                        last.text("raftSessionID"),
                        last.text("insertedAt"),
                        last.text("startTime"),
                        last.text("req_id")));
    }

    private LogRow row(Installation courier, String bucket, int number) {
        return LogRow.of(bucket, "%s-%03d".formatted(bucket, number), courier.target())
                .with("insertedAt", SECOND.format(now.plusSeconds(number / 10)))
                .with("startTime", "1767225600.%03d".formatted(number));
    }

    private List<LogRow> rows(Installation courier, String bucket, int from, int to) {
        return IntStream.range(from, to)
                .mapToObj(number -> row(courier, bucket, number))
                .toList();
    }

    @Test
    void rowsUpToTheCursorsCountAsDeliveredAndAllOthersAreDeliveredOnce() {
        Installation courier = installation();
        List<LogRow> half = rows(courier, "half", 0, 100);
        List<LogRow> none = rows(courier, "none", 0, 20);
        List<LogRow> all = rows(courier, "all", 0, 30);
        List<LogRow> otherSession = rows(courier, "half", 100, 110).stream()
                .map(row -> row.with("raftSessionID", 2)
                        .with("insertedAt", half.getFirst().text("insertedAt")))
                .toList();
        List<LogRow> siblings = IntStream.range(0, 3)
                .mapToObj(i -> half.get(49).with("objectKey", "sibling" + i))
                .toList();
        List<LogRow> nowhere = List.of(
                row(courier, "half", 3).with("loggingTargetBucket", ""),
                row(courier, "half", 90).with("loggingTargetBucket", ""));
        // Blocks hold rows from both sides of the cursors. Some are from before the table kept block numbers.
        courier.execute("CREATE TABLE {logs}.plain AS {logs}.access_logs ENGINE = MergeTree"
                + " PARTITION BY toStartOfHour(insertedAt)"
                + " ORDER BY (raftSessionID, bucketName, insertedAt, startTime, req_id)");
        courier.execute("DROP TABLE {logs}.access_logs");
        courier.execute("RENAME TABLE {logs}.plain TO {logs}.access_logs");
        courier.insert(
                Stream.of(half.subList(0, 40), siblings).flatMap(List::stream).toList());
        courier.insert(Stream.of(half.subList(40, 70), none.subList(0, 10))
                .flatMap(List::stream)
                .toList());
        courier.execute("OPTIMIZE TABLE {logs}.access_logs FINAL");
        courier.insert(
                Stream.of(none.subList(10, 20), nowhere).flatMap(List::stream).toList());
        courier.execute("ALTER TABLE {logs}.access_logs"
                + " MODIFY SETTING enable_block_number_column = 1, enable_block_offset_column = 1");
        courier.insert(Stream.of(half.subList(70, 100), all, otherSession)
                .flatMap(List::stream)
                .toList());
        cursor(courier, half.get(9));
        cursor(courier, half.get(49));
        cursor(courier, half.get(19));
        cursor(courier, all.getLast());

        Adopted adopted = adopt(courier);

        assertThat(adopted)
                .isEqualTo(new Adopted("main", true, 2, 165, 50 + 3 + 1 + 30, 50 + 20 + 10, 1, 0, 0, Optional.empty()));

        // As if it had been killed before it counted: the next planner does, or the next run.
        courier.execute("DROP TABLE {ledger}.arrivals");
        new Schema(courier.lane(), Duration.ofDays(3)).make(courier.clickHouse());
        courier.tick(new Tick(Optional.empty(), false, false));
        assertThat(courier.number("SELECT count() FROM {ledger}.arrivals")).isPositive();
        assertThat(adopt(courier)).as("again").isEqualTo(again(adopted));

        // What becomes visible later was not delivered, though it lies before the cursor; one order takes it with the
        // rest.
        List<LogRow> late = rows(courier, "half", 200, 205).stream()
                .map(row -> row.with("insertedAt", half.getFirst().text("insertedAt")))
                .toList();
        courier.insert(late);
        courier.tick(new Tick(Optional.empty(), false, false));
        courier.execute("OPTIMIZE TABLE {logs}.access_logs FINAL");
        List<LogRow> expected = new ArrayList<>(half.subList(50, 100));
        Stream.of(none, otherSession, late).forEach(expected::addAll);
        courier.flush();
        courier.drain();

        AuditReport report = courier.assertDelivered("remaining", expected);
        Balance balance = report.balance();
        assertThat(balance.adopted()).isEqualTo(84);
        assertThat(balance.claimed()).isEqualTo(170);
        assertThat(balance.pending()).isZero();
        assertThat(balance.lost()).isZero();
        assertThat(courier.number("SELECT count() FROM {ledger}.orders WHERE from_epoch = 1 AND to_epoch > 1"))
                .isPositive();
        assertThat(courier.deepAudit().rendered().same()).isEqualTo(balance.objects());
        assertThat(courier.flush().isIdle()).isTrue();
    }

    @Test
    void whatIsAdoptedIsCutIntoEpochsSoThatItsOrdersHaveABound() {
        Installation courier = installation(Map.of("discovery.epoch-limit", "20", "discovery.object-limit", "25"));
        List<LogRow> rows = rows(courier, "cats", 0, 100);
        for (int first = 0; first < 80; first += 10) {
            courier.insert(rows.subList(first, first + 10));
        }
        courier.execute("OPTIMIZE TABLE {logs}.access_logs FINAL");
        courier.insert(rows.subList(80, 100));
        cursor(courier, rows.get(29));

        Adopted adopted = adopt(courier);

        assertThat(adopted).isEqualTo(new Adopted("main", true, 1, 100, 30, 70, 0, 0, 0, Optional.empty()));
        assertThat(courier.number("SELECT max(epoch) FROM {ledger}.epochs")).isEqualTo(5);
        assertThat(courier.number("SELECT uniqExact(_block_number) FROM {ledger}.epochs"))
                .isOne();

        // As if it had been killed before it counted: books without arrivals balance, and the next planner counts.
        courier.execute("DROP TABLE {ledger}.arrivals");
        new Schema(courier.lane(), Duration.ofDays(3)).make(courier.clickHouse());
        assertThat(courier.books().differences()).isEmpty();
        courier.flush();
        assertThat(courier.number("SELECT countIf(kind = 'seal') FROM {ledger}.arrivals"))
                .isEqualTo(5);
        assertThat(adopt(courier)).as("again").isEqualTo(again(adopted));
        courier.drain();

        assertThat(courier.assertDelivered("remaining", rows.subList(30, 100)).isWell())
                .isTrue();
        assertThat(courier.number("SELECT max(rows) FROM {ledger}.orders")).isBetween(10L, 25L);
        assertThat(courier.deepAudit().rendered().gone()).isZero();
    }

    @Test
    void aLedgerThatAdoptedAnEmptyTableSaysSoAgain() {
        Installation courier = installation();

        Adopted adopted = adopt(courier);

        assertThat(adopted).isEqualTo(new Adopted("main", true, 0, 0, 0, 0, 0, 0, 0, Optional.empty()));
        assertThat(adopt(courier)).isEqualTo(again(adopted));
    }

    private static Adopted again(Adopted first) {
        return new Adopted(
                first.lane(),
                false,
                first.cursors(),
                first.present(),
                first.adopted(),
                first.remaining(),
                first.undeliverable(),
                first.recovered(),
                first.ahead(),
                Optional.empty());
    }

    @Test
    void byTheObjectsRowsBehindTheCursorThatAreInNoneAreDeliveredAndRowsBeyondItThatAreInOneAreNot() {
        Installation courier = installation();
        List<LogRow> cats = IntStream.range(0, 100)
                .mapToObj(number -> row(courier, "cats", number)
                        .with("startTime", "17672256%02d.%03d".formatted(number / 10, number)))
                .toList();
        LogRow last = cats.get(79);
        List<LogRow> siblings = Stream.of("a b", "%20", "\" GET \u00e9", "d")
                .map(key -> last.with("objectKey", key).with("operation", "BATCH.DELETE.OBJECT"))
                .toList();
        List<LogRow> twice = List.of(cats.get(50), cats.get(50));
        List<LogRow> dogs = rows(courier, "dogs", 0, 7);
        List<LogRow> birds = rows(courier, "birds", 0, 5).stream()
                .map(row -> row.with("loggingTargetBucket", "no-such-bucket"))
                .toList();
        courier.insert(Stream.of(cats.subList(0, 60), siblings, dogs)
                .flatMap(List::stream)
                .toList());
        courier.insert(Stream.of(cats.subList(60, 100), twice, birds)
                .flatMap(List::stream)
                .toList());
        Stream.of(last, dogs.getLast(), birds.getLast()).forEach(row -> cursor(courier, row));
        // What it removed long ago, what it lost, what it delivered before it died.
        object(courier, "logs/cats/2026-01-01-00-00-01-0123456789ABCDEF", false, cats.subList(10, 30));
        object(courier, "logs/cats/2026-01-01-00-00-03-0123456789ABCDEF", true, cats.subList(35, 51));
        object(courier, "logs/cats/2026-01-01-00-00-05-0123456789ABCDEF", true, cats.subList(50, 80));
        object(courier, "logs/cats/2026-01-01-00-00-07-0123456789ABCDEF", true, siblings.subList(0, 1));
        object(courier, "logs/cats/2026-01-01-00-00-07-1123456789ABCDEF", false, siblings.subList(1, 3));
        object(courier, "logs/cats/2026-01-01-00-00-08-0123456789ABCDEF", true, cats.subList(85, 87));
        object(courier, "logs/cats/unrelated", false, cats);
        put(courier, "logs/cats/2026-01-01-00-00-09-0123456789ABCDEF", "no record");
        List<LogRow> expected = Stream.of(
                        cats.subList(30, 35),
                        cats.subList(80, 85),
                        cats.subList(87, 100),
                        siblings.subList(3, 4),
                        twice.subList(0, 1))
                .flatMap(List::stream)
                .toList();
        Adoption adoption = new Adoption(courier.clickHouse(), courier.settings());
        S3Client broken = S3Client.builder()
                .region(Region.US_EAST_1)
                .credentialsProvider(AnonymousCredentialsProvider.create())
                .build();
        broken.close();
        assertThatThrownBy(() -> adoption.adoptAgainstObjects(Duration.ZERO, broken, read -> {}))
                .isInstanceOf(RuntimeException.class);
        assertThat(courier.number("SELECT count() FROM {ledger}.epochs")).isZero();

        Adopted adopted = adoption.adoptAgainstObjects(Duration.ZERO, courier.s3(), read -> {});

        long present = 100 + 4 + 2 + 7 + 5;
        assertThat(adopted)
                .isEqualTo(new Adopted(
                        "main",
                        true,
                        3,
                        present,
                        present - expected.size(),
                        expected.size(),
                        0,
                        5 + 1 + 1,
                        2,
                        Optional.of(new Compared(
                                7,
                                20 + 16 + 30 + 3 + 2 + 1,
                                1,
                                10 + 7 + 5,
                                List.of("no-such-bucket: there is no such bucket"),
                                List.of()))));
        assertThat(courier.number("SELECT count() FROM system.tables WHERE database = '"
                        + courier.lane().ledger() + "' AND startsWith(name, 'lines_')"))
                .isZero();
        objectsOfTheIncumbent(courier).forEach(key -> courier.s3()
                .deleteObject(request -> request.bucket(courier.target()).key(key)));
        courier.flush();
        courier.drain();
        AuditReport report = courier.assertDelivered("recovered", expected);
        assertThat(report.balance().recovered()).isEqualTo(7);
        assertThat(report.undelivered()).isEmpty();
    }

    @Test
    void ofATargetThatRefusesAnObjectRowsGoByTheCursors() {
        Installation courier = installation();
        List<LogRow> cats = rows(courier, "cats", 0, 20);
        courier.insert(cats);
        cursor(courier, cats.get(14));
        object(courier, "logs/cats/2026-01-01-00-00-01-0123456789ABCDEF", true, cats.subList(0, 5));
        object(courier, "logs/cats/2026-01-01-00-00-02-0123456789ABCDEF", true, cats.subList(5, 8));
        object(courier, "logs/cats/2026-01-01-00-00-03-0123456789ABCDEF", true, cats.subList(8, 10));
        object(courier, "logs/cats/2026-01-01-00-00-04-0123456789ABCDEF", true, cats.subList(15, 16));
        S3Client refusing = new DelegatingS3Client(courier.s3()) {
            @Override
            public <T> T getObject(GetObjectRequest request, ResponseTransformer<GetObjectResponse, T> transformer) {
                if (request.key().contains("-00-02-")) {
                    throw S3Exception.builder().statusCode(403).message("no").build();
                }
                if (request.key().contains("-00-03-")) {
                    throw NoSuchKeyException.builder()
                            .statusCode(404)
                            .message("gone")
                            .build();
                }
                return super.getObject(request, transformer);
            }
        };

        Adopted adopted = new Adoption(courier.clickHouse(), courier.settings())
                .adoptAgainstObjects(Duration.ZERO, refusing, read -> {});

        String reason = courier.target() + ": cannot read logs/cats/2026-01-01-00-00-02-0123456789ABCDEF: ";
        assertThat(adopted.compared()).hasValueSatisfying(compared -> {
            assertThat(compared.refused()).singleElement().satisfies(refused -> assertThat(refused)
                    .startsWith(reason));
            assertThat(compared).isEqualTo(new Compared(2, 5 + 1, 0, 10, compared.refused(), List.of()));
        });
        assertThat(adopted).isEqualTo(new Adopted("main", true, 1, 20, 16, 4, 0, 0, 1, adopted.compared()));
    }

    @Test
    void aRestoredLogTableGoesOnByTheObjectsWithoutCursors() {
        Installation courier = STACK.installation(Map.of("delivery.forms", "*=gzip"));
        List<LogRow> before = rows(courier, "bucket", 0, 20);
        List<LogRow> after = rows(courier, "bucket", 20, 25);
        courier.insert(before);
        courier.deliver("before", before);
        courier.insert(after);
        courier.execute("DROP DATABASE {ledger}");
        courier.execute(OFFSETS);

        Adopted adopted = new Adoption(courier.clickHouse(), courier.settings())
                .adoptAgainstObjects(Duration.ofDays(1), courier.s3(), read -> {});

        assertThat(adopted)
                .isEqualTo(new Adopted(
                        "main",
                        true,
                        0,
                        25,
                        20,
                        5,
                        0,
                        0,
                        20,
                        Optional.of(new Compared(1, 20, 0, 0, List.of(), List.of()))));
        courier.flush();
        courier.drain();
        courier.assertObjects(
                "after", "", Stream.of(before, after).flatMap(List::stream).toList());
        assertThat(courier.books().undelivered()).isEmpty();
    }

    /** Nothing is left of the ledger; the objects are of our own forms, the rows hostile. */
    @ParameterizedTest
    @ValueSource(strings = {"*=zstd", "*=json gzip", "*=parquet", "*=event-time json"})
    void aLedgerIsMadeAnewByObjectsOfEveryForm(String forms) {
        Installation courier = STACK.installation(Map.of(
                "delivery.forms", forms, "delivery.account-id", "123456789012", "clickhouse.log-retention", "3d"));
        long seed = System.nanoTime();
        Random random = new Random(seed);
        List<LogRow> rows = IntStream.range(0, 60)
                .mapToObj(i -> LogRow.random(random, "bucket", "r" + i, courier.target()))
                .toList();
        String description = "seed " + seed + ", " + forms;
        courier.insert(rows.subList(0, 40));
        courier.deliver(description, rows.subList(0, 40));
        courier.insert(rows.subList(40, 60));
        courier.execute("DROP DATABASE {ledger}");

        Repaired repaired = new Repair(courier.clickHouse(), courier.settings())
                .repair(true, Duration.ofMinutes(15), courier.s3(), read -> {});

        assertThat(repaired)
                .as(description)
                .extracting(Repaired::present, Repaired::inObjects, Repaired::remaining)
                .containsExactly(60L, 40L, 20L);
        assertThat(repaired.former()).isEmpty();
        courier.flush();
        courier.drain();
        courier.assertObjects(description, "", rows);
        assertThat(courier.books().isWell()).as(description).isTrue();
    }

    private static List<String> objectsOfTheIncumbent(Installation courier) {
        return List.copyOf(courier.objects(courier.target()).keySet());
    }

    /** An object of the incumbent: keys as they are, or encoded; 26 fields. */
    private static void object(Installation courier, String key, boolean raw, List<LogRow> rows) {
        StringBuilder lines = new StringBuilder();
        for (LogRow row : rows) {
            String line = row.line();
            String encoded = line.split(" ", 10)[8];
            lines.append(raw ? line.replace(" " + encoded + " ", " " + row.text("objectKey") + " ") : line)
                    .append('\n');
        }
        put(courier, key, lines.toString());
    }

    private static void put(Installation courier, String key, String text) {
        courier.s3()
                .putObject(
                        request -> request.bucket(courier.target()).key(key),
                        RequestBody.fromBytes(text.getBytes(StandardCharsets.ISO_8859_1)));
    }

    @Test
    void ofSeveralAtOnceOneStartsTheLedgerAndAllTellTheSame() throws Exception {
        for (int rows : List.of(0, 5)) {
            Installation courier = installation();
            List<LogRow> all = IntStream.range(0, rows)
                    .mapToObj(number -> row(courier, "bucket", number))
                    .toList();
            if (rows > 0) {
                courier.insert(all);
                cursor(courier, all.get(2));
            }
            new Schema(courier.lane(), Duration.ofDays(3)).make(courier.clickHouse());
            // All look before any of them writes.
            CyclicBarrier looked = new CyclicBarrier(3);
            List<Callable<Adopted>> runs = IntStream.range(0, 3)
                    .<Callable<Adopted>>mapToObj(run -> () -> {
                        try (ClickHouse clickHouse = new LateClickHouse(
                                ClickHouse.connect(courier.lane().endpoint()), looked)) {
                            return new Adoption(clickHouse, courier.settings()).adopt(Duration.ZERO);
                        }
                    })
                    .toList();
            List<Adopted> adopted = new ArrayList<>();
            try (ExecutorService threads = Executors.newFixedThreadPool(3)) {
                for (Future<Adopted> run : threads.invokeAll(runs)) {
                    adopted.add(run.get());
                }
            }

            assertThat(adopted).filteredOn(Adopted::started).hasSize(1);
            assertThat(adopted).extracting(Adopted::present).containsOnly((long) rows);
            assertThat(adopted).extracting(Adopted::adopted).containsOnly(rows == 0 ? 0L : 3L);
            assertThat(adopted).extracting(Adopted::cursors).containsOnly(rows == 0 ? 0L : 1L);
            assertThat(adopt(courier).started()).as("later").isFalse();
        }
    }

    /** The ledger's first INSERT waits until others come to theirs. */
    private record LateClickHouse(ClickHouse real, CyclicBarrier looked) implements ClickHouse {
        @Override
        public InputStream query(Statement statement, String format) {
            return real.query(statement, format);
        }

        @Override
        public void insert(String table, String format, byte[] rows, Map<String, String> settings) {
            if (table.endsWith(".epochs")) {
                try {
                    looked.await(1, TimeUnit.MINUTES);
                } catch (InterruptedException | BrokenBarrierException | TimeoutException e) {
                    throw new AssertionError("the others do not come", e);
                }
            }
            real.insert(table, format, rows, settings);
        }

        @Override
        public void close() {
            real.close();
        }
    }

    @Test
    void itRefusesATableWhoseTimesTheCursorsDoNotCount() {
        Installation courier = installation();
        courier.execute("CREATE TABLE {logs}.other ENGINE = MergeTree ORDER BY tuple()"
                + " SETTINGS enable_block_number_column = 1, enable_block_offset_column = 1"
                + " EMPTY AS SELECT * REPLACE (toDateTime64(insertedAt, 3) AS insertedAt) FROM {logs}.access_logs");
        courier.execute("EXCHANGE TABLES {logs}.access_logs AND {logs}.other");

        assertThatThrownBy(() -> adopt(courier))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("has insertedAt as DateTime64(3), and cursors count whole seconds");
        assertThat(courier.number("SELECT count() FROM {ledger}.epochs")).isZero();
    }

    @Test
    void itRefusesWhatItCannotAdopt() {
        Installation courier = installation();
        Adoption adoption = new Adoption(courier.clickHouse(), courier.settings());
        LogRow last = row(courier, "bucket", 1);
        courier.insert(last);
        cursor(courier, last);
        assertThatThrownBy(() -> adoption.adopt(Duration.ofMinutes(5)))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("stop the incumbent");

        object(
                courier,
                "logs/bucket/2026-01-01-00-00-00-0123456789ABCDEF",
                true,
                List.of(last.with("req_id", "other")));
        assertThatThrownBy(() -> adoption.adoptAgainstObjects(Duration.ZERO, courier.s3(), read -> {}))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("1 rows up to the cursors are in no log object, 0 are in one");

        courier.execute("ALTER TABLE {logs}.offsets ADD COLUMN lastProcessedTimestamp DateTime");
        assertThatThrownBy(() -> adoption.adopt(Duration.ZERO))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("lastProcessedTimestamp DateTime; only bucketName String, ");

        courier.execute("DROP TABLE {logs}.offsets");
        assertThatThrownBy(() -> adoption.adopt(Duration.ZERO))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("there is no table " + courier.lane().logs() + ".offsets");
        assertThat(courier.number("SELECT count() FROM {ledger}.epochs")).isZero();

        courier.execute("CREATE TABLE {logs}.offsets (bucketName String, raftSessionID UInt16,"
                + " lastProcessedInsertedAt DateTime('UTC'), lastProcessedStartTime DateTime64(3, 'UTC'),"
                + " lastProcessedReqId String) ENGINE = Memory");
        courier.execute("INSERT INTO {ledger}.epochs (epoch, ledger) VALUES (0, 'another')");
        assertThatThrownBy(() -> adoption.adopt(Duration.ZERO))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("was started before");
    }
}
