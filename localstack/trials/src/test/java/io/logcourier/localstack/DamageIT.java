package io.logcourier.localstack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.logcourier.clickhouse.Statement;
import io.logcourier.configuration.Settings;
import io.logcourier.operations.Audit;
import io.logcourier.operations.Audit.Difference;
import io.logcourier.operations.Audit.Missing;
import io.logcourier.operations.Audit.Refused;
import io.logcourier.operations.Audit.Unread;
import io.logcourier.operations.AuditReport;
import io.logcourier.operations.Status;
import io.logcourier.schema.Schema;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import software.amazon.awssdk.core.sync.RequestBody;

/** Whatever is damaged, the audit fails and names the bucket and the order or the epoch. */
class DamageIT {
    @RegisterExtension
    static final Stack STACK = new Stack();

    private Installation courier;

    /** Two epochs of one bucket and one of another, delivered: orders 2/0 and 2/1, then 5/0. */
    @BeforeEach
    void deliver() {
        courier = STACK.installation();
        List<LogRow> first = Stream.of(rows("cats", 0, 10), rows("dogs", 0, 10))
                .flatMap(List::stream)
                .toList();
        List<LogRow> second = rows("cats", 10, 20);
        courier.insert(first);
        courier.flush();
        courier.insert(second);
        courier.deliver(
                "undamaged", Stream.of(first, second).flatMap(List::stream).toList());
        assertThat(courier.audit().isWell()).isTrue();
    }

    @Test
    void anObjectThatWasDeleted() {
        String key = key("cats");
        courier.s3().deleteObject(request -> request.bucket(courier.target()).key(key));

        assertMissing(new Missing(2, 0, "cats", courier.target(), key, 10));
    }

    @Test
    void anObjectThatWasTruncated() {
        String key = key("cats");
        byte[] whole = courier.objects(courier.target()).get(key);
        put(key, Arrays.copyOf(whole, whole.length - 1));

        assertNamed("order 2/0 of bucket cats", key, "9 rows");
    }

    @Test
    void anObjectThatWasEdited() {
        String key = key("dogs");
        byte[] edited = courier.objects(courier.target()).get(key).clone();
        edited[0] ^= 1;
        put(key, edited);

        assertNamed("order 2/1 of bucket dogs", key, "CRC32C");
    }

    @Test
    void anObjectThatIsNoZstdAnyMore() {
        courier = STACK.installation(Map.of("delivery.forms", "*=zstd"));
        courier.insert(rows("cats", 0, 10));
        courier.flush();
        courier.drain();
        Map.Entry<String, byte[]> object =
                courier.objects(courier.target()).entrySet().iterator().next();
        byte[] edited = object.getValue().clone();
        edited[0] ^= 1;
        put(object.getKey(), edited);

        assertNamed("of bucket cats", object.getKey(), "damaged zstd");
    }

    @Test
    void anOffsetWithoutAnObject() {
        courier.insert(rows("birds", 0, 3));
        courier.flush();
        courier.execute("INSERT INTO {ledger}.offsets (epoch, number, outcome, target_bucket, key, rows, bytes, crc32c)"
                + " SELECT epoch, number, 'delivered', target_bucket, key, rows, 1, 1 FROM {ledger}.orders"
                + " WHERE bucket = 'birds'");

        AuditReport report = courier.audit();
        assertThat(report.isWell()).isFalse();
        assertThat(report.missing()).extracting(Missing::bucket).containsExactly("birds");
    }

    @Test
    void aTargetBucketThatIsGone() {
        courier.execute("ALTER TABLE {ledger}.offsets UPDATE target_bucket = 'gone' WHERE number = 1"
                + " SETTINGS mutations_sync = 2");

        AuditReport report = courier.audit();
        assertThat(report.isWell()).isFalse();
        assertThat(report.unread())
                .extracting(Unread::what)
                .singleElement()
                .asString()
                .contains("order 2/1 of bucket dogs", "gone/");
    }

    @Test
    void anOffsetWithoutAnOrder() {
        courier.execute("INSERT INTO {ledger}.offsets (epoch, number, outcome, target_bucket, key, rows)"
                + " VALUES (77, 3, 'delivered', 'elsewhere', 'object', 5)");

        assertNamed("order 77/3", "elsewhere/object");
    }

    @Test
    void anObjectWithoutAnOffset() {
        put("logs/cats/stranger", new byte[] {'\n'});

        assertNamed(courier.target() + "/logs/cats/stranger", "belongs to no order");
    }

