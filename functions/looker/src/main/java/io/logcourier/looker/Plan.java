package io.logcourier.looker;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * How a run goes.
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
 * @param stepNanos synthetic time from an entry to the next
 * @param minLag how far entries lie behind the wall clock at least
 * @param maxLag how far they do at most
 * @param start when the first entry happened; empty: loosely coupled to the wall clock
 * @param reading which streams are read
 * @param readStreams for {@link Reading#SOME}: how many
 * @param maxDelay from write to visible object
 * @param patience how long to look for an entry after the last write of its cycle
 * @param pollEvery between two looks
 * @param mostFindings that are reported in detail
 */
public record Plan(
        int streams,
        int stopAfterFragments,
        Duration stopAfter,
        int jitterPercent,
        int cycles,
        int changeStreamsEvery,
        int maxConcurrentWrites,
        long rate,
        int retries,
        long stepNanos,
        Duration minLag,
        Duration maxLag,
        Optional<Instant> start,
        Reading reading,
        int readStreams,
        Duration maxDelay,
        Duration patience,
        Duration pollEvery,
        int mostFindings) {
    private static final int PERCENT = 100;

    /** Which streams are read. */
    public enum Reading {
        ALL,
        SOME,
        NONE
    }

    /** Checks all of it. */
    public Plan {
        List<String> problems = new ArrayList<>();
        need(problems, streams >= 1, "n-streams", streams);
        need(problems, jitterPercent >= 0 && jitterPercent < PERCENT, "jitter, in percent,", jitterPercent);
        need(problems, stopAfterFragments >= 0, "cycle-stop-write-after-n-fragments", stopAfterFragments);
        need(problems, cycles >= 0, "n-cycles", cycles);
        need(problems, changeStreamsEvery >= 1, "change-streams-every-n-cycles", changeStreamsEvery);
        need(problems, maxConcurrentWrites >= 1, "max-concurrent-writes", maxConcurrentWrites);
        need(problems, rate >= 0, "rate", rate);
        need(problems, retries >= 0, "retries", retries);
        need(problems, stepNanos >= 0, "time-step-ns", stepNanos);
        need(problems, reading != Reading.SOME || readStreams >= 1, "read-n-streams-only", readStreams);
        need(problems, mostFindings >= 0, "max-findings", mostFindings);
        if (minLag.compareTo(maxLag) > 0) {
            problems.add("min-lag is " + minLag + ", more than max-lag, " + maxLag);
        }
        if (stopAfterFragments == 0 && stopAfter.isZero()) {
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

    /** The number varied by the jitter; {@code random} decides. At least 1. */
    long jittered(long number, long random) {
        long span = number * jitterPercent / PERCENT;
        return Math.max(1, number - span + Math.floorMod(random, 2 * span + 1));
    }
}
