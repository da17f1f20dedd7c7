package io.logcourier.looker;

import io.logcourier.looker.Content.Known;
import io.logcourier.looker.Fields.Difference;
import io.logcourier.looker.StreamState.Range;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import java.util.zip.CRC32C;
import org.HdrHistogram.Histogram;

/**
 * Holds every line of every object against the entry that was written. What an object says counts once it is read to its
 * end, so that one that broke off on the way is read again. Thread-safe.
 */
final class Validator implements Store.Reader {
    private static final int BUFFER_BYTES = 256 * 1024;
    private static final int LONGEST_LINE = 16 << 20;
    private static final int LONGEST_DETAIL = 300;
    private static final int INDEX_BITS = 34;
    private static final int FIELDS_TO_KNOW = 8;

    private final Content content;
    private final long maxDelayMillis;
    private final int mostFindings;
    private final Map<Integer, StreamState> states = new ConcurrentHashMap<>();
    private final Map<String, Seen> read = new ConcurrentHashMap<>();
    private final Map<Verdict, Long> counts = new EnumMap<>(Verdict.class);
    private final List<Finding> findings = new ArrayList<>();
    private final Histogram delays = new Histogram(3);
    private volatile boolean stopped;
    private long objects;
    private long bytes;
    private long findingsLeftOut;
    private long settledPresent;
    private long settledAbsent;
    private long unread;

    /** An object as it was when it was read: its version, and the CRC32C of its lines. */
    private record Seen(String version, long checksum) {}

    /**
     * For the entries of {@code content}.
     *
     * @param maxDelayMillis from write to visible object; what takes longer is late
     * @param mostFindings that are kept in detail
     */
    Validator(Content content, long maxDelayMillis, int mostFindings) {
        this.content = content;
        this.maxDelayMillis = maxDelayMillis;
        this.mostFindings = mostFindings;
        for (Verdict verdict : Verdict.values()) {
            counts.put(verdict, 0L);
        }
    }

    /** From here on entries of this stream are looked for. */
    void expect(StreamState state) {
        states.put(state.stream().number(), state);
    }

    /** The stream is done with: its bits are given back. */
    void forget(LogStream stream) {
        states.remove(stream.number());
        read.keySet().removeIf(place -> place.contains(stream.targetPrefix()));
    }

    /** From here on no object is wanted. */
    void stop() {
        stopped = true;
    }

    @Override
    public boolean wants(Store.Located object) {
        if (stopped) {
            return false;
        }
        if (object.stream().isPresent()
                && !states.containsKey(object.stream().get().number())) {
            return false;
        }
        Seen before = read.get(object.place());
        return before == null || !before.version().equals(object.version());
    }

    @Override
    public void object(Store.Located object, InputStream lines) {
        Check check = new Check(object);
        try {
            check.read(lines);
        } catch (IOException e) {
            check.note(new Finding(
                    Verdict.UNREADABLE,
                    number(object),
                    -1,
                    -1,
                    object.place() + " line " + (check.line + 1),
                    "its compression",
                    "",
                    e.toString()));
        }
        commit(object, check);
    }

    private static int number(Store.Located object) {
        return object.stream().map(LogStream::number).orElse(-1);
    }

    private synchronized void commit(Store.Located object, Check check) {
        Seen seen = new Seen(object.version(), check.checksum.getValue());
        Seen before = read.put(object.place(), seen);
        if (before != null) {
            // What it held was judged. A retry may write the same again; anything else is a fault.
            if (before.checksum() != seen.checksum()) {
                note(new Finding(
                        Verdict.ALTERED,
                        number(object),
                        -1,
                        -1,
                        object.place(),
                        "the object, after it was read",
                        before.version(),
                        seen.version()));
            }
            return;
        }
        for (int i = 0; i < check.count; i++) {
            long entry = check.entries[i];
            int line = i + 1;
            int number = (int) (entry >>> INDEX_BITS);
            long index = entry & (1L << INDEX_BITS) - 1;
            if (entry < 0) {
                continue;
            }
            StreamState state = states.get(number);
            Difference difference = check.differences.get(line);
            if (object.stream().isEmpty() || object.stream().get().number() != number) {
                note(new Finding(
                        Verdict.MISPLACED,
                        number,
                        index,
                        index,
                        object.place() + " line " + line,
                        "its place",
                        content.run().stream(number).targetBucket() + "/"
                                + content.run().stream(number).targetPrefix(),
                        object.stream().map(LogStream::targetPrefix).orElse("nobody's")));
                if (state != null) {
                    state.account(index);
                }
            } else if (!state.mark(index)) {
                note(finding(Verdict.DUPLICATED, object, line, number, index, difference));
            } else if (!state.isExpected(index)) {
                note(new Finding(
                        Verdict.FOREIGN,
                        number,
                        index,
                        index,
                        object.place() + " line " + line,
                        "the outcome of its push",
                        "refused, or never pushed",
                        "there"));
            } else if (difference != null) {
                note(finding(Verdict.ALTERED, object, line, number, index, difference));
            } else {
                count(Verdict.RIGHT);
            }
        }
        check.counts.forEach((verdict, count) -> counts.merge(verdict, count, Long::sum));
        check.findings.forEach(this::keep);
        findingsLeftOut += check.findingsLeftOut;
        delays.add(check.delays);
        objects++;
        bytes += object.bytes();
    }

