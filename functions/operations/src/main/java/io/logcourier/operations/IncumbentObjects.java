package io.logcourier.operations;

import io.logcourier.ConfigurationException;
import io.logcourier.CourierException;
import io.logcourier.RetryableException;
import io.logcourier.accesslog.AccessLogTable;
import io.logcourier.accesslog.ParquetFooter;
import io.logcourier.clickhouse.ClickHouse;
import io.logcourier.clickhouse.Complaint;
import io.logcourier.clickhouse.Statement;
import io.logcourier.configuration.Setting;
import io.logcourier.ledger.BlockRange;
import io.logcourier.ledger.Compression;
import io.logcourier.ledger.Lane;
import io.logcourier.operations.Adoption.Compared;
import io.logcourier.s3.BucketName;
import io.logcourier.s3.Refusals;
import io.logcourier.s3.Tasks;
import io.logcourier.tls.Distrust;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.Semaphore;
import java.util.function.LongConsumer;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.EncodingType;
import software.amazon.awssdk.services.s3.model.NoSuchBucketException;
import software.amazon.awssdk.services.s3.model.NoSuchKeyException;
import software.amazon.awssdk.services.s3.model.S3Object;

/**
 * The log objects of an incumbent that are still in the target buckets, held against the rows of the log table. Their
 * lines go into a table in the ledger's database as they are, which is dropped in the end: memory here is eight MiB and
 * what sixteen readers hold, a MiB and a line each, of which one at a time is longer than a MiB; in ClickHouse about a million
 * rows with their lines are compared at a time. A Parquet file lies in the folder for temporary ones meanwhile.
 */
final class IncumbentObjects {
    private static final int READERS = 16;
    private static final int READ_BYTES = 1024 * 1024;
    private static final int INSERT_BYTES = 8 * READ_BYTES;
    private static final long ROWS_AT_ONCE = 1_000_000;

    /** An object was written when its rows were in ClickHouse, as far as clocks agree. */
    private static final Duration CLOCKS = Duration.ofHours(1);

    private static final Pattern KEY_END =
            Pattern.compile("[0-9]{4}(-[0-9]{2}){5}-[0-9A-F]{16}(\\.parquet|(\\.json)?(\\.gz|\\.zst)?)$");

    private final ClickHouse clickHouse;
    private final Lane lane;
    private final S3Client s3;
    private final String id;
    private final List<BlockRange> present;
    private final boolean isStrict;
    private final Predicate<String> mayHold;
    private final FormerLedgers formers;
    private final LongConsumer progress;

    /** Target buckets that refuse, or that hold an object which cannot be read, each with a reason. */
    private final Map<String, String> refused = new ConcurrentSkipListMap<>();

    /** Objects that cannot be read and that nobody of ours has written. */
    private final FirstOf<String, String> skipped = new FirstOf<>(Comparator.naturalOrder());

    /** Held by the reader of a long line: sixteen of them would fit no heap. */
    private final Semaphore longLine = new Semaphore(1);

    private final ByteArrayOutputStream batch = new ByteArrayOutputStream();
    private long inserts;
    private long objects;
    private long lines;
    private boolean isPartial;

    /**
     * Of the rows in the blocks {@code present}.
     *
     * @param id of the ledger to be, under which the cut-offs are recorded
     * @param isStrict whether a row in no object is to be delivered, whatever else is known of it, unless its object may be
     *     among those that cannot be read
     * @param mayHold whether a target bucket that rows name can hold objects of ours; one that former ledgers name does
     * @param formers ledgers that have delivered rows of the log table, where they may now name other targets
     * @param progress called with the bytes that were read, from any thread
     */
    IncumbentObjects(
            ClickHouse clickHouse,
            Lane lane,
            S3Client s3,
            String id,
            List<BlockRange> present,
            boolean isStrict,
            Predicate<String> mayHold,
            FormerLedgers formers,
            LongConsumer progress) {
        this.clickHouse = clickHouse;
        this.lane = lane;
        this.s3 = s3;
        this.id = id;
        this.present = present;
        this.isStrict = isStrict;
        this.mayHold = mayHold;
        this.formers = formers;
        this.progress = progress;
    }

