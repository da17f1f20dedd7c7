package io.logcourier.localstack.engine;

/** What a statement read from storage, wrote and took. */
record Statistics(long rowsRead, long bytesRead, long rowsWritten, long bytesWritten, long elapsedNanos) {
    static final Statistics NONE = new Statistics(0, 0, 0, 0, 0);
}
