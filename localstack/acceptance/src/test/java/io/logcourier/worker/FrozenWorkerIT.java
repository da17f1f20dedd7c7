package io.logcourier.worker;

import static org.assertj.core.api.Assertions.assertThat;

import io.logcourier.localstack.Faults;
import io.logcourier.localstack.Installation;
import io.logcourier.localstack.LogRow;
import io.logcourier.localstack.Stack;
import io.logcourier.message.OrderMessage;
import io.logcourier.message.Tick;
import io.logcourier.operations.AuditReport;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A worker that is stopped for longer than an order waits that lost rows, and then goes on. */
class FrozenWorkerIT {
    private static final Tick PLAIN = new Tick(Optional.empty(), false, false);

    @RegisterExtension
    static final Stack STACK = new Stack();

    @Test
    void whatItHadInHandIsNotWrittenBesideTheOrderThatTookTheRest() {
        Installation courier = STACK.installation(Map.of("worker.supersede-after", "0.001s"));
        List<LogRow> rows = new ArrayList<>(IntStream.range(0, 10)
                .mapToObj(i -> LogRow.of("bucket", "bucket-" + i, courier.target()))
                .toList());
        courier.insert(rows);
        courier.flush();
        String body = OrderMessage.of("main", courier.number("SELECT max(epoch) FROM {ledger}.orders"), 0, 0)
                .body();
        AtomicLong nanoseconds = new AtomicLong();
        int[] freezes = {0};
        try (FaultyPorts ports = new FaultyPorts(courier.settings(), courier.clickHouse());
                WorkerHandler frozen = ports.worker(
                        courier.clickHouse(),
                        Faults.none(),
                        target -> {
                            freezes[0]++;
                            nanoseconds.addAndGet(Duration.ofHours(1).toNanos());
                            supersede(courier, body);
                            return false;
                        },
                        time -> new Deadline(time, nanoseconds::get, () -> Instant.EPOCH))) {
            assertThat(courier.serve(frozen)).isTrue();
        }
        assertThat(freezes).containsExactly(1);
        courier.drain();

        rows.removeIf(row -> row.text("req_id").equals("bucket-3"));
        AuditReport report = courier.assertDelivered("what is left, once", rows);
        assertThat(report.differences()).isEmpty();
        assertThat(report.balance().objects()).isOne();
        assertThat(report.balance().lost()).isOne();
    }

    /** A row goes; others see that twice, and what is left goes out as another order. */
    private static void supersede(Installation courier, String body) {
        courier.execute("ALTER TABLE {logs}.access_logs DELETE WHERE req_id = 'bucket-3' SETTINGS mutations_sync = 2");
        for (int look = 0; look < 2; look++) {
            courier.send(body);
            courier.serveOnce(4);
        }
        courier.tick(PLAIN);
        courier.serveOnce(1);
        assertThat(courier.number("SELECT count() FROM {ledger}.offsets WHERE outcome = 'superseded'"))
                .isOne();
        assertThat(courier.objects(courier.target())).hasSize(1);
    }
}