    /** Records as exceptions the rows of which the cut-offs say the wrong thing. */
    Compared compare() {
        record Left(String name) {}
        clickHouse.list(sql("left-lines.sql"), Left.class).forEach(left -> drop(left.name()));
        clickHouse.execute(sql("lines.sql"));
        clickHouse.execute(sql("typed-lines.sql"));
        clickHouse.execute(sql("typed-lines-view.sql"));
        clickHouse.execute(sql("unread.sql"));
        read();
        recordUnread();
        record Stored(long lines, long unreadable) {}
        Stored stored = clickHouse.one(sql("count-lines.sql"), Stored.class).orElseThrow();
        if (isPartial ? stored.lines() < lines : stored.lines() != lines) {
            throw new RetryableException(
                    "%d lines of log objects were read, %d of them are in ClickHouse: run this again"
                            .formatted(lines, stored.lines()));
        }
        long unjudged = except();
        List.of("view_" + id, "unread_" + id, "typed_" + id, table()).forEach(this::drop);
        List<String> reasons = Stream.concat(
                        refused.entrySet().stream().map(target -> target.getKey() + ": " + target.getValue()),
                        formers.silent().stream())
                .toList();
        return new Compared(objects, lines, stored.unreadable(), unjudged, reasons, skipped.first());
    }

    private void drop(String name) {
        clickHouse.execute(sql("drop-lines.sql").with("left", name));
    }

    /** A part of a bucket: all keys that begin so. */
    record Place(String bucket, String prefix) {}

    /** The places without those that lie in another, sorted. */
    static List<Place> apart(Collection<Place> places) {
        List<Place> apart = new ArrayList<>();
        // Sorted, so that a prefix comes before those that begin with it.
        places.stream()
                .sorted(Comparator.comparing(Place::bucket).thenComparing(Place::prefix))
                .forEach(place -> {
                    Place before = apart.isEmpty() ? null : apart.getLast();
                    boolean isWithin = before != null
                            && place.bucket().equals(before.bucket())
                            && place.prefix().startsWith(before.prefix());
                    if (!isWithin) {
                        apart.add(place);
                    }
                });
        return apart;
    }

    /** Stores the lines of all objects that can be read. */
    private void read() {
        record Oldest(long rows, long inserted) {}
        Oldest first = clickHouse.one(over("oldest.sql"), Oldest.class).orElseThrow();
        if (first.rows() == 0) {
            return;
        }
        Instant oldest = Instant.ofEpochSecond(first.inserted());
        List<FormerLedgers.Target> former = formers.targets(oldest);
        List<Place> places = new ArrayList<>();
        clickHouse.list(over("targets.sql").with("bucket_name", BucketName.PATTERN), Place.class).stream()
                .filter(place -> mayHold.test(place.bucket()))
                .forEach(places::add);
        former.forEach(target -> places.add(new Place(target.bucket(), target.prefix())));
        Instant since = former.stream()
                .map(FormerLedgers.Target::since)
                .reduce(oldest, (one, other) -> one.isBefore(other) ? one : other);
        try (Tasks reads = new Tasks(READERS)) {
            for (Place place : apart(places)) {
                try {
                    for (S3Object object : s3.listObjectsV2Paginator(request -> request.bucket(place.bucket())
                                    .prefix(place.prefix())
                                    .encodingType(EncodingType.URL))
                            .contents()) {
                        if (isLog(object, place, since)) {
                            reads.start(() -> read(place.bucket(), object.key()));
                        }
                    }
                } catch (NoSuchBucketException e) {
                    noBucket(place.bucket());
                } catch (AwsServiceException e) {
                    if (!Refusals.isRefusal(e)) {
                        throw new RetryableException(
                                "cannot list " + place.bucket() + "/" + place.prefix() + ": " + e.getMessage(), e);
                    }
                    refused.putIfAbsent(place.bucket(), e.getMessage());
                }
            }
            reads.await();
        }
        insert();
    }

