package io.logcourier.localstack.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.logcourier.operations.Audit.Looked;
import io.logcourier.operations.Audit.Rendered;
import io.logcourier.operations.AuditReport;
import io.logcourier.operations.Balance;
import io.logcourier.operations.input.InputSheet;
import java.util.List;
import org.junit.jupiter.api.Test;

class DemoCommandTest {
    /** Of a lane that has delivered all of so many rows. */
    private static AuditReport delivered(long rows) {
        return new AuditReport(
                "main",
                new Balance(0, 3, rows, rows, 0, 0, 0, 0, rows, rows, 0, 0, 0, 1, 1000),
                List.of(),
                List.of(),
                List.of(),
                List.of(),
                List.of(),
                true,
                new Looked(false, 1, 1, 0, 0, 0),
                List.of(),
                List.of(),
                new Rendered(0, 0, 0),
                0,
                List.of());
    }

    private static InputSheet sheet(long rows, long internal, long unflagged, long expired) {
        return new InputSheet(rows, internal, unflagged, expired, 0, 0, 0, 0, false, List.of(), 0, List.of());
    }

    @Test
    void internalTrafficDoesNotFailTheDemo() {
        assertThat(DemoCommand.isDelivered(delivered(8), 3, sheet(7, 2, 0, 0))).isTrue();
        assertThat(DemoCommand.verdict(delivered(8), 3, sheet(7, 2, 0, 0)))
                .isEqualTo(
                        "DELIVERED: every one of 8 rows is in exactly one object. Internal traffic, 2 rows, is in none.");
    }

    @Test
    void rowsThatShouldArriveAndDoNotFailIt() {
        assertThat(DemoCommand.isDelivered(delivered(5), 0, sheet(7, 0, 2, 0))).isFalse();
        assertThat(DemoCommand.verdict(delivered(4), 0, sheet(7, 0, 2, 1)))
                .isEqualTo(
                        "NOT DELIVERED: 2 rows have no loggingEnabled, 1 row is older than the log table keeps rows.");
        assertThat(DemoCommand.isDelivered(delivered(5), 0, sheet(7, 0, 0, 0))).isFalse();
        assertThat(DemoCommand.verdict(delivered(5), 0, sheet(7, 0, 0, 0)))
                .isEqualTo("NOT DELIVERED: the log table has 5 rows more, and 7 were to be stored.");
    }
}