    private static Finding finding(
            Verdict verdict, Store.Located object, int line, int stream, long index, Difference difference) {
        return new Finding(
                verdict,
                stream,
                index,
                index,
                object.place() + " line " + line,
                difference == null ? "" : difference.field(),
                difference == null ? "" : cut(difference.expected()),
                difference == null ? "" : cut(difference.got()));
    }

    /** Counts a finding, and keeps it if there are not too many. */
    private void note(Finding finding) {
        count(finding.verdict());
        keep(finding);
    }

    private void keep(Finding finding) {
        if (findings.size() < mostFindings) {
            findings.add(finding);
        } else {
            findingsLeftOut++;
        }
    }

    private void count(Verdict verdict) {
        counts.merge(verdict, 1L, Long::sum);
    }

    /**
     * Ends the search for what is not there.
     *
     * @param givenUp whether it would have been found: otherwise it is unread, not missing
     */
    synchronized void settle(List<StreamState> of, boolean givenUp) {
        for (StreamState state : of) {
            if (givenUp) {
                int[] settled = state.settle();
                settledPresent += settled[0];
                settledAbsent += settled[1];
            }
            for (Range range : state.missing()) {
                int entries = range.to() - range.from();
                if (givenUp) {
                    counts.merge(Verdict.MISSING, (long) entries, Long::sum);
                    keep(new Finding(
                            Verdict.MISSING,
                            state.stream().number(),
                            range.from(),
                            range.to() - 1,
                            state.stream().targetBucket() + "/" + state.stream().targetPrefix(),
                            "",
                            "",
                            ""));
                    for (int i = range.from(); i < range.to(); i++) {
                        state.account(i);
                    }
                } else {
                    unread += entries;
                }
            }
        }
    }

    /** What was found so far. */
    synchronized Report.Read report() {
        Map<String, Long> verdicts = new LinkedHashMap<>();
        counts.forEach((verdict, count) -> verdicts.put(verdict.name().toLowerCase(Locale.ROOT), count));
        return new Report.Read(
                objects,
                bytes,
                verdicts,
                unread,
                settledPresent,
                settledAbsent,
                new Report.Delay(
                        delays.getTotalCount(),
                        delays.getValueAtPercentile(50),
                        delays.getValueAtPercentile(95),
                        delays.getValueAtPercentile(99),
                        delays.getMaxValue(),
                        IntStream.rangeClosed(0, 20)
                                .mapToObj(step -> delays.getValueAtPercentile(step * 5))
                                .toList()),
                List.copyOf(findings),
                findingsLeftOut);
    }

    private static String cut(String text) {
        return text.length() <= LONGEST_DETAIL ? text : text.substring(0, LONGEST_DETAIL) + "...";
    }

    /** One object, while it is read. */
    private final class Check {
        private static final long NOBODY = -1;

        private final Store.Located object;
        private final Content.Maker maker = content.maker();
        private final Fields fields = new Fields();
        private final Histogram delays = new Histogram(3);
        private final List<Finding> findings = new ArrayList<>();
        private final Map<Verdict, Long> counts = new EnumMap<>(Verdict.class);
        private final Map<Integer, Difference> differences = new HashMap<>();
        private final Map<Integer, LogStream> streams = new HashMap<>();
        private final CRC32C checksum = new CRC32C();
        private long[] entries = new long[1024];
        private int count;
        private int line;
        private long lastStart = Long.MIN_VALUE;
        private byte[] lastId = {};
        private long findingsLeftOut;

        Check(Store.Located object) {
            this.object = object;
        }