    /** Where no bucket is, no object is; but an incumbent's may have been removed with it. */
    private void noBucket(String bucket) {
        if (!isStrict) {
            refused.putIfAbsent(bucket, "there is no such bucket");
        }
    }

    /** Whether an object may hold lines of rows that are still in the log table. */
    private static boolean isLog(S3Object object, Place place, Instant since) {
        return KEY_END.matcher(object.key().substring(place.prefix().length())).find()
                && !object.lastModified().isBefore(since.minus(CLOCKS));
    }

    private void read(String bucket, String key) {
        try (InputStream stored = s3.getObject(request -> request.bucket(bucket).key(key));
                InputStream object = Compression.ofKey(key).decompress(stored)) {
            if (key.endsWith(".parquet")) {
                addFile(object);
            } else {
                addLines(object);
            }
        } catch (NoSuchKeyException e) {
            // Gone since the listing, as if it had not been listed.
            return;
        } catch (NoSuchBucketException e) {
            noBucket(bucket);
            return;
        } catch (SdkException | IOException e) {
            if (Distrust.isIn(e)) {
                throw Distrust.failure("cannot read " + bucket + "/" + key, e, Setting.S3_CA.name());
            }
            if (!isOfTheObject(e)) {
                throw new RetryableException(
                        "cannot read " + bucket + "/" + key + ": " + e.getMessage() + "; run this again", e);
            }
            if (isStrict && formers.isForeign(bucket, key)) {
                String name = bucket + "/" + key;
                skipped.add(name, name + ": " + e.getMessage());
            } else {
                refused.putIfAbsent(bucket, "cannot read " + key + ": " + e.getMessage());
            }
            return;
        }
        synchronized (batch) {
            objects++;
        }
    }

    /** Whether a failure stays the same until somebody changes the object, or rights to it. */
    static boolean isOfTheObject(Exception failure) {
        return failure instanceof AwsServiceException answer
                ? Refusals.isRefusal(answer)
                : failure instanceof IOException && !ObjectAudit.isConnection(failure);
    }

    private void addLines(InputStream object) throws IOException {
        byte[] rest = {};
        boolean isLong = false;
        try {
            byte[] more;
            do {
                more = object.readNBytes(READ_BYTES);
                progress.accept(more.length);
                byte[] bytes = Arrays.copyOf(rest, rest.length + more.length);
                System.arraycopy(more, 0, bytes, rest.length, more.length);
                boolean isEnd = more.length < READ_BYTES;
                int whole = bytes.length;
                while (!isEnd && whole > 0 && bytes[whole - 1] != '\n') {
                    whole--;
                }
                add(bytes, whole);
                rest = Arrays.copyOfRange(bytes, whole, bytes.length);
                if (rest.length > Loader.LINE_BYTES) {
                    throw new IOException("it has a line of more than %,d bytes".formatted(Loader.LINE_BYTES));
                }
                if (rest.length >= READ_BYTES != isLong) {
                    isLong = !isLong;
                    if (isLong) {
                        longLine.acquireUninterruptibly();
                    } else {
                        longLine.release();
                    }
                }
            } while (more.length == READ_BYTES);
        } finally {
            if (isLong) {
                longLine.release();
            }
        }
    }

    /** Adds whole lines, the last of which may lack its line feed. */
    private void add(byte[] bytes, int length) {
        if (length == 0) {
            return;
        }
        synchronized (batch) {
            batch.write(bytes, 0, length);
            for (int i = 0; i < length; i++) {
                lines += bytes[i] == '\n' ? 1 : 0;
            }
            if (bytes[length - 1] != '\n') {
                batch.write('\n');
                lines++;
            }
            if (batch.size() >= INSERT_BYTES) {
                insert();
            }
        }
    }

