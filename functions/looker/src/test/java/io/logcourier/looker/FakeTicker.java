package io.logcourier.looker;

import java.util.concurrent.atomic.AtomicLong;

/** A clock that only sleeping moves. */
final class FakeTicker implements Ticker {
    private final AtomicLong millis = new AtomicLong(1_795_298_400_000L);

    @Override
    public long millis() {
        return millis.get();
    }

    @Override
    public void sleep(long more) {
        millis.addAndGet(more);
    }
}
