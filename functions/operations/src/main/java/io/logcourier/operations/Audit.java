package io.logcourier.operations;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.logcourier.RetryableException;
import io.logcourier.accesslog.AccessLogTable;
import io.logcourier.accesslog.AccessLogTable.Query;
import io.logcourier.accesslog.Contents;
import io.logcourier.accesslog.Frames;
import io.logcourier.accesslog.Rendering;
import io.logcourier.clickhouse.ClickHouse;
import io.logcourier.clickhouse.Statement;
import io.logcourier.ledger.BlockRange;
import io.logcourier.ledger.BlockRanges;
import io.logcourier.ledger.Claims;
import io.logcourier.ledger.Compression;
import io.logcourier.ledger.Head;
import io.logcourier.ledger.Lane;
import io.logcourier.ledger.Ledger;
import io.logcourier.ledger.Ledger.Standing;
import io.logcourier.ledger.Offset;
import io.logcourier.ledger.Tally;
import io.logcourier.ledger.WorkOrder;
import io.logcourier.message.OrderMessage;
import io.logcourier.s3.Tasks;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.function.Function;
import java.util.function.LongConsumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.CheckedOutputStream;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.NoSuchKeyException;
import software.amazon.awssdk.services.s3.model.S3Object;

/** Checks a lane's books, and the objects against them. Reads only. */
public final class Audit {
    private static final int OBJECTS_AT_ONCE = 16;

    /** Objects that are looked at together, and those of one epoch more. */
    private static final int PAGE_OBJECTS = 10_000;

    /** An object written so long after its order was planned, or longer, may be taken for a stranger. */
    private static final Duration LATEST_DELIVERY = Duration.ofDays(1);

    private static final String REPLACED_MARK = "/* being replaced */";

    private final ClickHouse clickHouse;
    private final Lane lane;
    private final int pageObjects;

    /** The books of {@code lane}, which {@code clickHouse} is connected to. */
    public Audit(ClickHouse clickHouse, Lane lane) {
        this(clickHouse, lane, PAGE_OBJECTS);
    }

    Audit(ClickHouse clickHouse, Lane lane, int pageObjects) {
        this.clickHouse = clickHouse;
        this.lane = lane;
        this.pageObjects = pageObjects;
    }

    /** The books alone. */
    public AuditReport report() {
        return report(false, List.of(), Rendered.NOTHING, books());
    }

    /** The books, and the objects as {@link #objects} checks them. */
    public AuditReport report(S3Client s3, boolean alone, LongConsumer progress) {
        return report(s3, alone, false, progress);
    }

    /**
     * The books, and the objects as {@link #objects} checks them.
     *
     * @param deep whether to render all rows that are still there again, too
     */
    public AuditReport report(S3Client s3, boolean alone, boolean deep, LongConsumer progress) {
        List<Difference> differences = books();
        Objects objects = objects(s3, alone, progress);
        differences.addAll(objects.differences());
        Rendered rendered = deep ? render(differences) : Rendered.NOTHING;
        return report(true, objects.missing(), rendered, differences);
    }

    private AuditReport report(
            boolean objectsRead, List<Missing> missing, Rendered rendered, List<Difference> differences) {
        return new AuditReport(
                lane.name(), balance(), buckets(), refused(), lost(), objectsRead, missing, rendered, differences);
    }

    /**
     * What was rendered again.
     *
     * @param same objects that came out the same
     * @param gone delivered orders that no longer have all their rows, so nobody can tell
     */
    public record Rendered(long same, long gone) {
        private static final Rendered NOTHING = new Rendered(0, 0);

        private Rendered plus(Rendered other) {
            return new Rendered(same + other.same, gone + other.gone);
        }
    }

    /** Renders every delivered order again, as a worker does, and compares bytes and checksum with its offset. */
    private Rendered render(List<Difference> differences) {
        Ledger ledger = new Ledger(clickHouse, lane);
        return pages().flatMap(
                        page -> OrderMessage.deliver(
                                lane.name(),
                                ledger.decided(
                                        page.getFirst().epoch() - 1,
                                        page.getLast().epoch()))
                                .stream())
                .flatMap(run -> ledger.standing(run.epoch(), run.first(), run.last()).stream()
                        .filter(standing -> standing.outcomes().contains(Offset.Outcome.DELIVERED))
                        .collect(Collectors.groupingBy(standing -> Query.of(standing.order())))
                        .values()
                        .stream())
                .map(together -> render(ledger, together, differences))
                .reduce(Rendered.NOTHING, Rendered::plus);
    }

