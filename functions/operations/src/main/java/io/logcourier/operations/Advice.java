package io.logcourier.operations;

import io.logcourier.operations.Audit.Missing;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** What to do about each trouble that is shown, in the order in which it should be done. */
final class Advice {
    private static final String LEFT_ALONE =
            "left alone: stop the schedule and the workers, then `courier repair`, which changes nothing without --apply";
    private static final String GIVEN_UP =
            "given up: mend what the reasons name, such as make the bucket, then `courier redrive`";
    private static final String LOST =
            "lost: these rows are gone from ClickHouse and come back from a backup only; find what deleted them, a TTL or a DELETE, before it deletes more";
    private static final String EXPIRING =
            "expiring: run `courier tick` now, or have the TTL of the log table keep rows longer first";
    private static final String UNREAD =
            "not read: mend what the reasons name, such as s3:GetObject and s3:ListBucket for who audits, or s3.roles; then audit again";
    private static final String DIFFERENCE =
            "difference: change nothing in the log table and in the ledger before docs/runbook.md, AuditAlarm, says which kind it is";

    /** Orders that one line names. */
    private static final int NAMED = 10;

    private Advice() {}

    static List<String> of(Status status) {
        List<String> advice = new ArrayList<>();
        add(advice, status.expiring() > 0, EXPIRING);
        add(advice, !status.leftAlone().isEmpty(), LEFT_ALONE);
        add(advice, status.buckets().stream().anyMatch(bucket -> bucket.givenUp() > 0), GIVEN_UP);
        add(advice, status.buckets().stream().anyMatch(bucket -> bucket.lost() > 0), LOST);
        return advice;
    }

    static List<String> of(AuditReport report) {
        List<String> advice = new ArrayList<>();
        add(advice, report.expiring() > 0, EXPIRING);
        add(advice, !report.differences().isEmpty() || !report.balance().addsUp(), DIFFERENCE);
        add(advice, report.balance().givenUp() > 0 || !report.refused().isEmpty(), GIVEN_UP);
        add(advice, report.objects().missing() > 0, missing(report.missing()));
        add(advice, report.objects().unread() > 0, UNREAD);
        add(advice, report.balance().lost() > 0, LOST);
        return advice;
    }

    private static String missing(List<Missing> objects) {
        return "missing: unless their owners removed them on purpose, `courier replay%s%s` writes them again"
                .formatted(
                        objects.stream()
                                .limit(NAMED)
                                .map(object -> " --order %d/%d".formatted(object.epoch(), object.number()))
                                .collect(Collectors.joining()),
                        objects.size() > NAMED ? " ..." : "");
    }

    private static void add(List<String> all, boolean isSo, String advice) {
        if (isSo) {
            all.add(advice);
        }
    }

    /** As lines for people; nothing where there is none. */
    static String text(List<String> advice) {
        return advice.stream().map("%n  to do: %s"::formatted).collect(Collectors.joining());
    }
}
