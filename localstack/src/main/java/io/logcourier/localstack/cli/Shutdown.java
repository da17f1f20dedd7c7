package io.logcourier.localstack.cli;

/** What happens when the process is told to stop. */
final class Shutdown {
    private Shutdown() {}

    /** Runs {@code stop} on SIGINT, SIGTERM and ordinary exit. */
    static void onExit(Runnable stop) {
        Runtime.getRuntime().addShutdownHook(new Thread(stop, "shutdown"));
    }
}