    private Rendered render(Ledger ledger, List<Standing> delivered, List<Difference> differences) {
        // What the rows of an order make now.
        final class Made {
            private final Contents.Sum sum = new Contents.Sum();
            private final OutputStream lines;
            private long rows;

            Made(WorkOrder order) throws IOException {
                lines = order.compression().compress(new CheckedOutputStream(OutputStream.nullOutputStream(), sum));
            }
        }
        Map<Integer, Made> made = new HashMap<>();
        WorkOrder any = delivered.getFirst().order();
        Claims claims = ledger.claims(any.fromEpoch(), any.toEpoch());
        AccessLogTable table = new AccessLogTable(clickHouse, lane);
        if (Rendering.of(any) == Rendering.PARQUET) {
            return tally(table, claims, delivered, differences);
        }
        try {
            for (Standing standing : delivered) {
                made.put(standing.order().number(), new Made(standing.order()));
            }
            try (InputStream rendered =
                    table.render(delivered.stream().map(Standing::order).toList(), claims)) {
                Frames frames = new Frames(rendered);
                while (frames.next()) {
                    Made object = made.get(frames.number());
                    object.rows++;
                    frames.line(object.lines::write);
                }
            }
            for (Made object : made.values()) {
                object.lines.close();
            }
        } catch (IOException e) {
            throw new RetryableException("ClickHouse broke off a result: " + e.getMessage(), e);
        }
        long same = 0;
        long gone = 0;
        for (Standing standing : delivered) {
            WorkOrder order = standing.order();
            Made object = made.get(order.number());
            long bytes = object.sum.bytes();
            long crc = object.sum.getValue();
            if (object.rows < order.tally().rows()) {
                gone++;
            } else if (bytes == standing.deliveredBytes() && crc == standing.deliveredCrc32c()) {
                same++;
            } else {
                differences.add(new Difference(
                        "order %s of bucket %s: its rows make %d bytes with CRC32C %08x, delivered were %d bytes, %08x"
                                .formatted(
                                        order.id(),
                                        order.group().bucket(),
                                        bytes,
                                        crc,
                                        standing.deliveredBytes(),
                                        standing.deliveredCrc32c())));
            }
        }
        return new Rendered(same, gone);
    }

