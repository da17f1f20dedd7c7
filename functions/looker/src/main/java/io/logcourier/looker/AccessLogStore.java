package io.logcourier.looker;

import io.logcourier.ConfigurationException;
import io.logcourier.CourierException;
import io.logcourier.RetryableException;
import io.logcourier.accesslog.AccessLogTable;
import io.logcourier.clickhouse.ClickHouse;
import io.logcourier.configuration.Setting;
import io.logcourier.configuration.Settings;
import io.logcourier.ledger.Compression;
import io.logcourier.ledger.Lane;
import io.logcourier.s3.TargetClient;
import io.logcourier.s3.Tasks;
import io.logcourier.schema.Schema;
import io.logcourier.tls.Distrust;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.NoSuchBucketException;
import software.amazon.awssdk.services.s3.model.NoSuchKeyException;
import software.amazon.awssdk.services.s3.model.S3Object;

/**
 * An installation of log-courier, from outside: rows go into ClickHouse's ingest table as a shipper posts them, lines
 * come out of the log objects in the target buckets. Visible is an object since S3's Last-Modified: whole seconds, and of
 * a multipart upload the time of its beginning. Thread-safe.
 */
public final class AccessLogStore implements Store, AutoCloseable {
    /** How a shipper posts them. */
    private static final Map<String, String> SETTINGS =
            Map.of("input_format_skip_unknown_fields", "1", "date_time_input_format", "best_effort");

    private final ClickHouse clickHouse;
    private final Lane lane;
    private final S3Client s3;
    private final int readsAtOnce;

    /**
     * The installation that {@code settings} tell of.
     *
     * @param readsAtOnce objects read at once
     */
    public AccessLogStore(Settings settings, int readsAtOnce) {
        this(
                ClickHouse.connectOnce(settings.lane().endpoint()),
                settings.lane(),
                TargetClient.of(settings),
                readsAtOnce);
    }

    /** On these connections, which it closes. */
    AccessLogStore(ClickHouse clickHouse, Lane lane, S3Client s3, int readsAtOnce) {
        this.clickHouse = clickHouse;
        this.lane = lane;
        this.s3 = s3;
        this.readsAtOnce = readsAtOnce;
    }

    /**
     * Checks that ClickHouse answers and has the log table, and that the target buckets can be listed.
     *
     * @throws CourierException if not
     */
    public void check(Run run) {
        new AccessLogTable(clickHouse, lane).check();
        Set.copyOf(run.targetBuckets())
                .forEach(bucket -> call(
                        bucket,
                        () -> s3.listObjectsV2(request ->
                                request.bucket(bucket).prefix(run.prefix()).maxKeys(1))));
    }

    @Override
    public Answer write(LogStream stream, byte[] lines, int offset, int length) {
        try {
            clickHouse.insert(
                    Schema.ingestTable(lane),
                    "JSONEachRow",
                    Arrays.copyOfRange(lines, offset, offset + length),
                    SETTINGS);
            return Answer.ACCEPTED;
        } catch (RetryableException e) {
            return new Answer(ClickHouse.wasTurnedAway(e) ? Outcome.REFUSED : Outcome.UNKNOWN, e.getMessage());
        }
    }

    @Override
    public void read(Run run, List<LogStream> streams, boolean all, Reader reader) {
        AtomicReference<RetryableException> failure = new AtomicReference<>();
        try (Tasks reads = new Tasks(readsAtOnce)) {
            for (Place place : places(run, streams, all)) {
                call(place.bucket(), () -> {
                    s3.listObjectsV2Paginator(
                                    request -> request.bucket(place.bucket()).prefix(place.prefix()))
                            .contents()
                            .forEach(object -> {
                                Located located = located(run, place.bucket(), object);
                                if (reader.wants(located)) {
                                    reads.start(() -> {
                                        try {
                                            read(place.bucket(), object.key(), located, reader);
                                        } catch (RetryableException e) {
                                            // The others are read all the same.
                                            failure.compareAndSet(null, e);
                                        }
                                    });
                                }
                            });
                    return true;
                });
            }
            reads.await();
        }
        if (failure.get() != null) {
            throw failure.get();
        }
    }

    private record Place(String bucket, String prefix) {}

    /** All keys of the run, in each of its buckets; or those of some streams only. */
    private static Set<Place> places(Run run, List<LogStream> streams, boolean all) {
        Set<Place> places = new LinkedHashSet<>();
        if (all) {
            run.targetBuckets().forEach(bucket -> places.add(new Place(bucket, run.prefix() + "/")));
        } else {
            streams.forEach(stream -> places.add(new Place(stream.targetBucket(), stream.targetPrefix())));
        }
        return places;
    }

    private static Located located(Run run, String bucket, S3Object object) {
        return new Located(
                bucket + "/" + object.key(),
                object.size() + " bytes, ETag " + object.eTag(),
                run.owner(bucket, object.key()),
                object.lastModified().toEpochMilli(),
                object.size());
    }

    private void read(String bucket, String key, Located located, Reader reader) {
        call(bucket + "/" + key, () -> {
            try (InputStream stored =
                    s3.getObject(request -> request.bucket(bucket).key(key))) {
                reader.object(located, Compression.ofKey(key).decompress(new Fetched(bucket + "/" + key, stored)));
                return true;
            } catch (NoSuchKeyException e) {
                // Gone since the listing, as if it had not been listed.
                return false;
            } catch (IOException e) {
                throw new RetryableException(bucket + "/" + key + " broke off: " + e.getMessage(), e);
            }
        });
    }

    /** Bytes from S3: where they break off, it is S3 that failed, not the compression. */
    private static final class Fetched extends FilterInputStream {
        private final String place;

        Fetched(String place, InputStream bytes) {
            super(bytes);
            this.place = place;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
        }

        @Override
        public int read(byte[] target, int offset, int length) {
            try {
                return super.read(target, offset, length);
            } catch (IOException e) {
                throw new RetryableException(place + " broke off: " + e.getMessage(), e);
            }
        }
    }

    private interface Request<T> {
        T send();
    }

    private static <T> T call(String place, Request<T> request) {
        try {
            return request.send();
        } catch (NoSuchBucketException e) {
            throw new ConfigurationException("there is no bucket " + place + ": name another, or make it", e);
        } catch (SdkException e) {
            throw Distrust.failure("cannot read " + place, e, Setting.S3_CA.name());
        }
    }

    @Override
    public void close() {
        s3.close();
        clickHouse.close();
    }
}
