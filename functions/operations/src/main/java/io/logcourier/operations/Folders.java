package io.logcourier.operations;

import io.logcourier.RetryableException;
import io.logcourier.clickhouse.ClickHouse;
import io.logcourier.clickhouse.Statement;
import io.logcourier.ledger.Head;
import io.logcourier.ledger.Lane;
import io.logcourier.ledger.Ledger;
import io.logcourier.operations.Audit.Difference;
import io.logcourier.operations.Audit.Unread;
import io.logcourier.s3.BucketName;
import io.logcourier.s3.Tasks;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.EncodingType;
import software.amazon.awssdk.services.s3.model.NoSuchBucketException;
import software.amazon.awssdk.services.s3.model.NoSuchKeyException;
import software.amazon.awssdk.services.s3.model.S3Object;

/**
 * Lists where orders have their objects, and judges what lies there: rows that are delivered a second time, objects of
 * orders that are not delivered, and, where nobody else writes, everything that no order names. Holds a batch of the listing.
 */
final class Folders {
    /** Why something was not looked at. */
    static final String LATE = "the time was up";

    /** Objects that the ledger is asked about together: their numbers are a text of 200 KB. */
    private static final int BATCH = 10_000;

    private static final int HEADS_AT_ONCE = 16;

    /** An object written so long after its order was planned, or longer, may be taken for a stranger. */
    private static final Duration LATEST_DELIVERY = Duration.ofDays(1);

    /** What ClickHouse parses by default is shorter. */
    private static final String LONGEST_TEXT = Integer.toString(1 << 22);

    private static final String MARKS_MARK = "/* marks */";
    private static final String ORDERS_MARK = "/* orders */";

    /** A unique string, wherever it stands in a key. */
    private static final Pattern MARK = Pattern.compile("(?<![0-9A-Fa-f])[0-9A-Fa-f]{16}(?![0-9A-Fa-f])");

    /** What ends a key of ours, and of AWS's. */
    private static final Pattern SHAPE =
            Pattern.compile("[0-9]{4}(?:-[0-9]{2}){5}-[0-9A-F]{16}(?:[.](?:json|parquet))?(?:[.](?:gz|zst))?$");

    private static final Pattern ORDER_ID = Pattern.compile("([0-9]{1,18})/([0-9]{1,9})");

    private final ClickHouse clickHouse;
    private final Lane lane;
    private final S3Client s3;
    private final Scope scope;
    private final Refusals refusals;
    private final FirstOf<String, Difference> differences = new FirstOf<>(Comparator.naturalOrder());
    private final FirstOf<String, Unread> unread = new FirstOf<>(Comparator.naturalOrder());
    private Instant now = Instant.MIN;
    private Instant since = Instant.MIN;
    private long underWay;

    Folders(ClickHouse clickHouse, Lane lane, S3Client s3, Scope scope, Refusals refusals) {
        this.clickHouse = clickHouse;
        this.lane = lane;
        this.s3 = s3;
        this.scope = scope;
        this.refusals = refusals;
    }

    /**
     * What was found.
     *
     * @param underWay objects of orders that are not committed yet, and are young
     */
    record Found(List<Difference> differences, List<Unread> unread, long underWay) {}

    /** A part of a bucket: all keys that begin so. */
    record Folder(String bucket, String prefix, boolean isDue) {}

    /** An object that is there. */
    record Listed(String bucket, String key, Instant modified) {
        String name() {
            return bucket + "/" + key;
        }

        /** The unique strings that its key holds, as numbers. */
        List<Long> marks() {
            return MARK.matcher(key)
                    .results()
                    .map(mark -> Long.parseUnsignedLong(mark.group(), 16))
                    .toList();
        }
    }

