package io.logcourier.operations;

import io.logcourier.accesslog.Contents;
import io.logcourier.accesslog.Rendering;
import io.logcourier.clickhouse.ClickHouse;
import io.logcourier.clickhouse.Statement;
import io.logcourier.ledger.Compression;
import io.logcourier.ledger.Lane;
import io.logcourier.operations.Audit.Difference;
import io.logcourier.operations.Audit.Looked;
import io.logcourier.operations.Audit.Missing;
import io.logcourier.operations.Audit.Objects;
import io.logcourier.operations.Audit.Unread;
import io.logcourier.s3.Tasks;
import java.io.IOException;
import java.io.InputStream;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;
import java.util.stream.Collectors;
import javax.net.ssl.SSLException;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.NoSuchKeyException;

/**
 * Reads delivered objects back and compares lines, bytes and checksum with their offsets; then has {@link Folders} look for
 * objects beside them. Holds a page of offsets, and none of the objects.
 */
final class ObjectAudit {
    private static final int OBJECTS_AT_ONCE = 16;

    /** A connection may break once, or twice. */
    private static final int ATTEMPTS = 3;

    private static final String OF_HTTP_CLIENT = "org.apache.h";

    private final ClickHouse clickHouse;
    private final Lane lane;
    private final int pageObjects;
    private final Scope scope;
    private final S3Client s3;
    private final Refusals refusals = new Refusals();
    private final AtomicLong tried = new AtomicLong();
    private final AtomicLong read = new AtomicLong();
    private final FirstOf<Entry, Missing> missing = new FirstOf<>(Entry.IN_ORDER);
    private final FirstOf<Entry, Unread> unread = new FirstOf<>(Entry.IN_ORDER);
    private final FirstOf<Entry, Difference> damaged = new FirstOf<>(Entry.IN_ORDER);

    ObjectAudit(ClickHouse clickHouse, Lane lane, int pageObjects, S3Client s3, Scope scope) {
        this.clickHouse = clickHouse;
        this.lane = lane;
        this.pageObjects = pageObjects;
        this.s3 = s3;
        this.scope = scope;
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
     * Looks at what is in scope, up to an epoch.
     *
     * @param progress called with the bytes of each object that was read, from any thread
     * @throws io.logcourier.RetryableException if S3 cannot be asked, or refuses everything
     */
    Objects look(long through, LongConsumer progress) {
        long left = 0;
        try (Tasks checks = new Tasks(OBJECTS_AT_ONCE)) {
            for (List<Entry> page = page(0, through);
                    !page.isEmpty();
                    page = page(page.getLast().epoch() + 1, through)) {
                if (scope.timeIsUp().getAsBoolean()) {
                    left += count(page.getFirst().epoch(), through);
                    break;
                }
                for (List<Entry> entries : byName(page)) {
                    if (scope.timeIsUp().getAsBoolean()) {
                        left++;
                    } else {
                        tried.incrementAndGet();
                        checks.start(() -> check(entries, progress));
                    }
                }
            }
            checks.await();
        }
        Folders folders = new Folders(clickHouse, lane, s3, scope, refusals);
        Folders.Found found = folders.look();
        refusals.check();
        List<Unread> refused = new ArrayList<>(unread.first());
        refused.addAll(found.unread());
        long due = tried.get() + left;
        if (left > 0) {
            refused.add(new Unread("%,d objects of %,d".formatted(left, due), Folders.LATE));
        }
        List<Difference> differences = new ArrayList<>(damaged.first());
        differences.addAll(found.differences());
        return new Objects(
                new Looked(
                        !scope.share().isAll(),
                        due,
                        read.get(),
                        found.underWay(),
                        missing.count(),
                        unread.count() + found.unread().size() + left),
                missing.first(),
                List.copyOf(refused),
                List.copyOf(differences));
    }

    /** The entries of each object: several where it was written again with other bytes. */
    private static Collection<List<Entry>> byName(List<Entry> page) {
        return page.stream()
                .collect(Collectors.groupingBy(Entry::name, LinkedHashMap::new, Collectors.toList()))
                .values();
    }

    /** What was delivered, read whole epochs at a time, since all of it together fits no memory. */
    private List<Entry> page(long from, long through) {
        Statement page =
                sql("objects.sql").with("from", from).with("through", through).with("most", pageObjects);
        return clickHouse.list(scope.share().in(page), Entry.class);
    }

    private long count(long from, long through) {
        record Count(long count) {}
        Statement count = sql("count-objects.sql").with("from", from).with("through", through);
        return clickHouse
                .one(scope.share().in(count), Count.class)
                .orElseThrow()
                .count();
    }

    private void check(List<Entry> entries, LongConsumer progress) {
        Entry entry = entries.getLast();
        for (int attempt = 1; ; attempt++) {
            try (InputStream object =
                    s3.getObject(request -> request.bucket(entry.targetBucket()).key(entry.key()))) {
                compare(entries, contents(entry, object), progress);
                return;
            } catch (NoSuchKeyException e) {
                refusals.answered();
                missing.add(entry, entry.missing());
                return;
            } catch (BrokenOffException e) {
                refusals.answered();
                if (attempt == ATTEMPTS) {
                    breaks(entry, e.getCause());
                    return;
                }
            } catch (SdkException e) {
                unread.add(entry, new Unread(entry.name(), refusals.reason(e)));
                return;
            } catch (IOException e) {
                // Of closing what was read to its end.
                return;
            }
        }
    }

    /** An object was opened, and could not be read to its end. */
    private static final class BrokenOffException extends Exception {
        private static final long serialVersionUID = 1L;

        BrokenOffException(Exception cause) {
            super(cause);
        }
    }

    private static Contents contents(Entry entry, InputStream object) throws BrokenOffException {
        try {
            return Contents.of(object, Rendering.named(entry.rendering()), entry.compression());
        } catch (AwsServiceException e) {
            throw e;
        } catch (SdkException | IOException e) {
            throw new BrokenOffException(e);
        }
    }

    /** A connection that breaks says nothing of the object; bytes that are no file of their kind do. */
    private void breaks(Entry entry, Throwable cause) {
        String what = "broke off: " + cause.getMessage();
        if (isConnection(cause)) {
            unread.add(entry, new Unread(entry.name(), what));
        } else {
            damaged.add(entry, new Difference(entry.name() + " " + what));
        }
    }

    /** Whether it is the way to an object that failed, not the object. */
    static boolean isConnection(Throwable cause) {
        return cause instanceof SdkException
                || cause instanceof SocketException
                || cause instanceof SocketTimeoutException
                || cause instanceof SSLException
                || cause.getClass().getName().startsWith(OF_HTTP_CLIENT);
    }

    private void compare(List<Entry> entries, Contents found, LongConsumer progress) {
        refusals.answered();
        progress.accept(found.bytes());
        // Who wrote last did so before others of the same order committed theirs, perhaps.
        if (entries.stream().anyMatch(any -> found.equals(new Contents(any.rows(), any.bytes(), any.crc32c())))) {
            read.incrementAndGet();
            return;
        }
        Entry entry = entries.getLast();
        damaged.add(
                entry,
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

    private Statement sql(String file) {
        return Audit.statement(file).with("ledger", lane.ledger());
    }
}
