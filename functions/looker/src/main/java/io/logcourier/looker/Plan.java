package io.logcourier.looker;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * How a run goes.
 *
 * @param mostFindings that are reported in detail
 */
public record Plan(Writing writing, Time time, Reading reading, int mostFindings) {
    private static final int PERCENT = 100;

    /**
     * What is written.
     *
     * @param streams written at once
     * @param stopAfterFragments of each stream a cycle stops writing; 0: it does not stop for that
     * @param stopAfter a cycle stops writing; zero: it does not stop for that
     * @param jitterPercent by which both vary, from stream to stream and cycle to cycle
     * @param cycles 0: for ever
     * @param changeStreamsEvery so many cycles
     * @param maxConcurrentWrites at once
     * @param rate entries a second, all streams together; 0: as fast as it goes
     * @param retries of refused pushes, in the whole run
     */
    public record Writing(
            int streams,
            int stopAfterFragments,
            Duration stopAfter,
            int jitterPercent,
            int cycles,
            int changeStreamsEvery,
            int maxConcurrentWrites,
            long rate,
            int retries) {
        /** The number varied by the jitter; {@code random} decides. At least 1. */
        long jittered(long number, long random) {
            long span = number * jitterPercent / PERCENT;
            return Math.max(1, number - span + Math.floorMod(random, 2 * span + 1));
        }
    }

    /**
     * When entries happened.
     *
     * @param stepNanos synthetic time from an entry to the next
     * @param minLag how far entries lie behind the wall clock at least
     * @param maxLag how far they do at most
     * @param start when the first entry happened; empty: loosely coupled to the wall clock
     */
    public record Time(long stepNanos, Duration minLag, Duration maxLag, Optional<Instant> start) {}

    /**
     * What is read back.
     *
     * @param which of the streams
     * @param streams for {@link Which#SOME}: how many
     * @param maxDelay from write to visible object
     * @param patience how long to look for an entry after the last write of its cycle
     * @param pollEvery between two looks
     */
    public record Reading(Which which, int streams, Duration maxDelay, Duration patience, Duration pollEvery) {}

    /** Which streams are read. */
    public enum Which {
        ALL,
        SOME,
        NONE
    }

    /** Checks all of it. */
    public Plan {
        List<String> problems = new ArrayList<>();
        need(problems, writing.streams >= 1, "n-streams", writing.streams);
        need(
                problems,
                writing.jitterPercent >= 0 && writing.jitterPercent < PERCENT,
                "jitter, in percent,",
                writing.jitterPercent);
        need(
                problems,
                writing.stopAfterFragments >= 0,
                "cycle-stop-write-after-n-fragments",
                writing.stopAfterFragments);
        need(problems, writing.cycles >= 0, "n-cycles", writing.cycles);
        need(problems, writing.changeStreamsEvery >= 1, "change-streams-every-n-cycles", writing.changeStreamsEvery);
        need(problems, writing.maxConcurrentWrites >= 1, "max-concurrent-writes", writing.maxConcurrentWrites);
        need(problems, writing.rate >= 0, "rate", writing.rate);
        need(problems, writing.retries >= 0, "retries", writing.retries);
        need(problems, time.stepNanos >= 0, "time-step-ns", time.stepNanos);
        need(problems, reading.which != Which.SOME || reading.streams >= 1, "read-n-streams-only", reading.streams);
        need(problems, mostFindings >= 0, "max-findings", mostFindings);
        if (time.minLag.compareTo(time.maxLag) > 0) {
            problems.add("min-lag is " + time.minLag + ", more than max-lag, " + time.maxLag);
        }
        if (writing.stopAfterFragments == 0 && writing.stopAfter.isZero()) {
            problems.add("nothing says when a cycle stops writing: after some fragments, or some seconds");
        }
        if (!problems.isEmpty()) {
            throw new IllegalArgumentException(String.join("\n", problems));
        }
    }

    private static void need(List<String> problems, boolean holds, String what, long value) {
        if (!holds) {
            problems.add(what + " is " + value);
        }
    }
}