    @Test
    void anObjectWhoseOffsetIsGone() {
        String key = key("dogs");
        courier.execute(
                "ALTER TABLE {ledger}.offsets DELETE WHERE epoch = 2 AND number = 1 SETTINGS mutations_sync = 2");

        assertThat(courier.audit().objects().underWay())
                .as("its worker may be about to commit it")
                .isOne();
        assertThat(courier.audit().differences()).isEmpty();
        assertThat(courier.audit().verdict())
                .isEqualTo(
                        "The books balance, and all 2 objects hold what they should. 1 object is there and not committed yet.");
        Settings late = courier.settings(Map.of("discovery.redeliver-after", "0.001s"));
        assertThat(new Audit(courier.clickHouse(), late)
                        .reportAlone(courier.s3(), late, false, bytes -> {})
                        .differences())
                .extracting(Difference::what)
                .singleElement()
                .asString()
                .contains("order 2/1 of bucket dogs", key, "no offset");
    }

    /** Nobody asserts that the bucket is ours alone. */
    @Test
    void theSameRowsASecondTimeUnderAnotherKey() {
        String key = key("dogs");
        String otherwise = key.substring(0, key.length() - 16) + "0123456789ABCDEF";
        copy(key, otherwise);
        copy(key, "logs/dogs/" + key.substring(key.lastIndexOf('/') + 1) + ".bak");
        copy(key, "elsewhere/" + key);
        put("logs/dogs/2026-01-01-00-00-00-FEDCBA9876543210", new byte[] {'\n'});

        AuditReport report = new Audit(courier.clickHouse(), courier.settings())
                .report(courier.s3(), courier.settings(), bytes -> {});

        assertThat(report.isWell()).isFalse();
        assertThat(report.differences())
                .extracting(Difference::what)
                .satisfiesExactlyInAnyOrder(
                        what -> assertThat(what)
                                .contains(otherwise, "rows of order 2/1 of bucket dogs", "a second time"),
                        what -> assertThat(what)
                                .contains(".bak has the unique string of order 2/1 of bucket dogs", key));
        assertNamed("elsewhere/" + key, "unique string of order 2/1");
        assertNamed("FEDCBA9876543210", "belongs to no order");
    }

    @Test
    void anObjectOfAnOrderThatWasSuperseded() {
        courier.insert(rows("birds", 0, 3));
        courier.flush();
        courier.execute("INSERT INTO {ledger}.offsets (epoch, number, outcome, target_bucket, key, rows)"
                + " SELECT epoch, number, 'superseded', target_bucket, key, 0 FROM {ledger}.orders"
                + " WHERE bucket = 'birds'");
        String key = courier.text("SELECT key FROM {ledger}.orders WHERE bucket = 'birds'")
                .strip();
        put(key, new byte[] {'\n'});

        assertNamed("of bucket birds", key, "superseded");
    }

    /** Else it would make up for rows that another one lost. */
    @Test
    void aReplacementWithMoreRowsThanItReplaced() {
        for (String values : List.of("2, 0, 'superseded'", "2, 1, 'superseded'")) {
            courier.execute("INSERT INTO {ledger}.offsets (epoch, number, outcome) VALUES (" + values + ")");
        }
        courier.execute("ALTER TABLE {ledger}.offsets DELETE WHERE epoch = 2 AND outcome = 'delivered'"
                + " SETTINGS mutations_sync = 2");
        courier.execute(
                "INSERT INTO {ledger}.orders SELECT * REPLACE (9 AS number, rows + 7 AS rows, 2 AS replaces_epoch,"
                        + " 1 AS replaces_number) FROM (SELECT * FROM {ledger}.orders WHERE epoch = 2 AND number = 1)");

        assertNamed("order 2/1 of bucket dogs", "17 rows", "do not take its place");
        assertThat(courier.books().balance().lost()).isEqualTo(10);
        assertThat(courier.books().balance().addsUp()).isFalse();
        assertThat(courier.books().lost()).extracting(Refused::rows).containsExactly(10L, 0L);
        assertThat(Status.of(courier.clickHouse(), courier.settings(), "").buckets())
                .extracting(Status.Bucket::bucket, Status.Bucket::lost)
                .contains(tuple("cats", 10L), tuple("dogs", 0L));
    }

    @Test
    void rowsThatGoBeforeAnybodyHasClaimedThem() {
        String before = Instant.now()
                .minus(courier.settings().logRetention())
                .plus(Duration.ofMinutes(20))
                .truncatedTo(ChronoUnit.SECONDS)
                .toString()
                .replaceAll("[TZ]", " ")
                .strip();
        List<LogRow> rows = rows("cats", 100, 7).stream()
                .map(row -> row.with("insertedAt", before))
                .toList();
        courier.insert(rows);

        assertNamed("7 rows are in no epoch", "TTL");
        assertThat(courier.books().expiring()).isEqualTo(7);
        Status status = Status.of(courier.clickHouse(), courier.settings(), "");
        assertThat(status.expiring()).isEqualTo(7);
        assertThat(status.text(5)).contains("7 rows go by TTL");

        courier.flush();
        courier.drain();
        assertThat(courier.books().isWell()).isTrue();
        assertThat(Status.of(courier.clickHouse(), courier.settings(), "").expiring())
                .isZero();
    }

