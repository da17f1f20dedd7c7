package io.logcourier.operations;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.logcourier.logging.Quantity;
import io.logcourier.operations.Audit.BucketLine;
import io.logcourier.operations.Audit.Difference;
import io.logcourier.operations.Audit.Looked;
import io.logcourier.operations.Audit.Missing;
import io.logcourier.operations.Audit.Refused;
import io.logcourier.operations.Audit.Rendered;
import io.logcourier.operations.Audit.Timeless;
import io.logcourier.operations.Audit.Undeliverable;
import io.logcourier.operations.Audit.Unread;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What an audit found: the answer of {@code courier audit --json}.
 *
 * @param lane which books
 * @param balance the sums
 * @param buckets what was delivered, the bucket with the most rows first
 * @param refused orders that were given up
 * @param lost orders whose rows were gone or changed before they were delivered; {@code rows} of them are in no object
 * @param undeliverable rows that no order takes, by what they name
 * @param timeless rows that are dated 1970, by bucket
 * @param objectsRead whether the objects were read back too
 * @param objects how many of them were looked at
 * @param missing delivered objects that are not there any more, where objects were read; the first 10,000
 * @param unread objects that could not be read, and folders that could not be listed; the first 10,000
 * @param rendered what was rendered again, with {@code --deep}
 * @param expiring rows that no epoch has claimed and that go by TTL before they would be due
 * @param differences what does not add up
 */