    /** Adds the rows of a Parquet file, one file at a time. */
    private void addFile(InputStream object) throws IOException {
        Path file = temporary();
        try {
            long rows = copy(object, file);
            synchronized (batch) {
                inserts++;
                try {
                    clickHouse.insert(
                            lane.ledger() + ".typed_" + id,
                            "Parquet",
                            (ClickHouse.Rows) out -> Files.copy(file, out),
                            Map.of(
                                    "insert_deduplication_token",
                                    "file-" + inserts,
                                    "input_format_skip_unknown_fields",
                                    "1",
                                    "input_format_parquet_allow_missing_columns",
                                    "1"));
                } catch (CourierException e) {
                    if (Complaint.of(e) == Complaint.PASSING) {
                        throw e;
                    }
                    // Rows of it may be stored, and count for no less than those of other objects.
                    isPartial = true;
                    throw new IOException("ClickHouse cannot read it: " + e.getMessage(), e);
                }
                lines += rows;
            }
        } finally {
            delete(file);
        }
    }

    /** Copies a Parquet file, and returns how many rows it has. */
    private long copy(InputStream object, Path file) throws IOException {
        ParquetFooter footer = new ParquetFooter();
        try (OutputStream copy = opened(file)) {
            byte[] more;
            do {
                more = object.readNBytes(READ_BYTES);
                progress.accept(more.length);
                footer.write(more, 0, more.length);
                write(copy, more);
            } while (more.length == READ_BYTES);
        }
        return footer.rows();
    }

    private static Path temporary() {
        try {
            return Files.createTempFile("log-courier-", ".parquet");
        } catch (IOException e) {
            throw full(e);
        }
    }

    private static OutputStream opened(Path file) {
        try {
            return Files.newOutputStream(file);
        } catch (IOException e) {
            throw full(e);
        }
    }

    private static void write(OutputStream copy, byte[] bytes) {
        try {
            copy.write(bytes);
        } catch (IOException e) {
            throw full(e);
        }
    }