    @Test
    void aDetachedPartIsNamedUnlessItsRowsAreDelivered() {
        courier.execute("ALTER TABLE {logs}.access_logs DETACH PART '%s'".formatted(firstPart()));
        assertThat(courier.books().differences())
                .extracting(Difference::what)
                .noneMatch(what -> what.contains("is detached"));

        courier.execute("SYSTEM STOP MERGES {logs}.access_logs");
        courier.insert(rows("birds", 0, 3));
        String unclaimed = lastPart();
        courier.execute("ALTER TABLE {logs}.access_logs DETACH PART '%s'".formatted(unclaimed));
        assertNamed("part " + unclaimed, "is detached", "no epoch has claimed");

        courier.insert(rows("birds", 0, 3));
        courier.flush();
        String undelivered = lastPart();
        courier.execute("ALTER TABLE {logs}.access_logs DETACH PART '%s'".formatted(undelivered));
        assertNamed("part " + undelivered, "is detached", "claimed and not delivered");
    }

    @Test
    void anUpdateAfterDeliveryIsToldFromDamage() {
        courier.execute("ALTER TABLE {logs}.access_logs UPDATE httpCode = 418 WHERE bucketName = 'dogs'"
                + " SETTINGS mutations_sync = 2");

        AuditReport report = courier.deepAudit();

        assertThat(report.rendered()).isEqualTo(new Audit.Rendered(2, 0, 1));
        assertThat(report.isWell()).isTrue();
        assertThat(report.verdict())
                .isEqualTo(
                        "The books balance, and all 3 objects hold what they should. 1 object has rows that were changed since.");
    }

    @Test
    void anEpochThatIsGone() {
        courier.execute("ALTER TABLE {ledger}.epochs DELETE WHERE epoch = 1 SETTINGS mutations_sync = 2");

        assertNamed("epoch 1 is missing", "cats", "dogs");
    }

    @Test
    void anEpochThatDecidedOrdersIsGone() {
        courier.execute("ALTER TABLE {ledger}.epochs DELETE WHERE epoch = 2 SETTINGS mutations_sync = 2");

        assertNamed("epoch 2 is missing");
        assertNamed("order 2/1 of bucket dogs", "did not decide it so");
    }

    @Test
    void anArrivalThatWasAltered() {
        courier.execute("ALTER TABLE {ledger}.arrivals UPDATE rows = rows + 1 WHERE epoch = 1 AND bucket = 'dogs'"
                + " SETTINGS mutations_sync = 2");

        assertNamed("epoch 1");
        assertNamed("bucket dogs", "11 rows arrived");
    }

    @Test
    void anArrivalWhoseChecksumWasAltered() {
        courier.execute("ALTER TABLE {ledger}.arrivals UPDATE checksum = checksum + 1 WHERE bucket = 'dogs'"
                + " SETTINGS mutations_sync = 2");

        assertNamed("bucket dogs");
    }

    @Test
    void anOrderThatWasAltered() {
        for (String change :
                List.of("rows = 9", "key = 'other'", "target_prefix = 'x'", "checksum = 0", "to_epoch = 4")) {
            courier.execute("CREATE OR REPLACE TABLE {ledger}.saved AS {ledger}.orders");
            courier.execute("INSERT INTO {ledger}.saved SELECT * FROM {ledger}.orders");
            courier.execute("ALTER TABLE {ledger}.orders UPDATE " + change
                    + " WHERE epoch = 2 AND number = 1 SETTINGS mutations_sync = 2");

            assertNamed("order 2/1 of bucket dogs", "did not decide it so");

            courier.execute("EXCHANGE TABLES {ledger}.saved AND {ledger}.orders");
            assertThat(courier.books().differences()).as("mended").isEmpty();
        }
    }

    @Test
    void aPartitionThatWasDetachedAndAttachedAgain() {
        String hour = Installation.hoursAgo(1);
        List<LogRow> rows = rows("cats", 100, 10).stream()
                .map(row -> row.with("insertedAt", hour))
                .toList();
        courier.insert(rows);
        courier.flush();
        courier.drain();
        assertThat(courier.audit().isWell()).isTrue();

        courier.execute("ALTER TABLE {logs}.access_logs DETACH PARTITION '" + hour + "'");
        courier.execute("ALTER TABLE {logs}.access_logs ATTACH PARTITION '" + hour + "'");

        assertNamed("holds 10 rows under new block numbers", "courier repair");
        courier.flush();
        assertNamed("holds 10 rows under new block numbers", "courier repair");
    }