    /** An order, as the ledger has it, whose key has a unique string. */
    record Marked(
            long mark,
            long epoch,
            int number,
            String bucket,
            String targetBucket,
            String key,
            boolean isDelivered,
            boolean isSuperseded) {
        String id() {
            return "order " + epoch + "/" + number + " of bucket " + bucket;
        }

        boolean isOf(Listed object) {
            return object.bucket().equals(targetBucket) && object.key().equals(key);
        }
    }

    /** What an object is, by its key. */
    sealed interface Verdict {
        /** That of an order that is delivered as it, or a copy that a replay made. */
        record Right() implements Verdict {}

        /** That of an order that is not committed yet. */
        record UnderWay() implements Verdict {}

        /** One that should not be there. */
        record Wrong(Difference difference) implements Verdict {}

        /** One that no order of this lane names. */
        record Stranger() implements Verdict {}
    }

    /**
     * Judges an object.
     *
     * @param orders those whose unique string is in its key
     * @param isYoung whether the worker that wrote it may still be at it, or its order come back
     */
    static Verdict judge(Listed object, List<Marked> orders, boolean isYoung, boolean isCopy) {
        Optional<Marked> own =
                orders.stream().filter(order -> order.isOf(object)).findFirst();
        if (own.isEmpty()) {
            return orders.isEmpty()
                    ? new Verdict.Stranger()
                    : isCopy
                            ? new Verdict.Right()
                            : new Verdict.Wrong(new Difference(
                                    "object %s has the unique string of %s, whose object is %s/%s: are its rows there a second time?"
                                            .formatted(
                                                    object.name(),
                                                    orders.getFirst().id(),
                                                    orders.getFirst().targetBucket(),
                                                    orders.getFirst().key())));
        }
        Marked order = own.get();
        if (order.isDelivered()) {
            return new Verdict.Right();
        }
        if (order.isSuperseded()) {
            return new Verdict.Wrong(new Difference(
                    "%s: object %s is there, but the order was superseded: rows that another order delivers are in it a second time"
                            .formatted(order.id(), object.name())));
        }
        return isYoung
                ? new Verdict.UnderWay()
                : new Verdict.Wrong(new Difference("%s: object %s is there since %s, but the order has no offset"
                        .formatted(order.id(), object.name(), object.modified())));
    }

    /** Lists what is due. */
    Found look() {
        Ledger ledger = new Ledger(clickHouse, lane);
        Head head = ledger.head();
        now = head.now();
        Ledger.Begin begin = ledger.begin();
        since = begin.epoch() == 0 ? Instant.MIN : begin.plannedAt().plus(LATEST_DELIVERY);
        for (Folder folder : outermost(folders())) {
            if (folder.isDue()) {
                list(folder);
            }
        }
        return new Found(differences.first(), unread.first(), underWay);
    }

    private List<Folder> folders() {
        List<Folder> folders =
                new ArrayList<>(clickHouse.list(scope.share().in(sql(lane, "folders.sql")), Folder.class));
        Map<String, Boolean> buckets = new HashMap<>();
        folders.forEach(folder -> buckets.merge(folder.bucket(), folder.isDue(), Boolean::logicalOr));
        for (String target : scope.audit().ownTargets()) {
            String[] parts = target.split("/", 2);
            String prefix = parts.length == 1 ? "" : parts[1];
            if (parts[0].contains("*")) {
                buckets.keySet().stream()
                        .filter(bucket -> scope.audit().owns(bucket, prefix))
                        .forEach(bucket -> folders.add(new Folder(bucket, prefix, isDue(bucket, prefix))));
            } else {
                folders.add(new Folder(parts[0], prefix, isDue(parts[0], prefix)));
            }
        }
        folders.removeIf(folder -> !scope.targets().allow(folder.bucket()) || !BucketName.isPossible(folder.bucket()));
        return folders;
    }

    private boolean isDue(String bucket, String prefix) {
        return scope.share().isDue((bucket + "/" + prefix).hashCode());
    }

