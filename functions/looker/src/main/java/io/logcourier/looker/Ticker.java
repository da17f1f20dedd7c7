package io.logcourier.looker;

/** The wall clock, so that tests have their own. Thread-safe. */
public interface Ticker {
    /** The system's. */
    Ticker SYSTEM = new Ticker() {
        @Override
        public long millis() {
            return System.currentTimeMillis();
        }

        @Override
        public void sleep(long millis) throws InterruptedException {
            Thread.sleep(millis);
        }
    };

    /** Now, in milliseconds since 1970. */
    long millis();

    /** Waits. */
    void sleep(long millis) throws InterruptedException;
}
