package io.logcourier.operations;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.logcourier.RetryableException;
import io.logcourier.accesslog.AccessLogTable;
import io.logcourier.clickhouse.ClickHouse;
import io.logcourier.clickhouse.Statement;
import io.logcourier.configuration.Settings;
import io.logcourier.ledger.BlockRange;
import io.logcourier.ledger.BlockRanges;
import io.logcourier.ledger.Head;
import io.logcourier.ledger.Lane;
import io.logcourier.ledger.Ledger;
import io.logcourier.s3.BucketName;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongConsumer;
import software.amazon.awssdk.services.s3.S3Client;

/** Checks a lane's books, and the objects against them. Reads only. */
public final class Audit {
    /** Objects that are looked at together, and those of one epoch more. */
    private static final int PAGE_OBJECTS = 10_000;

    /** How long rows are to be there yet when nobody has claimed them: until they are due by default, and some ticks. */
    private static final Duration USUAL_NOTICE = Duration.ofMinutes(25);

    /** What claiming rows takes at most, while ticks run. */
    private static final Duration SOME_TICKS = Duration.ofMinutes(10);

    private static final String REPLACED_MARK = "/* being replaced */";

    private final ClickHouse clickHouse;
    private final Lane lane;
    private final int pageObjects;
    private final Unclaimed unclaimed;

    /** The books of {@code lane}, which {@code clickHouse} is connected to, and which waits as it does by default. */
    public Audit(ClickHouse clickHouse, Lane lane) {
        this(clickHouse, lane, USUAL_NOTICE, PAGE_OBJECTS);
    }

    /** The books of the only lane of {@code settings}, which {@code clickHouse} is connected to. */
    public Audit(ClickHouse clickHouse, Settings settings) {
        this(clickHouse, settings.lane(), notice(settings), PAGE_OBJECTS);
    }

    Audit(ClickHouse clickHouse, Lane lane, int pageObjects) {
        this(clickHouse, lane, USUAL_NOTICE, pageObjects);
    }

    private Audit(ClickHouse clickHouse, Lane lane, Duration notice, int pageObjects) {
        this.clickHouse = clickHouse;
        this.lane = lane;
        this.pageObjects = pageObjects;
        unclaimed = new Unclaimed(clickHouse, lane, notice);
    }

    /** How long rows are to be there yet when nobody has claimed them: until they are due, and some ticks. */
    static Duration notice(Settings settings) {
        return settings.discovery().timeThreshold().plus(SOME_TICKS);
    }

    /** The books alone. */
    public AuditReport report() {
        return report(books(), Optional.empty(), Rendered.NOTHING);
    }

    /** The books, and all objects as the settings have it. */
    public AuditReport report(S3Client s3, Settings settings, LongConsumer progress) {
        return report(s3, Scope.of(settings), false, progress);
    }

    /**
     * The books and the objects, in target buckets where nobody else writes.
     *
     * @param deep whether to render all rows that are still there again, too
     */
    public AuditReport reportAlone(S3Client s3, Settings settings, boolean deep, LongConsumer progress) {
        return report(s3, Scope.of(settings).alone(), deep, progress);
    }

    /**
     * The books, and the objects in a scope.
     *
     * @param deep whether to render all rows that are still there again, too
     * @param progress called with the bytes of each object that was read, from any thread
     * @throws RetryableException if S3 cannot be asked, or refuses everything
     */
    AuditReport report(S3Client s3, Scope scope, boolean deep, LongConsumer progress) {
        List<Difference> differences = books();
        Objects objects = objects(s3, scope, progress);
        Rendered rendered = deep ? render(differences) : Rendered.NOTHING;
        return report(differences, Optional.of(objects), rendered);
    }

    /** What was found in the books, and in the objects if they were looked at, with the sums as they are now. */
    AuditReport report(List<Difference> books, Optional<Objects> looked, Rendered rendered) {
        Objects objects = looked.orElse(Objects.NONE);
        List<Difference> differences = new ArrayList<>(books);
        differences.addAll(objects.differences());
        Balance balance = balance();
        if (!balance.addsUp()) {
            // Read from several tables while others write: once more.
            balance = balance();
        }
        List<Unclaimed.Expiring> expiring = unclaimed.expiring();
        expiring.forEach(rows -> differences.add(rows.difference()));
        return new AuditReport(
                lane.name(),
                balance,
                buckets(),
                refused(),
                lost(),
                undeliverable(),
                timeless(),
                looked.isPresent(),
                objects.looked(),
                objects.missing(),
                objects.unread(),
                rendered,
                expiring.stream().mapToLong(Unclaimed.Expiring::rows).sum(),
                differences);
    }

