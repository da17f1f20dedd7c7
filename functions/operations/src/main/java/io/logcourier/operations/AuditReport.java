package io.logcourier.operations;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.logcourier.operations.Audit.BucketLine;
import io.logcourier.operations.Audit.Difference;
import io.logcourier.operations.Audit.Looked;
import io.logcourier.operations.Audit.Missing;
import io.logcourier.operations.Audit.Refused;
import io.logcourier.operations.Audit.Rendered;
import io.logcourier.operations.Audit.Unread;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What an audit found: the answer of {@code courier audit --json}.
 *
 * @param lane which books
 * @param balance the sums
 * @param buckets what was delivered, the bucket with the most rows first
 * @param refused orders that were given up
 * @param lost orders whose rows were gone or changed before they were delivered; {@code rows} of them are in no object
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
        boolean objectsRead,
        Looked objects,
        List<Missing> missing,
        List<Unread> unread,
        Rendered rendered,
        long expiring,
        List<Difference> differences) {
    private static final int SHOWN = 20;

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
            all.add("%,d %s".formatted(number, number == 1 ? one : many));
        }
    }

    /** The report for people: balance sheet, the largest buckets, what is wrong. */
    public String text() {
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
                    "delivered by the incumbent; it passed over %,d others".formatted(balance.recovered()));
        }
        row(
                text,
                "undeliverable",
                balance.undeliverable(),
                "without a bucket or a target, or with a name S3 cannot have");
        row(text, "pending", balance.pending(), "not due yet");
        row(text, "ordered", balance.ordered(), "");
        row(
                text,
                "delivered",
                balance.delivered(),
                "in %,d objects, %,d bytes".formatted(balance.objects(), balance.bytes()));
        row(text, "given up", balance.givenUp(), "their targets refused them");
        row(text, "lost", balance.lost(), "gone from the log table before they were delivered");
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
        text.append("%n%-40s %10s %14s %16s%n".formatted("bucket", "objects", "rows", "bytes"));
        buckets.stream()
                .limit(SHOWN)
                .forEach(bucket -> text.append("%-40s %,10d %,14d %,16d%n"
                        .formatted(bucket.bucket(), bucket.objects(), bucket.rows(), bucket.bytes())));
        more(text, buckets.size(), "buckets");
        orders(text, "given up", refused);
        orders(text, "lost", lost);
        missing.stream()
                .limit(SHOWN)
                .forEach(object -> text.append("%nmissing: order %d/%d of bucket %s, %,d rows: object %s/%s"
                        .formatted(
                                object.epoch(),
                                object.number(),
                                object.bucket(),
                                object.rows(),
                                object.targetBucket(),
                                object.key())));
        more(text, objects.missing(), "objects missing");
        unread.stream()
                .limit(SHOWN)
                .forEach(thing -> text.append("%nnot read: %s: %s".formatted(thing.what(), thing.reason())));
        more(text, objects.unread(), "objects or folders not read");
        differences.stream()
                .limit(SHOWN)
                .forEach(difference -> text.append("%ndifference: %s".formatted(difference.what())));
        more(text, differences.size(), "differences");
        return text.toString().stripTrailing() + Advice.text(advice());
    }

    private static void orders(StringBuilder text, String outcome, List<Refused> orders) {
        orders.stream()
                .limit(SHOWN)
                .forEach(order -> text.append("%n%s: order %d/%d of bucket %s, %,d rows: %s"
                        .formatted(
                                outcome, order.epoch(), order.number(), order.bucket(), order.rows(), order.reason())));
        more(text, orders.size(), "orders " + outcome);
    }

    /** What keeps some stored rows out of objects, or empty when all are in one. */
    public Optional<String> undelivered() {
        if (balance.isComplete()) {
            return Optional.empty();
        }
        StringBuilder what = new StringBuilder();
        part(what, balance.undeliverable(), "rows are undeliverable (no bucket or no target)");
        part(what, balance.givenUp(), "rows were given up (their target refused them)");
        part(what, balance.lost(), "rows were lost (gone from the log table before they were delivered)");
        part(what, balance.open() + balance.pending(), "rows are still to be delivered");
        part(what, balance.stored() - balance.claimed(), "rows are not claimed yet");
        part(what, balance.claimed() - balance.stored(), "claimed rows are no longer in the log table");
        return Optional.of(what.toString());
    }

    private static void part(StringBuilder what, long rows, String text) {
        if (rows > 0) {
            what.append(what.isEmpty() ? "" : ", ")
                    .append("%,d ".formatted(rows))
                    .append(text);
        }
    }

    private static void row(StringBuilder text, String name, long rows, String remark) {
        text.append("%-14s %,14d rows  %s".formatted(name, rows, remark).stripTrailing())
                .append(System.lineSeparator());
    }

    private static void more(StringBuilder text, long size, String things) {
        if (size > SHOWN) {
            text.append("%n... and %,d more %s".formatted(size - SHOWN, things));
        }
    }
}