public record AuditReport(
        String lane,
        Balance balance,
        List<BucketLine> buckets,
        List<Refused> refused,
        List<Refused> lost,
        List<Undeliverable> undeliverable,
        List<Timeless> timeless,
        boolean objectsRead,
        Looked objects,
        List<Missing> missing,
        List<Unread> unread,
        Rendered rendered,
        long expiring,
        List<Difference> differences) {
    private static final int SHOWN = 20;

    /** Characters of a line where nobody knows better. */
    private static final int PAGE = 80;

    /**
     * Whether nothing that the report shows is wrong: the sums follow from each other, nothing differs, no order was given
     * up, no row was lost or is about to be, and no object that was looked for is missing or could not be read.
     */
    public boolean isWell() {
        return balance.addsUp()
                && balance.givenUp() == 0
                && balance.lost() == 0
                && differences.isEmpty()
                && refused.isEmpty()
                && missing.isEmpty()
                && unread.isEmpty()
                && objects.missing() == 0
                && objects.unread() == 0
                && expiring == 0;
    }

    /** What to do about each trouble. */
    @JsonProperty
    public List<String> advice() {
        return Advice.of(this);
    }

    /** In one line: whether all is well, what is not, and what was looked at. */
    public String verdict() {
        List<String> sentences = new ArrayList<>();
        if (isWell()) {
            sentences.add("The books balance" + (objectsRead ? hold() : "") + ".");
        } else {
            List<String> wrong = new ArrayList<>();
            count(wrong, differences.size(), "difference", "differences");
            count(wrong, objects.missing(), "object missing", "objects missing");
            count(wrong, objects.unread(), "object or folder not read", "objects or folders not read");
            count(wrong, refused.size(), "order given up", "orders given up");
            if (refused.isEmpty()) {
                count(wrong, balance.givenUp(), "row given up", "rows given up");
            }
            count(wrong, balance.lost(), "row lost", "rows lost");
            count(wrong, expiring, "row about to go unclaimed", "rows about to go unclaimed");
            if (!balance.addsUp()) {
                wrong.add("the sums do not follow from each other");
            }
            sentences.add(String.join(", ", wrong) + ".");
        }
        if (!objectsRead) {
            sentences.add("Objects were not read.");
        }
        count(sentences, balance.undeliverable(), "row is undeliverable.", "rows are undeliverable.");
        count(sentences, balance.filtered(), "row is kept out by a rule.", "rows are kept out by a rule.");
        count(
                sentences,
                timeless.stream().mapToLong(Timeless::rows).sum(),
                "row is dated 1970.",
                "rows are dated 1970.");
        count(
                sentences,
                objects.underWay(),
                "object is there and not committed yet.",
                "objects are there and not committed yet.");
        count(
                sentences,
                rendered.changed(),
                "object has rows that were changed since.",
                "objects have rows that were changed since.");
        return String.join(" ", sentences);
    }

    /** What the objects do, where all is well. */
    private String hold() {
        if (objects.read() == 0) {
            return objects.share() ? "; no object was due" : "; there are no objects yet";
        }
        if (objects.read() == 1) {
            return ", and the one object %sholds what it should".formatted(objects.share() ? "that was due " : "");
        }
        return (objects.share()
                        ? ", and the %,d objects that were due hold what they should"
                        : ", and all %,d objects hold what they should")
                .formatted(objects.read());
    }

    private static void count(List<String> all, long number, String one, String many) {
        if (number > 0) {
            all.add(Quantity.of(number, one, many));
        }
    }

    /** The report for people, as a page has it: balance sheet, the largest buckets, what is wrong. */
    public String text() {
        return text(PAGE);
    }

    /** The same; its tables are no wider than {@code columns} characters where the names allow it. */
    public String text(int columns) {
        StringBuilder text = new StringBuilder();
        row(text, "stored", balance.stored(), "in the log table now");
        row(
                text,
                "claimed",
                balance.claimed(),
                "by epochs %d to %d".formatted(Math.max(1, balance.begin()), balance.epoch()));
        if (balance.adopted() > 0) {
            row(
                    text,
                    "adopted",
                    balance.adopted(),
                    "by the incumbent, which passed over %,d others".formatted(balance.recovered()));
        }
        row(text, "undeliverable", balance.undeliverable(), "no bucket or target, or a name S3 cannot have");
        if (balance.filtered() > 0) {
            row(text, "filtered", balance.filtered(), "kept out of objects by a rule");
        }
        row(text, "pending", balance.pending(), "not due yet");
        row(text, "ordered", balance.ordered(), "");
        row(
                text,
                "delivered",
                balance.delivered(),
                "in %s, %s".formatted(Quantity.of(balance.objects(), "object"), Quantity.of(balance.bytes(), "byte")));
        row(text, "given up", balance.givenUp(), "their targets refused them");
        row(text, "lost", balance.lost(), "gone before they were delivered");
        row(text, "open", balance.open(), "under way");
        if (expiring > 0) {
            row(text, "expiring", expiring, "in no epoch, and about to go by TTL");
        }
        if (!balance.addsUp()) {
            text.append("the sums do not follow from each other: ordered is delivered + given up + lost + open%n"
                    .formatted());
        }
        if (rendered.same() + rendered.gone() + rendered.changed() > 0) {
            text.append("rendered again: %,d the same; %,d changed since; %,d no longer with all their rows%n"
                    .formatted(rendered.same(), rendered.changed(), rendered.gone()));
        }
        Table table = new Table(List.of("bucket", "objects", "rows", "bytes"), Set.of());
        buckets.stream()
                .limit(SHOWN)
                .forEach(bucket -> table.add(
                        bucket.bucket(),
                        Table.figure(bucket.objects()),
                        Table.figure(bucket.rows()),
                        Table.figure(bucket.bytes())));
        text.append(System.lineSeparator()).append(table.text(columns));
        more(text, buckets.size(), "bucket", "buckets");
        orders(text, "given up", refused);
        orders(text, "lost", lost);
        undeliverable.stream()
                .limit(SHOWN)
                .forEach(rows -> text.append("%nundeliverable: %s of bucket '%s' for '%s': %s"
                        .formatted(
                                Quantity.of(rows.rows(), "row"), rows.bucket(), rows.targetBucket(), rows.reason())));
        more(
                text,
                undeliverable.size(),
                "pair of buckets with undeliverable rows",
                "pairs of buckets with undeliverable rows");
        timeless.stream()
                .limit(SHOWN)
                .forEach(rows -> text.append(
                        "%ndated 1970: %s of bucket %s: they came without a startTime, or with one that ClickHouse took for another; see docs/input.md"
                                .formatted(Quantity.of(rows.rows(), "row"), rows.bucket())));
        more(text, timeless.size(), "bucket with rows that are dated 1970", "buckets with rows that are dated 1970");
        missing.stream()
                .limit(SHOWN)
                .forEach(object -> text.append("%nmissing: order %d/%d of bucket %s, %s: object %s/%s"
                        .formatted(
                                object.epoch(),
                                object.number(),
                                object.bucket(),
                                Quantity.of(object.rows(), "row"),
                                object.targetBucket(),
                                object.key())));
        more(text, objects.missing(), "object missing", "objects missing");
        unread.stream()
                .limit(SHOWN)
                .forEach(thing -> text.append("%nnot read: %s: %s".formatted(thing.what(), thing.reason())));
        more(text, objects.unread(), "object or folder not read", "objects or folders not read");
        differences.stream()
                .limit(SHOWN)
                .forEach(difference -> text.append("%ndifference: %s".formatted(difference.what())));
        more(text, differences.size(), "difference", "differences");
        return text.toString().stripTrailing() + Advice.text(advice());
    }

    private static void orders(StringBuilder text, String outcome, List<Refused> orders) {
        orders.stream()
                .limit(SHOWN)
                .forEach(order -> text.append("%n%s: order %d/%d of bucket %s, %s: %s"
                        .formatted(
                                outcome,
                                order.epoch(),
                                order.number(),
                                order.bucket(),
                                Quantity.of(order.rows(), "row"),
                                order.reason())));
        more(text, orders.size(), "order " + outcome, "orders " + outcome);
    }

    /** What keeps some stored rows out of objects, or empty when all are in one. */
    public Optional<String> undelivered() {
        if (balance.isComplete()) {
            return Optional.empty();
        }
        StringBuilder what = new StringBuilder();
        part(
                what,
                balance.undeliverable(),
                "row is undeliverable (no bucket, no target, or one that no bucket can be called)",
                "rows are undeliverable (no bucket, no target, or one that no bucket can be called)");
        part(
                what,
                balance.givenUp(),
                "row was given up (its target refused it)",
                "rows were given up (their target refused them)");
        part(
                what,
                balance.lost(),
                "row was lost (gone from the log table before it was delivered)",
                "rows were lost (gone from the log table before they were delivered)");
        part(
                what,
                balance.open() + balance.pending(),
                "row is still to be delivered",
                "rows are still to be delivered");
        part(what, balance.stored() - balance.claimed(), "row is not claimed yet", "rows are not claimed yet");
        part(
                what,
                balance.claimed() - balance.stored(),
                "claimed row is no longer in the log table",
                "claimed rows are no longer in the log table");
        return Optional.of(what.toString());
    }

    private static void part(StringBuilder what, long rows, String one, String many) {
        if (rows > 0) {
            what.append(what.isEmpty() ? "" : ", ").append(Quantity.of(rows, one, many));
        }
    }

    private static void row(StringBuilder text, String name, long rows, String remark) {
        text.append(line(name, rows, remark)).append(System.lineSeparator());
    }

    /** A line of the balance sheet, for those that a command adds to it. */
    public static String line(String name, long rows, String remark) {
        return "%-14s %,13d %-4s  %s"
                .formatted(name, rows, rows == 1 ? "row" : "rows", remark)
                .stripTrailing();
    }

    private static void more(StringBuilder text, long size, String one, String many) {
        if (size > SHOWN) {
            text.append("%n... and %s".formatted(Quantity.of(size - SHOWN, "more " + one, "more " + many)));
        }
    }
}
