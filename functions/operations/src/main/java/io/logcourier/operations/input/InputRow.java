package io.logcourier.operations.input;

import java.io.IOException;
import java.io.OutputStream;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** A line that is a row. Immutable. */
public final class InputRow {
    private final byte[] json;
    private final Instant start;
    private final Fate fate;
    private final List<String> unknown;
    private final List<InputField> lacking;
    private final Optional<String> mark;

    InputRow(
            byte[] json,
            Instant start,
            Fate fate,
            List<String> unknown,
            List<InputField> lacking,
            Optional<String> mark) {
        this.json = json;
        this.start = start;
        this.fate = fate;
        this.unknown = List.copyOf(unknown);
        this.lacking = List.copyOf(lacking);
        this.mark = mark;
    }

    /** Writes it as ClickHouse is to have it: the bytes of the line, with times in the form that every version reads. */
    public void writeTo(OutputStream out) throws IOException {
        out.write(json);
    }

    /** How many bytes that is. */
    public int length() {
        return json.length;
    }

    /** When its request came, to the millisecond. */
    public Instant start() {
        return start;
    }

    /** What becomes of it. */
    public Fate fate() {
        return fate;
    }

    /** Its fields that are no columns. */
    public List<String> unknown() {
        return unknown;
    }

    /** The fields that a row must have or usually has, and that this one lacks. */
    public List<InputField> lacking() {
        return lacking;
    }

    /**
     * What keeps it from being a row as it should be, for people: a fate other than to arrive or to be internal, a field that
     * is no column, or one that it lacks. Empty where nothing does.
     */
    public Optional<String> fault() {
        return switch (fate) {
            case UNFLAGGED -> Optional.of("it has no loggingEnabled, and would not be stored");
            case EXPIRED ->
                Optional.of("it is older than the log table keeps rows; look at insertedAt and the table's TTL");
            case WITHOUT_BUCKET -> Optional.of("it has no bucketName, and would be undeliverable");
            case WITHOUT_TARGET -> Optional.of("it has no loggingTargetBucket, and would be undeliverable");
            case IMPOSSIBLE_TARGET ->
                Optional.of("its loggingTargetBucket is no name that a bucket can have, and it would be undeliverable");
            case ARRIVES, INTERNAL -> {
                if (!unknown.isEmpty()) {
                    yield Optional.of("there is no field " + unknown.getFirst());
                }
                yield lacking.isEmpty()
                        ? Optional.empty()
                        : Optional.of("it has no " + lacking.getFirst().column());
            }
        };
    }

    /**
     * What tells it from others: a digest, 32 hexadecimal digits, of its time, request id, bucket, operation, key and
     * version, as present.sql makes it of stored rows; request id and time alone are shared by sub-records. Empty where the
     * reader was not to make it, and where there is no request id.
     */
    public Optional<String> mark() {
        return mark;
    }
}
