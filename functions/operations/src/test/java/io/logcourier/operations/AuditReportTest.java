package io.logcourier.operations;

import static org.assertj.core.api.Assertions.assertThat;

import io.logcourier.operations.Audit.Difference;
import io.logcourier.operations.Audit.Looked;
import io.logcourier.operations.Audit.Missing;
import io.logcourier.operations.Audit.Refused;
import io.logcourier.operations.Audit.Rendered;
import io.logcourier.operations.Audit.Timeless;
import io.logcourier.operations.Audit.Undeliverable;
import io.logcourier.operations.Audit.Unread;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A verdict is never better than the numbers above it. */
class AuditReportTest {
    private static final Looked NOT_LOOKED = new Looked(false, 0, 0, 0, 0, 0);
    private static final Rendered NOT_RENDERED = new Rendered(0, 0, 0);

    /** 100 rows claimed, 90 ordered, of which so many are lost, given up or open, and the others delivered. */
    private static Balance balance(long givenUp, long lost, long open, long undeliverable) {
        return new Balance(
                0, 9, 100, 100, 0, 0, undeliverable, 0, 90, 90 - givenUp - lost - open, givenUp, lost, open, 3, 1000);
    }

    private static final Balance WELL = balance(0, 0, 0, 0);

    private static AuditReport books(Balance balance) {
        return new AuditReport(
                "main",
                balance,
                List.of(),
                List.of(),
                List.of(),
                List.of(),
                List.of(),
                false,
                NOT_LOOKED,
                List.of(),
                List.of(),
                NOT_RENDERED,
                0,
                List.of());
    }

    private static AuditReport objects(Looked looked, List<Missing> missing, List<Unread> unread) {
        return new AuditReport(
                "main",
                WELL,
                List.of(),
                List.of(),
                List.of(),
                List.of(),
                List.of(),
                true,
                looked,
                missing,
                unread,
                NOT_RENDERED,
                0,
                List.of());
    }

    private static AuditReport rendered(Rendered rendered) {
        return new AuditReport(
                "main",
                WELL,
                List.of(),
                List.of(),
                List.of(),
                List.of(),
                List.of(),
                true,
                new Looked(false, 3, 3, 0, 0, 0),
                List.of(),
                List.of(),
                rendered,
                0,
                List.of());
    }

    private static AuditReport with(List<Refused> refused, long expiring, List<Difference> differences) {
        return new AuditReport(
                "main",
                WELL,
                List.of(),
                refused,
                List.of(),
                List.of(),
                List.of(),
                false,
                NOT_LOOKED,
                List.of(),
                List.of(),
                NOT_RENDERED,
                expiring,
                differences);
    }

    private static final Missing MISSING = new Missing(1, 0, "cats", "logs", "key", 5);
    private static final Unread UNREAD = new Unread("order 1/0", "KMS.DisabledException");

    static Stream<Arguments> whatIsWrongIsNotWellAndInTheVerdict() {
        return Stream.of(
                Arguments.of("10 rows lost. Objects were not read.", books(balance(0, 10, 0, 0))),
                Arguments.of("1 row lost. Objects were not read.", books(balance(0, 1, 0, 0))),
                Arguments.of(
                        "2 orders given up. Objects were not read.",
                        with(
                                List.of(
                                        new Refused(1, 0, "cats", "logs", 5, "AccessDenied"),
                                        new Refused(1, 1, "cats", "logs", 5, "AccessDenied")),
                                0,
                                List.of())),
                Arguments.of("7 rows given up. Objects were not read.", books(balance(7, 0, 0, 0))),
                Arguments.of("1 difference. Objects were not read.", with(List.of(), 0, List.of(new Difference("x")))),
                Arguments.of("3 rows about to go unclaimed. Objects were not read.", with(List.of(), 3, List.of())),
                Arguments.of(
                        "1 object missing.", objects(new Looked(false, 3, 2, 0, 1, 0), List.of(MISSING), List.of())),
                Arguments.of(
                        "12,000 objects missing.",
                        objects(new Looked(false, 12_003, 3, 0, 12_000, 0), List.of(MISSING), List.of())),
                Arguments.of(
                        "1 object or folder not read.",
                        objects(new Looked(false, 3, 2, 0, 0, 1), List.of(), List.of(UNREAD))),
                // One that lost is not -5: something else is wrong, and said.
                Arguments.of(
                        "the sums do not follow from each other. Objects were not read.",
                        books(new Balance(0, 9, 100, 100, 0, 0, 0, 0, 90, 95, 0, -5, 0, 3, 1000))),
                Arguments.of(
                        "the sums do not follow from each other. Objects were not read.",
                        books(new Balance(0, 9, 100, 100, 0, 0, 0, 0, 90, 95, 0, 0, 0, 3, 1000))),
                Arguments.of(
                        "the sums do not follow from each other. Objects were not read.",
                        books(new Balance(0, 9, 100, 80, 0, 0, 0, 0, 90, 90, 0, 0, 0, 3, 1000))));
    }