    /**
     * What rendering delivered orders again has shown.
     *
     * @param same objects that came out the same
     * @param gone delivered orders that no longer have all their rows, so nobody can tell
     * @param changed objects that would have other bytes now, of the same rows: these were updated since, or ClickHouse was
     */
    public record Rendered(long same, long gone, long changed) {
        static final Rendered NOTHING = new Rendered(0, 0, 0);

        Rendered plus(Rendered other) {
            return new Rendered(same + other.same, gone + other.gone, changed + other.changed);
        }
    }

    /** Renders every delivered order again, those of about a page together, and compares. */
    private Rendered render(List<Difference> differences) {
        record Epoch(long epoch, long orders) {}
        Rerendering rerendering = new Rerendering(clickHouse, lane);
        FirstOf<Long, Difference> found = new FirstOf<>(Comparator.naturalOrder());
        Rendered all = Rendered.NOTHING;
        long from = 1;
        long orders = 0;
        List<Epoch> epochs = clickHouse.list(sql("delivered-epochs.sql"), Epoch.class);
        for (Epoch epoch : epochs) {
            orders += epoch.orders();
            if (orders >= pageObjects || epoch.equals(epochs.getLast())) {
                all = all.plus(
                        rerendering.render(from, epoch.epoch(), difference -> found.add(found.count(), difference)));
                from = epoch.epoch() + 1;
                orders = 0;
            }
        }
        differences.addAll(found.first());
        return all;
    }

    /** Something that does not add up; names the epoch, the order or the object. */
    public record Difference(String what) {}

    /**
     * An object that was delivered and is not there any more: S3 does not tell who removed it, the owner's lifecycle or
     * somebody by mistake.
     *
     * @param rows that it held
     */
    public record Missing(long epoch, int number, String bucket, String targetBucket, String key, long rows) {}

    /**
     * Something that could not be looked at, so nobody knows what it holds.
     *
     * @param what an order's object, or a folder of a target bucket
     * @param reason what S3 said
     */
    public record Unread(String what, String reason) {}

    /**
     * How many objects were looked at.
     *
     * @param share whether a share of them was to be looked at, as on a schedule
     * @param due orders whose objects were to be read: all that were delivered, or those of the share
     * @param read objects that were read and hold what they should
     * @param underWay objects that are there while their orders are not committed yet, for a short time
     * @param missing objects that were delivered and are not there any more
     * @param unread objects, and folders, that could not be looked at
     */
    public record Looked(boolean share, long due, long read, long underWay, long missing, long unread) {}

    /** What looking at the objects has shown: counts, and the first 10,000 of each kind. */
    public record Objects(Looked looked, List<Missing> missing, List<Unread> unread, List<Difference> differences) {
        static final Objects NONE = new Objects(new Looked(false, 0, 0, 0, 0, 0), List.of(), List.of(), List.of());
    }

    /** The sums of the lane. */
    public Balance balance() {
        Ledger ledger = new Ledger(clickHouse, lane);
        return clickHouse
                .one(
                        sql("balance.sql")
                                .with("begin", ledger.begin().epoch())
                                .with("epoch", ledger.head().epoch()),
                        Balance.class)
                .orElseThrow();
    }

    /** The delivered rows of a bucket. */
    public record BucketLine(String bucket, long objects, long rows, long bytes) {}

    /** What was delivered, per bucket, the largest first. */
    public List<BucketLine> buckets() {
        return clickHouse.list(sql("buckets.sql"), BucketLine.class);
    }

    /** An order that was not delivered, or not whole: {@code rows} of it are in no object. */
    public record Refused(long epoch, int number, String bucket, String targetBucket, long rows, String reason) {}

    /** The orders that were given up and not delivered later. */
    public List<Refused> refused() {
        return clickHouse.list(sql("refused.sql"), Refused.class);
    }

    /** The orders whose rows were gone or changed before they were delivered. */
    public List<Refused> lost() {
        return clickHouse.list(sql("lost.sql"), Refused.class);
    }

    /**
     * Rows that no order takes, and why.
     *
     * @param bucket that they name; empty where they name none
     * @param targetBucket the same
     */
    public record Undeliverable(String bucket, String targetBucket, long rows, String reason) {
        static Undeliverable of(String bucket, String targetBucket, long rows) {
            return new Undeliverable(bucket, targetBucket, rows, reason(bucket, targetBucket));
        }

