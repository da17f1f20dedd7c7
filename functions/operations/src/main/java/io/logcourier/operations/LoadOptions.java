package io.logcourier.operations;

import picocli.CommandLine.Option;

/** The options of commands that load rows. */
public final class LoadOptions {
    @Option(
            names = "--strict",
            description =
                    "refuse rows that would not arrive (internal traffic apart), unknown fields, and rows without req_id, operation or httpCode")
    private boolean strict;

    @Option(
            names = "--skip-present",
            description =
                    "leave out rows that the log table has already, by time, request id, bucket, operation, key and version")
    private boolean skipPresent;

    /** How rows are to be taken. */
    public Loader.Options loader() {
        return new Loader.Options(strict, skipPresent);
    }
}
