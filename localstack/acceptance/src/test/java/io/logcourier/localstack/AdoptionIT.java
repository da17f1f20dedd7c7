package io.logcourier.localstack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.logcourier.ConfigurationException;
import io.logcourier.message.Tick;
import io.logcourier.operations.Adoption;
import io.logcourier.operations.Adoption.Adopted;
import io.logcourier.operations.AuditReport;
import io.logcourier.operations.Balance;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** From an incumbent with cursors to the ledger. */
class AdoptionIT {
    private static final DateTimeFormatter SECOND =
            DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss").withZone(ZoneOffset.UTC);

    @RegisterExtension
    static final Stack STACK = new Stack();

    private final Instant now = Instant.now().minusSeconds(600);

    /** What the incumbent makes, and no ledger. */
    private static Installation installation() {
        Installation courier = STACK.installation();
        courier.execute("DROP DATABASE {ledger}");
        courier.execute("CREATE TABLE {logs}.offsets (bucketName String, raftSessionID UInt16,"
                + " lastProcessedInsertedAt DateTime, lastProcessedStartTime DateTime64(3), lastProcessedReqId String)"
                + " ENGINE = ReplacingMergeTree(lastProcessedInsertedAt) ORDER BY (bucketName, raftSessionID)");
        return courier;
    }

    private static Adopted adopt(Installation courier) {
        return new Adoption(courier.clickHouse(), courier.lane(), Duration.ofDays(3)).adopt(Duration.ZERO);
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
        // Blocks hold rows from both sides of the cursors.
        courier.insert(Stream.of(half.subList(0, 70), none, siblings, nowhere)
                .flatMap(List::stream)
                .toList());
        courier.insert(Stream.of(half.subList(70, 100), all, otherSession)
                .flatMap(List::stream)
                .toList());
        cursor(courier, half.get(9));
        cursor(courier, half.get(49));
        cursor(courier, half.get(19));
        cursor(courier, all.getLast());

        Adopted adopted = adopt(courier);

        assertThat(adopted).isEqualTo(new Adopted("main", true, 2, 165, 50 + 3 + 1 + 30, 50 + 20 + 10, 1, 0, 0));
        assertThat(adopt(courier)).as("again").isEqualTo(again(adopted));

        // What becomes visible later was not delivered, though it lies before the cursor; one order takes it with the
        // rest.
        List<LogRow> late = rows(courier, "half", 200, 205).stream()
                .map(row -> row.with("insertedAt", half.getFirst().text("insertedAt")))
                .toList();
        courier.insert(late);
        courier.tick(new Tick(Optional.empty(), false, false));
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
                first.ahead());
    }

    @Test
    void itRefusesWhatItCannotAdopt() {
        Installation courier = installation();
        Adoption adoption = new Adoption(courier.clickHouse(), courier.lane(), Duration.ofDays(3));
        LogRow last = row(courier, "bucket", 1);
        courier.insert(last);
        cursor(courier, last);
        assertThatThrownBy(() -> adoption.adopt(Duration.ofMinutes(5)))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("stop the incumbent");

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
