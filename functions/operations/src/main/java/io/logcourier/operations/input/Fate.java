package io.logcourier.operations.input;

/** What becomes of a row, as far as it can be told before it is sent. The first that fits is a row's. */
public enum Fate {
    /** Stored, and delivered where its target takes it. */
    ARRIVES,
    /** Not stored: loggingEnabled is false. */
    INTERNAL,
    /** Not stored: it has no loggingEnabled. */
    UNFLAGGED,
    /** Not sent: older than the log table keeps rows, which would drop it moments later. */
    EXPIRED,
    /** Undeliverable: no bucketName. */
    WITHOUT_BUCKET,
    /** Undeliverable: no loggingTargetBucket. */
    WITHOUT_TARGET,
    /** Undeliverable: no bucket can be called as its target is. */
    IMPOSSIBLE_TARGET;

    /** Whether the log table has it then. */
    public boolean isStored() {
        return switch (this) {
            case ARRIVES, WITHOUT_BUCKET, WITHOUT_TARGET, IMPOSSIBLE_TARGET -> true;
            case INTERNAL, UNFLAGGED, EXPIRED -> false;
        };
    }
}