    /** Those that lie in no other of them; a folder that is in another one is listed with it. */
    static List<Folder> outermost(Collection<Folder> folders) {
        List<Folder> outermost = new ArrayList<>();
        Folder last = null;
        for (Folder folder : folders.stream()
                .sorted(Comparator.comparing(Folder::bucket).thenComparing(Folder::prefix))
                .toList()) {
            if (last == null
                    || !folder.bucket().equals(last.bucket())
                    || !folder.prefix().startsWith(last.prefix())) {
                outermost.add(folder);
                last = folder;
            }
        }
        return outermost;
    }

    private void list(Folder folder) {
        String name = "folder " + folder.bucket() + "/" + folder.prefix();
        if (scope.timeIsUp().getAsBoolean()) {
            unread.add(name, new Unread(name, LATE));
            return;
        }
        List<Listed> batch = new ArrayList<>();
        try {
            for (S3Object object : s3.listObjectsV2Paginator(request -> request.bucket(folder.bucket())
                            .prefix(folder.prefix())
                            .encodingType(EncodingType.URL))
                    .contents()) {
                refusals.answered();
                batch.add(new Listed(folder.bucket(), object.key(), object.lastModified()));
                if (batch.size() == BATCH) {
                    judge(batch);
                    batch.clear();
                    if (scope.timeIsUp().getAsBoolean()) {
                        unread.add(name, new Unread(name + ", behind " + object.key(), LATE));
                        return;
                    }
                }
            }
        } catch (NoSuchBucketException e) {
            // Nothing is there, then; where something should be, it was named.
            return;
        } catch (SdkException e) {
            unread.add(name, new Unread(name, refusals.reason(e)));
        }
        judge(batch);
    }

    private void judge(List<Listed> objects) {
        Map<Long, List<Marked>> orders =
                marked(clickHouse, lane, objects).stream().collect(Collectors.groupingBy(Marked::mark));
        List<Listed> strangers = new ArrayList<>();
        for (Listed object : objects) {
            List<Marked> own = object.marks().stream()
                    .flatMap(mark -> orders.getOrDefault(mark, List.of()).stream())
                    .toList();
            boolean isYoung = object.modified().plus(scope.young()).isAfter(now);
            switch (judge(object, own, isYoung, scope.isCopy(object.bucket(), object.key()))) {
                case Verdict.Right right -> {}
                case Verdict.UnderWay one -> underWay++;
                case Verdict.Wrong wrong -> differences.add(object.name(), wrong.difference());
                case Verdict.Stranger stranger -> strangers.add(object);
            }
        }
        // What the books have forgotten looks like what they never knew.
        strangers.removeIf(object -> object.modified().isBefore(since) || scope.isCopy(object.bucket(), object.key()));
        judgeStrangers(strangers);
    }

    /** Those that say which order they are of, and those where nobody else writes. */
    private void judgeStrangers(List<Listed> strangers) {
        if (strangers.isEmpty()) {
            return;
        }
        Set<Listed> neighbours = new HashSet<>();
        for (Scope.Neighbour other : scope.others()) {
            try {
                Set<String> names = marked(other.clickHouse(), other.lane(), strangers).stream()
                        .map(order -> order.targetBucket() + "/" + order.key())
                        .collect(Collectors.toSet());
                strangers.stream()
                        .filter(object -> names.contains(object.name()))
                        .forEach(neighbours::add);
            } catch (RetryableException e) {
                String lanes = "what may belong to lane " + other.lane().name();
                unread.add(lanes, new Unread(lanes, e.getMessage()));
                return;
            }
        }
        List<Listed> left = strangers.stream()
                .filter(object -> !neighbours.contains(object))
                .toList();
        Map<Listed, Difference> second = second(left.stream()
                .filter(object -> SHAPE.matcher(object.key()).find())
                .toList());
        for (Listed object : left) {
            Difference difference = second.get(object);
            if (difference == null && scope.audit().owns(object.bucket(), object.key())) {
                difference = new Difference("object " + object.name() + " belongs to no order");
            }
            if (difference != null) {
                differences.add(object.name(), difference);
            }
        }
    }

