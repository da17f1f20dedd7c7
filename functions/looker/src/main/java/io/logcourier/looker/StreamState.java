package io.logcourier.looker;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * What is kept of a stream: how far it was written, what was not accepted, and one bit per entry. The entries of a push
 * whose outcome is unknown are expected as soon as one of them is seen, since a push is stored whole or not at all.
 * Thread-safe.
 */
final class StreamState {
    private final LogStream stream;
    private final BitSet seen = new BitSet();

    /** Misplaced, or reported as missing. Empty as long as all is well, and then without memory. */
    private final BitSet accountedFor = new BitSet();

    private final List<Range> refused = new ArrayList<>();
    private final List<Range> unknown = new ArrayList<>();
    private final Set<Range> settled = new HashSet<>();
    private int next;
    private long lastPushMillis;

    /**
     * Entries that were pushed together, or that lie next to each other.
     *
     * @param to the first one after it
     */
    record Range(int from, int to) {
        boolean holds(long index) {
            return from <= index && index < to;
        }
    }

    /**
     * What is known of a stream, for a record of the run.
     *
     * @param written entries that were pushed, whatever became of them
     * @param refused of these
     * @param unknown pushes of which only reading can tell
     */
    record Written(int number, int written, long lastPushMillis, List<Range> refused, List<Range> unknown) {}

    StreamState(LogStream stream) {
        this.stream = stream;
    }

    /** As an earlier run left it. */
    StreamState(LogStream stream, Written written) {
        this(stream);
        next = written.written();
        lastPushMillis = written.lastPushMillis();
        refused.addAll(written.refused());
        unknown.addAll(written.unknown());
    }

    LogStream stream() {
        return stream;
    }

    synchronized Written written() {
        return new Written(stream.number(), next, lastPushMillis, List.copyOf(refused), List.copyOf(unknown));
    }

    synchronized long lastPushMillis() {
        return lastPushMillis;
    }

    /** Sets entries apart before they are pushed: until its outcome is known, a push may have come to anything. */
    synchronized Range begin(int entries, long nowMillis) {
        Range range = new Range(next, Math.addExact(next, entries));
        next = range.to();
        lastPushMillis = nowMillis;
        unknown.add(range);
        return range;
    }

    synchronized void end(Range push, Store.Outcome outcome, long nowMillis) {
        lastPushMillis = nowMillis;
        switch (outcome) {
            case ACCEPTED -> unknown.remove(push);
            case REFUSED -> {
                unknown.remove(push);
                refused.add(push);
            }
            case UNKNOWN -> {
                // It stays among those.
            }
        }
    }

    /** Whether the entry was pushed, and not refused. */
    synchronized boolean isExpected(long index) {
        return index < next && refused.stream().noneMatch(range -> range.holds(index));
    }

    /** Marks an entry as seen; false if it was before. */
    synchronized boolean mark(long index) {
        int bit = Math.toIntExact(index);
        boolean first = !seen.get(bit);
        seen.set(bit);
        return first;
    }

    /** An entry is not missing any more, but not there either. */
    synchronized void account(long index) {
        accountedFor.set(Math.toIntExact(index));
    }

    /**
     * Settles the pushes without an answer, now that there was time to read.
     *
     * @return how many turned out to be stored, and how many not; each push counts once
     */
    synchronized int[] settle() {
        List<Range> present = unknown.stream().filter(this::isTouched).toList();
        unknown.removeAll(present);
        List<Range> absent =
                unknown.stream().filter(push -> !settled.contains(push)).toList();
        settled.addAll(absent);
        return new int[] {present.size(), absent.size()};
    }

    /** Whether no entry is left to wait for. */
    synchronized boolean isComplete() {
        return unknown.stream().allMatch(push -> isTouched(push) || settled.contains(push)) && nextMissing(0) >= next;
    }

    /** The entries that should be there and are not, in order. */
    synchronized List<Range> missing() {
        List<Range> missing = new ArrayList<>();
        for (int from = nextMissing(0);
                from < next;
                from = nextMissing(missing.getLast().to())) {
            missing.add(new Range(from, endOfMissing(from)));
        }
        return missing;
    }

    /** From {@code index} on the first entry that should be there and is not; {@code next} if there is none. */
    private int nextMissing(int index) {
        int at = index;
        int before;
        do {
            before = at;
            at = endOfAbsent(accountedFor.nextClearBit(seen.nextClearBit(at)));
        } while (at != before && at < next);
        return Math.min(at, next);
    }

    /** The end of the push that holds an entry, where it is not expected; the entry itself where it is. */
    private int endOfAbsent(int index) {
        return absent().filter(range -> range.holds(index))
                .mapToInt(Range::to)
                .findFirst()
                .orElse(index);
    }

    private int endOfMissing(int from) {
        IntStream ends = IntStream.of(seen.nextSetBit(from), accountedFor.nextSetBit(from));
        return IntStream.concat(ends, absent().mapToInt(Range::from)).filter(end -> end > from).min().stream()
                .map(end -> Math.min(end, next))
                .findFirst()
                .orElse(next);
    }

    private Stream<Range> absent() {
        return Stream.concat(refused.stream(), unknown.stream().filter(range -> !isTouched(range)));
    }

    private boolean isTouched(Range range) {
        int bit = seen.nextSetBit(range.from());
        int other = accountedFor.nextSetBit(range.from());
        return (bit >= 0 && bit < range.to()) || (other >= 0 && other < range.to());
    }
}