    /** Its rows are in objects: nothing is lost, and others of its partition go on. */
    @Test
    void aPartThatWentAfterItsRowsWereDeliveredIsNoDamage() {
        courier = STACK.installation(Map.of("discovery.epoch-limit", "10"));
        courier.execute("SYSTEM STOP MERGES {logs}.access_logs");
        for (int from : new int[] {0, 10}) {
            courier.insert(rows("cats", from, 10));
        }
        courier.flush();
        courier.drain();
        courier.execute("ALTER TABLE {logs}.access_logs DROP PART '%s'".formatted(firstPart()));
        assertThat(courier.books().differences()).isEmpty();

        courier.insert(rows("cats", 20, 10));
        courier.flush();
        courier.drain();

        assertThat(courier.audit().isWell()).isTrue();
        assertThat(courier.books().balance().delivered()).isEqualTo(30);
    }

    private String lastPart() {
        return courier.text("SELECT name FROM system.parts WHERE database = '{logs}' AND active"
                        + " ORDER BY modification_time DESC, min_block_number DESC LIMIT 1")
                .strip();
    }

    private void copy(String from, String to) {
        courier.s3().copyObject(request -> request.sourceBucket(courier.target())
                .sourceKey(from)
                .destinationBucket(courier.target())
                .destinationKey(to));
    }

    private String firstPart() {
        return new String(
                        courier.clickHouse()
                                .read(
                                        Statement.of(
                                                        "SELECT name FROM system.parts WHERE database = {logs:String} AND active"
                                                                + " ORDER BY min_block_number LIMIT 1")
                                                .with("logs", courier.lane().logs()),
                                        "TabSeparated"),
                        StandardCharsets.US_ASCII)
                .strip();
    }

    @Test
    void ordersThatAreDecidedAndNotDerivedYetAreNoDamage() {
        courier.insert(rows("late", 0, 10));
        courier.flush();
        String last = "(SELECT max(epoch) FROM {ledger}.orders)";
        courier.execute("ALTER TABLE {ledger}.epochs DELETE WHERE epoch > " + last + " SETTINGS mutations_sync = 2");
        courier.execute("ALTER TABLE {ledger}.orders DELETE WHERE epoch = " + last + " SETTINGS mutations_sync = 2");

        assertThat(courier.books().differences()).isEmpty();
    }

    @Test
    void aLedgerMadeAnewDeliversAllAgainUnderOtherKeys() {
        Map<String, byte[]> before = courier.objects(courier.target());
        courier.execute("DROP DATABASE {ledger} SYNC");
        new Schema(courier.lane(), courier.settings().logRetention()).apply(courier.clickHouse(), false);

        courier.flush();
        courier.drain();

        Map<String, byte[]> after = courier.objects(courier.target());
        assertThat(after).containsAllEntriesOf(before).hasSizeGreaterThan(before.size());
        AuditReport report = courier.books();
        assertThat(report.isWell()).isTrue();
        assertThat(report.balance().delivered()).isEqualTo(40);
        before.keySet().forEach(key -> assertNamed(key, "belongs to no order"));
    }

    /** The audit fails, with a difference that names all of {@code parts}. */
    private void assertNamed(String... parts) {
        AuditReport report = courier.audit();
        assertThat(report.isWell()).isFalse();
        assertThat(report.differences()).extracting(Difference::what).anySatisfy(what -> assertThat(what)
                .contains(parts));
    }

    /** The audit fails, and this object alone is missing. */
    private void assertMissing(Missing object) {
        AuditReport report = courier.audit();
        assertThat(report.isWell()).isFalse();
        assertThat(report.missing()).containsExactly(object);
        assertThat(report.differences()).isEmpty();
    }

    /** The object of the order over ten rows. */
    private String key(String bucket) {
        return courier.objects(courier.target(), "logs/" + bucket + "/").entrySet().stream()
                .filter(object -> Installation.lines(object.getValue()).size() == 10)
                .map(Map.Entry::getKey)
                .findFirst()
                .orElseThrow();
    }

    private void put(String key, byte[] body) {
        courier.s3().putObject(request -> request.bucket(courier.target()).key(key), RequestBody.fromBytes(body));
    }

    private List<LogRow> rows(String bucket, int from, int count) {
        return IntStream.range(from, from + count)
                .mapToObj(i -> LogRow.of(bucket, "%s-%03d".formatted(bucket, i), courier.target()))
                .toList();
    }
}