    @ParameterizedTest
    @MethodSource
    void whatIsWrongIsNotWellAndInTheVerdict(String verdict, AuditReport report) {
        assertThat(report.isWell()).isFalse();
        assertThat(report.verdict()).isEqualTo(verdict);
        assertThat(report.text()).doesNotContain("The books balance");
    }

    static Stream<Arguments> whatIsWellSaysWhatWasLookedAt() {
        return Stream.of(
                Arguments.of("The books balance. Objects were not read.", books(WELL)),
                Arguments.of("The books balance. Objects were not read.", books(balance(0, 0, 20, 0))),
                Arguments.of(
                        "The books balance. Objects were not read. 7 rows are undeliverable.",
                        books(balance(0, 0, 0, 7))),
                Arguments.of(
                        "The books balance. Objects were not read. 1 row is undeliverable.",
                        books(balance(0, 0, 0, 1))),
                Arguments.of(
                        "The books balance, and all 1,234 objects hold what they should.",
                        objects(new Looked(false, 1234, 1234, 0, 0, 0), List.of(), List.of())),
                Arguments.of(
                        "The books balance, and the one object holds what it should.",
                        objects(new Looked(false, 1, 1, 0, 0, 0), List.of(), List.of())),
                Arguments.of(
                        "The books balance; there are no objects yet.",
                        objects(new Looked(false, 0, 0, 0, 0, 0), List.of(), List.of())),
                Arguments.of(
                        "The books balance, and the 51 objects that were due hold what they should.",
                        objects(new Looked(true, 51, 51, 0, 0, 0), List.of(), List.of())),
                Arguments.of(
                        "The books balance, and the one object that was due holds what it should.",
                        objects(new Looked(true, 1, 1, 0, 0, 0), List.of(), List.of())),
                Arguments.of(
                        "The books balance; no object was due.",
                        objects(new Looked(true, 0, 0, 0, 0, 0), List.of(), List.of())),
                Arguments.of(
                        "The books balance, and all 3 objects hold what they should. 1 object is there and not committed yet.",
                        objects(new Looked(false, 3, 3, 1, 0, 0), List.of(), List.of())),
                Arguments.of(
                        "The books balance, and all 3 objects hold what they should. 2 objects have rows that were changed since.",
                        rendered(new Rendered(1, 0, 2))));
    }

    @ParameterizedTest
    @MethodSource
    void whatIsWellSaysWhatWasLookedAt(String verdict, AuditReport report) {
        assertThat(report.isWell()).isTrue();
        assertThat(report.verdict()).isEqualTo(verdict);
    }

    @Test
    void whatWasNotReadIsNamedWithTheReason() {
        assertThat(objects(new Looked(false, 3, 2, 0, 0, 1), List.of(), List.of(UNREAD))
                        .text())
                .contains("not read: order 1/0: KMS.DisabledException");
    }

    @Test
    void rowsThatNoOrderTakesAndRowsWithoutATimeAreNamedWithTheReason() {
        AuditReport report = new AuditReport(
                "main",
                balance(0, 0, 0, 10),
                List.of(),
                List.of(),
                List.of(),
                List.of(
                        Undeliverable.of("", "cat-logs", 4),
                        Undeliverable.of("cats", "", 3),
                        Undeliverable.of("cats", "UPPER_case!!", 2),
                        Undeliverable.of("c\ufffd", "cat-logs", 1)),
                List.of(new Timeless("dogs", 5)),
                false,
                NOT_LOOKED,
                List.of(),
                List.of(),
                NOT_RENDERED,
                0,
                List.of());

        assertThat(report.isWell()).isTrue();
        assertThat(report.verdict())
                .isEqualTo(
                        "The books balance. Objects were not read. 10 rows are undeliverable. 5 rows are dated 1970.");
        assertThat(report.text())
                .contains(
                        "undeliverable: 4 rows of bucket '' for 'cat-logs': no bucketName",
                        "undeliverable: 3 rows of bucket 'cats' for '': no loggingTargetBucket",
                        "undeliverable: 2 rows of bucket 'cats' for 'UPPER_case!!': no bucket can be called so",
                        "undeliverable: 1 row of bucket 'c\ufffd' for 'cat-logs': a name that is no UTF-8",
                        "dated 1970: 5 rows of bucket dogs: ");
    }
}
