package io.logcourier.message;

import com.fasterxml.jackson.annotation.JsonIgnore;
import java.time.Instant;
import java.util.Optional;

/**
 * Asks for orders to be delivered again: all of a bucket with a request in {@code [from, to)}, each whole. Written by
 * {@code courier replay}, or by hand.
 *
 * @param version of this format: {@value Message#VERSION}
 * @param lane whose ledger
 * @param bucket whose requests were logged
 * @param from earliest time of a request
 * @param to the first time that is too late
 * @param target where copies go instead, as {@code BUCKET/PREFIX}, if the worker's settings allow that
 */
public record ReplayMessage(int version, String lane, String bucket, Instant from, Instant to, Optional<String> target)
        implements Message {
    /** As a DateTime64(3) of ClickHouse, which is what the ledger keeps times in. */
    private static final Instant EARLIEST = Instant.parse("1900-01-01T00:00:00Z");

    private static final Instant LATEST = Instant.parse("2300-01-01T00:00:00Z");

    /** Null stands for empty. */
    public ReplayMessage {
        target = target == null ? Optional.empty() : target;
    }

    @Override
    @JsonIgnore
    public String fault() {
        if (isBeyond(from) || isBeyond(to)) {
            return "a replay from %s to %s: times from %s to %s are needed, the ledger holds no others"
                    .formatted(from, to, EARLIEST, LATEST);
        }
        return bucket == null || bucket.isEmpty() || from == null || to == null || !from.isBefore(to)
                ? "a replay needs a bucket, and times of which from is before to, such as 2026-01-31T00:00:00Z"
                : null;
    }

    private static boolean isBeyond(Instant time) {
        return time != null && (time.isBefore(EARLIEST) || time.isAfter(LATEST));
    }
}
