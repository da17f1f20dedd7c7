package io.logcourier.looker;

import io.logcourier.logging.Quantity;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What a run, or a later look at it, came to. It holds all that is needed to verify the run again.
 *
 * @param run what was written
 * @param interrupted whether it was stopped before its end
 * @param failure what kept it from its end; empty if nothing did
 * @param cycles that were begun
 * @param streams how far each stream was written
 */
public record Report(
        Run run,
        Instant began,
        Instant ended,
        boolean interrupted,
        String failure,
        int cycles,
        Writing writing,
        Read reading,
        List<StreamState.Written> streams) {
    private static final Set<String> WELL = Set.of("right");

    /**
     * What was written.
     *
     * @param entries in pushes that were accepted, or whose outcome is unknown
     * @param accepted pushes
     * @param refused pushes, after all retries
     * @param unknown pushes without an answer
     * @param retries of refused pushes
     * @param millis that writing took, all cycles together
     * @param throttled how often a writer waited for its rate or because synthetic time was too far ahead
     * @param leaps how often synthetic time leapt ahead, since writers were too slow
     * @param reasons why pushes were not accepted, some of them
     */
    public record Writing(
            long entries,
            long bytes,
            long accepted,
            long refused,
            long unknown,
            long retries,
            long millis,
            long throttled,
            long throttledMillis,
            long leaps,
            List<String> reasons) {}

    /**
     * What was read.
     *
     * @param verdicts how many of each {@link Verdict}, in lower case
     * @param unread entries that were not found, where nobody looked to the end
     * @param settledPresent pushes without an answer that turned out to be stored
     * @param settledAbsent pushes without an answer that turned out not to be
     * @param findings what is wrong, in detail
     * @param findingsLeftOut how much more there is
     */
    public record Read(
            long objects,
            long bytes,
            Map<String, Long> verdicts,
            long unread,
            long settledPresent,
            long settledAbsent,
            Delay delayMillis,
            List<Finding> findings,
            long findingsLeftOut) {
        /** How many of a verdict. */
        public long count(Verdict verdict) {
            return verdicts.get(verdict.name().toLowerCase(Locale.ROOT));
        }

        /** Whether everything that was looked at is right and in time. */
        public boolean isRight() {
            return verdicts.entrySet().stream()
                    .allMatch(count -> WELL.contains(count.getKey()) || count.getValue() == 0);
        }
    }

    /**
     * From write to visible object, in milliseconds.
     *
     * @param distribution what 0, 5, 10 and so on to 100 percent of the entries took at most
     */
    public record Delay(long entries, long p50, long p95, long p99, long max, List<Long> distribution) {}

    /** For people. */
    public String text() {
        String verdicts = reading.verdicts().entrySet().stream()
                .filter(count -> count.getValue() > 0 || WELL.contains(count.getKey()))
                .map(count -> "%,d %s".formatted(count.getValue(), count.getKey()))
                .collect(Collectors.joining(", "));
        StringBuilder text = new StringBuilder("""
                run %s, seed %d, %s, %s, %s to %s
                written: %s, %,d bytes, in %,d ms; pushes: %,d accepted, %,d refused, %,d without an answer, %,d retries
                time: %,d times throttled, %,d ms in all, %,d leaps
                read: %s, %,d bytes; entries: %s, %,d unread
                """.formatted(
                        run.id(),
                        run.seed(),
                        Quantity.of(streams.size(), "stream"),
                        Quantity.of(cycles, "cycle"),
                        began,
                        ended,
                        Quantity.of(writing.entries(), "entry", "entries"),
                        writing.bytes(),
                        writing.millis(),
                        writing.accepted(),
                        writing.refused(),
                        writing.unknown(),
                        writing.retries(),
                        writing.throttled(),
                        writing.throttledMillis(),
                        writing.leaps(),
                        Quantity.of(reading.objects(), "object"),
                        reading.bytes(),
                        verdicts,
                        reading.unread()));
        if (reading.settledPresent() + reading.settledAbsent() > 0) {
            text.append("pushes without an answer: %,d were stored, %,d were not%n"
                    .formatted(reading.settledPresent(), reading.settledAbsent()));
        }
        Delay delay = reading.delayMillis();
        if (delay.entries() > 0) {
            text.append("from write to object: p50 %,d ms, p95 %,d ms, p99 %,d ms, max %,d ms%n"
                    .formatted(delay.p50(), delay.p95(), delay.p99(), delay.max()));
        }
        writing.reasons()
                .forEach(reason -> text.append("not accepted: ").append(reason).append('\n'));
        reading.findings().forEach(finding -> text.append(finding.text()).append('\n'));
        if (reading.findingsLeftOut() > 0) {
            text.append("and %,d more%n".formatted(reading.findingsLeftOut()));
        }
        if (!failure.isEmpty()) {
            text.append("failed: ").append(failure).append('\n');
        }
        return text.append(verdict()).toString();
    }

    /** The same run, kept from its end by a failure. */
    public Report failed(String reason) {
        return new Report(run, began, ended, interrupted, reason, cycles, writing, reading, streams);
    }

    /** Whether nothing was accepted, or something could not be read: then what is right says little. */
    public boolean isCutShort() {
        boolean nothing = writing.accepted() + writing.unknown() == 0 && writing.refused() > 0;
        return interrupted || !failure.isEmpty() || nothing || reading.unread() > 0;
    }

    private String verdict() {
        if (!reading.isRight()) {
            return "Something is wrong.";
        }
        if (isCutShort()) {
            return "Stopped before the end; what was read is right.";
        }
        if (reading.objects() == 0) {
            return "Nothing was read.";
        }
        return "Every entry is right.";
    }
}