        private static String reason(String bucket, String targetBucket) {
            if (bucket.isEmpty()) {
                return "no bucketName";
            }
            if (targetBucket.isEmpty()) {
                return "no loggingTargetBucket";
            }
            return BucketName.isPossible(targetBucket) ? "a name that is no UTF-8" : "no bucket can be called so";
        }
    }

    /** The rows that no order takes, most rows first; at most 1,000 pairs of source and target. */
    public List<Undeliverable> undeliverable() {
        record Found(String bucket, String targetBucket, long rows) {}
        return clickHouse.list(arrived("undeliverable.sql"), Found.class).stream()
                .map(found -> Undeliverable.of(found.bucket(), found.targetBucket(), found.rows()))
                .toList();
    }

    /** Rows of a bucket that are dated 1970: they came without a time, or with one that ClickHouse took for another. */
    public record Timeless(String bucket, long rows) {}

    /** The rows that are dated 1970, most rows first; of at most 1,000 buckets. */
    public List<Timeless> timeless() {
        return clickHouse.list(arrived("timeless.sql"), Timeless.class);
    }

    private Statement arrived(String file) {
        Ledger ledger = new Ledger(clickHouse, lane);
        return sql(file)
                .with("begin", ledger.begin().epoch())
                .with("epoch", ledger.head().epoch());
    }

    /**
     * Everything in the books that does not add up; empty when they balance.
     *
     * @throws RetryableException if the replica that was asked may lack rows of the ledger or of the log
     */
    public List<Difference> books() {
        Ledger ledger = new Ledger(clickHouse, lane);
        checkWhole(ledger.head());
        long begin = ledger.begin().epoch();
        List<Difference> differences = new ArrayList<>(overlaps());
        for (String check : List.of(
                "log.sql", "seals.sql", "derived-orders.sql", "ordered-rows.sql", "replacements.sql", "offsets.sql")) {
            differences.addAll(clickHouse.list(sql(check).with("begin", begin), Difference.class));
        }
        differences.addAll(new Stock(clickHouse, lane).differences());
        differences.addAll(unclaimed.detached());
        // Trimmed meanwhile, they seem to lack what is gone.
        return ledger.begin().epoch() == begin ? differences : books();
    }

    /** What is not there yet would look like what is lost. */
    private void checkWhole(Head head) {
        if (head.lagging() > 0 || new AccessLogTable(clickHouse, lane).isLagging(head.plannedAt())) {
            throw new RetryableException("the replica that lane " + lane.name()
                    + " is audited on lags: it may lack rows; audit again later, or ask another replica");
        }
    }

    /** Blocks that two epochs claimed. */
    private List<Difference> overlaps() {
        record Claim(long epoch, @JsonUnwrapped BlockRange range) {}
        List<Difference> differences = new ArrayList<>();
        Map<String, List<BlockRange>> taken = new HashMap<>();
        for (Claim claim : clickHouse.list(sql("claims.sql"), Claim.class)) {
            List<BlockRange> before = taken.getOrDefault(claim.range().partition(), List.of());
            if (!BlockRanges.subtract(claim.range(), before).equals(List.of(claim.range()))) {
                differences.add(new Difference("epoch " + claim.epoch() + " claims blocks " + claim.range()
                        + ", of which an earlier epoch has claimed some"));
            }
            List<BlockRange> all = new ArrayList<>(before);
            all.add(claim.range());
            taken.put(claim.range().partition(), BlockRanges.union(all));
        }
        return differences;
    }

    /**
     * Reads the delivered objects of a scope back and compares lines, bytes and checksum with their offsets; then looks for
     * objects beside them.
     *
     * @param progress called with the bytes of each object that was read, from any thread
     * @throws RetryableException if S3 cannot be asked, or refuses everything
     */
    Objects objects(S3Client s3, Scope scope, LongConsumer progress) {
        List<Difference> differences = clickHouse.list(sql("shared-objects.sql"), Difference.class);
        long through = new Ledger(clickHouse, lane).head().epoch();
        Objects objects = new ObjectAudit(clickHouse, lane, pageObjects, s3, scope).look(through, progress);
        differences.addAll(objects.differences());
        return new Objects(objects.looked(), objects.missing(), objects.unread(), differences);
    }

    private Statement sql(String file) {
        return statement(file)
                .with("ledger", lane.ledger())
                .with("logs", lane.logs())
                .with("table", lane.table());
    }

    /** A statement on the books; where it marks that, it knows the orders that are being replaced. */
    static Statement statement(String file) {
        return Statement.resource(Audit.class, file)
                .replace(
                        REPLACED_MARK,
                        Statement.resource(Audit.class, "being-replaced.sql").sql());
    }
}