    private static void delete(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            throw full(e);
        }
    }

    private static RetryableException full(IOException e) {
        return new RetryableException(
                "the folder for temporary files, %s, cannot hold a Parquet object: %s"
                        .formatted(System.getProperty("java.io.tmpdir"), e),
                e);
    }

    /** Records whose rows are not judged, since their object may be one that was not read. */
    private void recordUnread() {
        if (refused.isEmpty()) {
            return;
        }
        record Unread(String bucket, boolean isSource) {}
        ByteArrayOutputStream rows = new ByteArrayOutputStream();
        refused.keySet().forEach(bucket -> {
            rows.writeBytes(ClickHouse.JSON.writeValueAsBytes(new Unread(bucket, false)));
            rows.write('\n');
        });
        clickHouse.insert(
                lane.ledger() + "." + "unread_" + id,
                "JSONEachRow",
                rows.toByteArray(),
                Map.of("insert_deduplication_token", "unread"));
        formers.addSources(lane.ledger(), "unread_" + id);
    }

    private void insert() {
        synchronized (batch) {
            if (batch.size() > 0) {
                clickHouse.insert(
                        lane.ledger() + "." + table(),
                        "LineAsString",
                        batch.toByteArray(),
                        Map.of("insert_deduplication_token", "lines-" + inserts));
                inserts++;
                batch.reset();
            }
        }
    }

    private record Exceptions(long recovered, long ahead) {}

    /** Compares bucket by bucket, many small ones at once, a large one in pieces; returns how many rows are unjudged. */
    private long except() {
        record Source(String bucket, long rows) {}
        List<Source> sources = clickHouse.list(over("source-buckets.sql"), Source.class);
        Found sum = new Found(0, 0, 0, 0, 0);
        for (int first = 0, last; first < sources.size(); first = last + 1) {
            last = first;
            long rows = sources.get(first).rows();
            while (last + 1 < sources.size() && rows + sources.get(last + 1).rows() <= ROWS_AT_ONCE) {
                last++;
                rows += sources.get(last).rows();
            }
            long pieces = Math.ceilDiv(rows, ROWS_AT_ONCE);
            for (long piece = 0; piece < pieces; piece++) {
                sum = sum.plus(
                        except(sources.get(first).bucket(), sources.get(last).bucket(), pieces, piece));
            }
        }
        if (isStrict && sum.twice() > 0) {
            checkCopies();
        }
        if (!isStrict && sum.recovered() > sum.found()) {
            throw new ConfigurationException(
                    "%d rows up to the cursors are in no log object, %d are in one: it seems that these objects are not the incumbent's, or written in another way; adopt without them"
                            .formatted(sum.recovered(), sum.found()));
        }
        Exceptions stored = clickHouse
                .one(sql("count-exceptions.sql").with("id", id), Exceptions.class)
                .orElseThrow();
        if (!stored.equals(new Exceptions(sum.recovered(), sum.ahead()))) {
            throw new RetryableException(
                    "%d and %d rows contradict the cursors, %d and %d of them are recorded: run this again"
                            .formatted(sum.recovered(), sum.ahead(), stored.recovered(), stored.ahead()));
        }
        return sum.unjudged();
    }

    /**
     * A part that was attached beside itself. Rows that were merged into one part with their copies are one row each: nothing
     * tells them apart.
     */
    private void checkCopies() {
        record Copy(String part, long rows) {}
        clickHouse
                .one(new AccessLogTable(clickHouse, lane).over(sql("copies.sql"), List.of()), Copy.class)
                .ifPresent(copy -> {
                    throw new ConfigurationException(
                            "part %s holds %,d rows, all of which are in another part too, under the same numbers: it was attached beside itself; remove the copies with ALTER TABLE %s.%s DROP PART '%s', and run this again"
                                    .formatted(copy.part(), copy.rows(), lane.logs(), lane.table(), copy.part()));
                });
    }

    /**
     * Rows up to the cursors that are in objects, that are in none, beyond them that are in one, not judged, and rows that are
     * there a second time.
     */
    private record Found(long found, long recovered, long ahead, long unjudged, long twice) {
        private Found plus(Found other) {
            return new Found(
                    found + other.found,
                    recovered + other.recovered,
                    ahead + other.ahead,
                    unjudged + other.unjudged,
                    twice + other.twice);
        }
    }

    private Found except(String first, String last, long pieces, long piece) {
        Found found = clickHouse
                .one(compared("compare.sql", first, last, pieces, piece), Found.class)
                .orElseThrow();
        if (found.recovered() + found.ahead() > 0) {
            clickHouse.execute(compared("except.sql", first, last, pieces, piece));
        }
        return found;
    }

    private Statement compared(String file, String first, String last, long pieces, long piece) {
        return new AccessLogTable(clickHouse, lane)
                .over(
                        sql(file)
                                .replace("/* compared */", sql("compared.sql").sql())
                                .with("id", id)
                                .with("first", first)
                                .with("last", last)
                                .with("pieces", pieces)
                                .with("piece", piece)
                                .with("strict", isStrict ? 1 : 0),
                        present);
    }

    private Statement over(String file) {
        return new AccessLogTable(clickHouse, lane).over(sql(file), present);
    }

    private String table() {
        return "lines_" + id;
    }

    private Statement sql(String file) {
        return Statement.resource(IncumbentObjects.class, file)
                .with("ledger", lane.ledger())
                .with("logs", lane.logs())
                .with("table", lane.table())
                .with("lines", table())
                .with("typed", "typed_" + id)
                .with("unread", "unread_" + id)
                .with("view", "view_" + id);
    }
}