    /** As {@link #render}, of files whose bytes are those of one version of ClickHouse: only their rows are compared. */
    private static Rendered tally(
            AccessLogTable table, Claims claims, List<Standing> delivered, List<Difference> differences) {
        long same = 0;
        long gone = 0;
        for (Standing standing : delivered) {
            WorkOrder order = standing.order();
            Tally left = table.tally(order, claims);
            if (left.rows() < order.tally().rows()) {
                gone++;
            } else if (order.tally().matches(left.rows(), left.checksum())) {
                same++;
            } else {
                differences.add(new Difference("order %s of bucket %s: its rows are not those that were delivered"
                        .formatted(order.id(), order.group().bucket())));
            }
        }
        return new Rendered(same, gone);
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

    /** What reading the objects back has shown. */
    public record Objects(List<Missing> missing, List<Difference> differences) {}

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
                "log.sql",
                "seals.sql",
                "derived-orders.sql",
                "ordered-rows.sql",
                "replacements.sql",
                "offsets.sql")) {
            differences.addAll(clickHouse.list(sql(check).with("begin", begin), Difference.class));
        }
        differences.addAll(new Stock(clickHouse, lane).differences());
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

    /** What an offset says of its object. */
    private record Entry(
            long epoch,
            int number,
            String bucket,
            String targetBucket,
            String key,
            String rendering,
            Compression compression,
            long rows,
            long bytes,
            long crc32c) {
        /** A retry may have recorded an order twice; as the same, unless ClickHouse was upgraded and writes Parquet. */
        static final Comparator<Entry> IN_ORDER = Comparator.comparingLong(Entry::epoch)
                .thenComparingInt(Entry::number)
                .thenComparingLong(Entry::rows)
                .thenComparingLong(Entry::bytes)
                .thenComparingLong(Entry::crc32c);

        Missing missing() {
            return new Missing(epoch, number, bucket, targetBucket, key, rows);
        }

        String name() {
            return "order " + epoch + "/" + number + " of bucket " + bucket + ": object " + targetBucket + "/" + key;
        }
    }

    /**
     * Reads every delivered object back and compares lines, bytes and checksum with its offset, or one of its offsets;
     * then looks for objects beside them.
     *
     * @param progress called with the bytes of each object that was read, from any thread
     * @param alone whether the target buckets are ours alone, so that an object that no offset names is a difference
     */
    public Objects objects(S3Client s3, boolean alone, LongConsumer progress) {
        List<Difference> differences = clickHouse.list(sql("shared-objects.sql"), Difference.class);
        Set<Entry> missing = new ConcurrentSkipListSet<>(Entry.IN_ORDER);
        Map<Entry, Difference> damaged = new ConcurrentSkipListMap<>(Entry.IN_ORDER);
        Map<String, Set<String>> named = new TreeMap<>();
        try (Tasks checks = new Tasks(OBJECTS_AT_ONCE)) {
            pages().flatMap(page -> byName(page).stream()).forEach(entries -> {
                Entry any = entries.getLast();
                if (alone) {
                    named.computeIfAbsent(any.targetBucket(), bucket -> new HashSet<>())
                            .add(any.key());
                }
                checks.start(() -> {
                    try {
                        check(s3, entries, progress).ifPresent(difference -> damaged.put(any, difference));
                    } catch (NoSuchKeyException e) {
                        missing.add(any);
                    }
                });
            });
            checks.await();
        }
        differences.addAll(damaged.values());
        if (alone) {
            differences.addAll(strangers(s3, named));
        }
        return new Objects(missing.stream().map(Entry::missing).toList(), differences);
    }

    /** The entries of each object: several where it was written again with other bytes. */
    private static Collection<List<Entry>> byName(List<Entry> page) {
        return page.stream()
                .collect(Collectors.groupingBy(Entry::name, LinkedHashMap::new, Collectors.toList()))
                .values();
    }

    /** What was delivered up to now, read whole epochs at a time, since all of it together fits no memory. */
    private Stream<List<Entry>> pages() {
        long through = new Ledger(clickHouse, lane).head().epoch();
        return Stream.iterate(
                page(0, through),
                page -> !page.isEmpty(),
                page -> page(page.getLast().epoch() + 1, through));
    }

    private List<Entry> page(long from, long through) {
        return clickHouse.list(
                sql("objects.sql").with("from", from).with("through", through).with("most", pageObjects), Entry.class);
    }

    /** Objects in the target buckets that no offset names; {@code named} are the keys that offsets do. */
    private List<Difference> strangers(S3Client s3, Map<String, Set<String>> named) {
        Ledger ledger = new Ledger(clickHouse, lane);
        Map<String, WorkOrder> open = ledger.open(0).stream()
                .collect(Collectors.toMap(
                        order -> order.group().targetBucket() + "/" + order.key(), Function.identity()));
        Ledger.Begin begin = ledger.begin();
        Instant since = begin.epoch() == 0 ? Instant.MIN : begin.plannedAt().plus(LATEST_DELIVERY);
        List<Difference> strangers = new ArrayList<>();
        named.forEach((bucket, keys) -> strangers.addAll(strangers(s3, bucket, since, keys, open)));
        return strangers;
    }

    /**
     * The objects of a bucket, written since a time, that are in none of {@code keys}; {@code open} are the orders that
     * some may belong to.
     */
    private static List<Difference> strangers(
            S3Client s3, String bucket, Instant since, Set<String> keys, Map<String, WorkOrder> open) {
        List<Difference> strangers = new ArrayList<>();
        try {
            s3.listObjectsV2Paginator(request -> request.bucket(bucket)).contents().stream()
                    .filter(object -> !object.lastModified().isBefore(since))
                    .map(S3Object::key)
                    .filter(key -> !keys.contains(key))
                    .map(key -> bucket + "/" + key)
                    .forEach(name -> strangers.add(new Difference(
                            open.containsKey(name)
                                    ? "order %s of bucket %s: object %s is there, but the order has no offset"
                                            .formatted(
                                                    open.get(name).id(),
                                                    open.get(name).group().bucket(),
                                                    name)
                                    : "object " + name + " belongs to no order")));
        } catch (AwsServiceException e) {
            strangers.add(new Difference("bucket " + bucket + " cannot be listed: " + e.getMessage()));
        }
        return strangers;
    }

    private static Optional<Difference> check(S3Client s3, List<Entry> entries, LongConsumer progress) {
        Entry entry = entries.getLast();
        Contents found;
        try (InputStream object =
                s3.getObject(request -> request.bucket(entry.targetBucket()).key(entry.key()))) {
            found = Contents.of(object, Rendering.named(entry.rendering()), entry.compression());
        } catch (NoSuchKeyException e) {
            throw e;
        } catch (AwsServiceException e) {
            return Optional.of(new Difference(entry.name() + " cannot be read: " + e.getMessage()));
        } catch (SdkException | IOException e) {
            return Optional.of(new Difference(entry.name() + " broke off: " + e.getMessage()));
        }
        progress.accept(found.bytes());
        // Who wrote last did so before others of the same order committed theirs, perhaps.
        if (entries.stream().noneMatch(any -> found.equals(new Contents(any.rows(), any.bytes(), any.crc32c())))) {
            return Optional.of(
                    new Difference("%s has %d rows, %d bytes, CRC32C %08x; delivered were %d rows, %d bytes, %08x"
                            .formatted(
                                    entry.name(),
                                    found.rows(),
                                    found.bytes(),
                                    found.crc32c(),
                                    entry.rows(),
                                    entry.bytes(),
                                    entry.crc32c())));
        }
        return Optional.empty();
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
