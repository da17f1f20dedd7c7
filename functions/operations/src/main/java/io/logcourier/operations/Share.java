package io.logcourier.operations;

import io.logcourier.clickhouse.Statement;
import java.time.Duration;
import java.time.Instant;

/**
 * Which of the objects an audit reads. Each order has a place in a cycle by a hash of its number, and is due when the clock
 * has just passed it; so audits that run one after another read all within a cycle, and need remember nothing.
 *
 * @param at where in the cycle the clock is, in seconds
 * @param cycle seconds in which all are due once, at least 1
 * @param span seconds up to {@code at} in which those lie that are due now, 1 to {@code cycle}
 */
record Share(long at, long cycle, long span) {
    /** Everything. */
    static final Share ALL = new Share(0, 1, 1);

    /** Part of the time between two audits, by which one may be late without leaving something out. */
    private static final int SLACK = 10;

    /** Checks the span. */
    Share {
        if (at < 0 || span < 1 || span > cycle) {
            throw new IllegalArgumentException("no share: " + span + " of " + cycle + " seconds up to " + at);
        }
    }

    /** What is due {@code now}, for audits that run {@code every} so often and are to read all {@code within} a time. */
    static Share of(Instant now, Duration every, Duration within) {
        long cycle = Math.max(1, within.toSeconds());
        long span = Math.clamp(every.plus(every.dividedBy(SLACK)).toSeconds(), 1, cycle);
        return new Share(Math.floorMod(now.getEpochSecond(), cycle), cycle, span);
    }

    /** Whether it is everything. */
    boolean isAll() {
        return span == cycle;
    }

    /** Whether what has a place in the cycle is due; the statements say the same. */
    boolean isDue(long hash) {
        return Math.floorMod(at - Long.remainderUnsigned(hash, cycle), cycle) < span;
    }

    /** {@code statement} with the parameters of this. */
    Statement in(Statement statement) {
        return statement.with("at", at).with("cycle", cycle).with("span", span);
    }
}
