package io.logcourier.looker;

/**
 * When the entries of a stream happened. It moves by the same step from entry to entry, and is held between
 * {@code now - maxLag} and {@code now - minLag}: too fast, and the writer has to wait; too slow, and it leaps to the
 * middle. In integer nanoseconds. Not thread-safe.
 */
final class SyntheticTime {
    private static final long NANOS = 1_000_000;

    private final long stepNanos;
    private final long minLagMillis;
    private final long maxLagMillis;
    private final boolean coupled;
    private long nextNanos;
    private long leaps;

    private SyntheticTime(long firstNanos, long stepNanos, long minLagMillis, long maxLagMillis, boolean coupled) {
        this.nextNanos = firstNanos;
        this.stepNanos = stepNanos;
        this.minLagMillis = minLagMillis;
        this.maxLagMillis = maxLagMillis;
        this.coupled = coupled;
    }

    /** Coupled to the wall clock. */
    static SyntheticTime coupled(long nowMillis, long stepNanos, long minLagMillis, long maxLagMillis) {
        SyntheticTime time = new SyntheticTime(0, stepNanos, minLagMillis, maxLagMillis, true);
        time.nextNanos = time.middle(nowMillis);
        return time;
    }

    /** From a time on, whatever the wall clock says. */
    static SyntheticTime from(long startMillis, long stepNanos) {
        return new SyntheticTime(Math.multiplyExact(startMillis, NANOS), stepNanos, 0, 0, false);
    }

    /** How long to wait, in milliseconds, until the last of the next {@code entries} is old enough. */
    long waitMillis(long nowMillis, int entries) {
        if (!coupled) {
            return 0;
        }
        long lastNanos = nextNanos + (entries - 1) * stepNanos;
        return Math.max(0, Math.ceilDiv(lastNanos, NANOS) + minLagMillis - nowMillis);
    }

    /** When the first of the next {@code entries} happened, in nanoseconds; the others follow, a step apart. */
    long take(long nowMillis, int entries) {
        if (coupled && nextNanos < (nowMillis - maxLagMillis) * NANOS) {
            nextNanos = middle(nowMillis);
            leaps++;
        }
        long first = nextNanos;
        nextNanos += entries * stepNanos;
        return first;
    }

    /** How far the next entry lies behind {@code nowMillis}. */
    long lagMillis(long nowMillis) {
        return nowMillis - nextNanos / NANOS;
    }

    /** How often it leapt. */
    long leaps() {
        return leaps;
    }

    private long middle(long nowMillis) {
        return (nowMillis - minLagMillis - (maxLagMillis - minLagMillis) / 2) * NANOS;
    }
}
