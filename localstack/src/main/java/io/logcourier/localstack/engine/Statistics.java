package io.logcourier.localstack.engine;

/** What a statement, or a part of it, read from storage, wrote, gave back and took. */
record Statistics(
        long rowsRead, long bytesRead, long rowsWritten, long bytesWritten, long resultRows, long elapsedNanos) {
    static final Statistics NONE = new Statistics(0, 0, 0, 0, 0, 0);

    Statistics plus(Statistics more) {
        return new Statistics(
                rowsRead + more.rowsRead,
                bytesRead + more.bytesRead,
                rowsWritten + more.rowsWritten,
                bytesWritten + more.bytesWritten,
                resultRows + more.resultRows,
                elapsedNanos + more.elapsedNanos);
    }
}