    /** What the metadata of an object says of its order. */
    private record Label(long epoch, int number, Map<String, String> metadata) {}

    /** Objects whose metadata is that of an order of this ledger, under other keys. */
    private Map<Listed, Difference> second(List<Listed> objects) {
        record Named(
                long epoch,
                int number,
                String bucket,
                String targetBucket,
                String key,
                long rows,
                Instant minStart,
                Instant maxStart) {
            boolean says(Map<String, String> metadata) {
                return Long.toString(rows).equals(metadata.get("rows"))
                        && minStart.toString().equals(metadata.get("first-time"))
                        && maxStart.toString().equals(metadata.get("last-time"));
            }
        }
        Map<Listed, Label> labels = labels(objects);
        if (labels.isEmpty()) {
            return Map.of();
        }
        String ids = labels.values().stream()
                .map(label -> "(" + label.epoch() + ", " + label.number() + ")")
                .distinct()
                .collect(Collectors.joining(", ", "(", ")"));
        Map<String, Named> orders = clickHouse
                .list(
                        sql(lane, "named.sql").replace(ORDERS_MARK, ids).setting("max_query_size", LONGEST_TEXT),
                        Named.class)
                .stream()
                .collect(Collectors.toMap(order -> order.epoch() + "/" + order.number(), Function.identity()));
        Map<Listed, Difference> second = new HashMap<>();
        labels.forEach((object, label) -> {
            Named order = orders.get(label.epoch() + "/" + label.number());
            if (order != null && order.says(label.metadata())) {
                second.put(
                        object,
                        new Difference(
                                "object %s belongs to no order, and says that it holds the rows of order %d/%d of bucket %s, whose object is %s/%s: they are there a second time"
                                        .formatted(
                                                object.name(),
                                                order.epoch(),
                                                order.number(),
                                                order.bucket(),
                                                order.targetBucket(),
                                                order.key())));
            }
        });
        return second;
    }

    private Map<Listed, Label> labels(List<Listed> objects) {
        Map<Listed, Label> labels = new ConcurrentHashMap<>();
        try (Tasks heads = new Tasks(HEADS_AT_ONCE)) {
            objects.forEach(object -> heads.start(() -> {
                if (!scope.timeIsUp().getAsBoolean()) {
                    label(object).ifPresent(label -> labels.put(object, label));
                } else {
                    unread.add(object.name(), new Unread("object " + object.name(), LATE));
                }
            }));
            heads.await();
        }
        return labels;
    }

    private Optional<Label> label(Listed object) {
        try {
            Map<String, String> metadata = s3.headObject(
                            request -> request.bucket(object.bucket()).key(object.key()))
                    .metadata();
            Matcher id = ORDER_ID.matcher(metadata.getOrDefault("order", ""));
            return id.matches()
                    ? Optional.of(new Label(Long.parseLong(id.group(1)), Integer.parseInt(id.group(2)), metadata))
                    : Optional.empty();
        } catch (NoSuchKeyException e) {
            return Optional.empty();
        } catch (SdkException e) {
            unread.add(object.name(), new Unread("object " + object.name(), refusals.reason(e)));
            return Optional.empty();
        }
    }

    private static List<Marked> marked(ClickHouse clickHouse, Lane lane, List<Listed> objects) {
        String marks = objects.stream()
                .flatMap(object -> object.marks().stream())
                .distinct()
                .map(mark -> Long.toString(mark))
                .collect(Collectors.joining(", "));
        return marks.isEmpty()
                ? List.of()
                : clickHouse.list(
                        sql(lane, "marked.sql")
                                .replace(MARKS_MARK, "(" + marks + ")")
                                .setting("max_query_size", LONGEST_TEXT),
                        Marked.class);
    }

    private static Statement sql(Lane lane, String file) {
        return Audit.statement(file).with("ledger", lane.ledger());
    }
}