        void read(InputStream lines) throws IOException {
            byte[] buffer = new byte[BUFFER_BYTES];
            int filled = 0;
            int read = lines.read(buffer, 0, buffer.length);
            while (read >= 0) {
                int searched = filled;
                checksum.update(buffer, filled, read);
                filled += read;
                int from = 0;
                for (int i = searched; i < filled; i++) {
                    if (buffer[i] == '\n') {
                        line(buffer, from, i, true);
                        from = i + 1;
                    }
                }
                System.arraycopy(buffer, from, buffer, 0, filled - from);
                filled -= from;
                if (filled == buffer.length) {
                    if (filled >= LONGEST_LINE) {
                        throw new IOException("a line of more than " + LONGEST_LINE + " bytes");
                    }
                    buffer = Arrays.copyOf(buffer, 2 * filled);
                }
                read = lines.read(buffer, filled, buffer.length - filled);
            }
            if (filled > 0) {
                line(buffer, 0, filled, false);
            }
        }

        private void note(Finding finding) {
            counts.merge(finding.verdict(), 1L, Long::sum);
            if (findings.size() < mostFindings) {
                findings.add(finding);
            } else {
                findingsLeftOut++;
            }
        }

        private void line(byte[] bytes, int from, int to, boolean ended) {
            line++;
            fields.cut(bytes, from, to, FIELDS_TO_KNOW);
            Optional<Known> known = maker.know(fields);
            if (count == entries.length) {
                entries = Arrays.copyOf(entries, 2 * count);
            }
            if (known.isEmpty()) {
                entries[count++] = NOBODY;
                note(new Finding(
                        Verdict.FOREIGN,
                        -1,
                        -1,
                        -1,
                        object.place() + " line " + line,
                        ended ? "the whole line" : "the whole line, which is cut short",
                        "an entry of run " + content.run().id(),
                        cut(new String(bytes, from, to - from, StandardCharsets.ISO_8859_1))));
                return;
            }
            Known entry = known.get();
            entries[count++] = (long) entry.stream() << INDEX_BITS | entry.index();
            LogStream stream = streams.computeIfAbsent(entry.stream(), content.run()::stream);
            if (entry.startMillis() == Known.LOST) {
                differences.put(line, lost(stream, entry, bytes, from, to));
                return;
            }
            Bytes expected = maker.line(stream, entry.index(), entry.startMillis(), entry.pushedMillis());
            int end = content.run().moreFields() == 0
                    ? to
                    : Fields.end(bytes, from, to, content.run().moreFields());
            if (!Arrays.equals(expected.array(), 0, expected.length(), bytes, from, end)) {
                differences.put(
                        line,
                        new Fields(expected.array(), 0, expected.length())
                                .differences(new Fields(bytes, from, end))
                                .getFirst());
            } else if (!ended) {
                differences.put(line, new Difference("its line feed", "there", "nothing"));
            }
            if (entry.stream() == number(object)) {
                order(entry, maker.id());
            }
            long delay = Math.max(0, object.visibleMillis() - entry.pushedMillis());
            delays.recordValue(delay);
            if (delay > maxDelayMillis) {
                note(new Finding(
                        Verdict.LATE,
                        entry.stream(),
                        entry.index(),
                        entry.index(),
                        object.place() + " line " + line,
                        "its delay in ms",
                        "at most " + maxDelayMillis,
                        Long.toString(delay)));
            }
        }

        /** Entries of an object are in the order of time, then of request id; what is misplaced has no order there. */
        private void order(Known entry, byte[] id) {
            int order = entry.startMillis() != lastStart
                    ? Long.compare(entry.startMillis(), lastStart)
                    : Arrays.compareUnsigned(id, lastId);
            if (order < 0) {
                note(new Finding(
                        Verdict.DISORDERED,
                        entry.stream(),
                        entry.index(),
                        entry.index(),
                        object.place() + " line " + line,
                        "its order",
                        "after " + Instant.ofEpochMilli(lastStart) + " "
                                + new String(lastId, StandardCharsets.US_ASCII),
                        Instant.ofEpochMilli(entry.startMillis()) + " " + new String(id, StandardCharsets.US_ASCII)));
            }
            lastStart = entry.startMillis();
            lastId = id;
        }

        /** The request id is damaged so much that the times are lost: the second still stands in the line. */
        private Difference lost(LogStream stream, Known entry, byte[] bytes, int from, int to) {
            Fields got = new Fields(bytes, from, to);
            String id = got.text(Fields.REQUEST_ID);
            Bytes expected = maker.line(stream, entry.index(), 0, 0);
            List<Difference> others = new Fields(expected.array(), 0, expected.length())
                    .differences(got).stream()
                            .filter(difference -> !difference.field().equals("Time"))
                            .toList();
            return others.stream()
                    .filter(difference -> difference.field().equals("Request ID"))
                    .findFirst()
                    .map(difference -> new Difference(
                            "Request ID",
                            "one that ends in " + difference.expected().substring(34),
                            id))
                    .orElse(others.getFirst());
        }
    }
}
