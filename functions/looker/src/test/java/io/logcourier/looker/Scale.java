package io.logcourier.looker;

import io.logcourier.looker.Plan.Reading;
import io.logcourier.looker.Plan.Time;
import io.logcourier.looker.Plan.Which;
import io.logcourier.looker.Plan.Writing;
import io.logcourier.looker.Run.Compressibility;
import io.logcourier.looker.Run.Shape;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * Measures the core alone: every entry is made, pushed to a store that keeps its times only, made again as the line of an
 * object, read and compared. {@code Scale ENTRIES THREADS}; run it with a small heap.
 */
final class Scale {
    private static final int STREAMS = 4;
    private static final int FRAGMENT = 1000;
    private static final int OBJECT = 100;

    private Scale() {}

    private record Fragment(long first, long startMillis, long pushedMillis) {}

    public static void main(String[] arguments) throws InterruptedException {
        int entries = Integer.parseInt(arguments[0]);
        int threads = Integer.parseInt(arguments[1]);
        Run run = new Run(
                "scale", 1, FRAGMENT, 600, Compressibility.MEDIUM, Shape.MIXED, List.of("logs"), "", "text-2", 0);
        Computed store = new Computed(run, threads);
        Plan plan = new Plan(
                new Writing(STREAMS, entries / STREAMS / FRAGMENT, Duration.ZERO, 0, 1, 1, threads, 0, 0),
                new Time(1_000_000, Duration.ZERO, Duration.ZERO, Optional.of(Instant.parse("2026-01-01T00:00:00Z"))),
                new Reading(Which.ALL, 0, Duration.ofHours(1), Duration.ofHours(1), Duration.ofMillis(1)),
                10);
        Looker looker = new Looker(run, plan, store, Ticker.SYSTEM);
        long began = System.nanoTime();
        Report report = looker.run();
        long nanos = System.nanoTime() - began;
        System.gc();
        long heap = Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
        System.out.println(report.text());
        long written = report.writing().millis();
        long all = nanos / 1_000_000;
        System.out.printf(
                "%,d entries, %d threads: written in %,d ms (%,d/s), all in %,d ms (%,d/s), heap in use %,d KiB%n",
                report.writing().entries(),
                threads,
                written,
                report.writing().entries() * 1000 / written,
                all,
                report.writing().entries() * 1000 / all,
                heap / 1024);
    }

    private static final class Computed implements Store {
        private final Content content;
        private final int threads;
        private final Map<Integer, List<Fragment>> fragments = new ConcurrentHashMap<>();

        Computed(Run run, int threads) {
            content = new Content(run);
            this.threads = threads;
        }

        @Override
        public Answer write(LogStream stream, byte[] lines, int offset, int length) {
            String begin = new String(lines, offset, 200, StandardCharsets.ISO_8859_1);
            int id = begin.indexOf("\"req_id\":\"") + 10;
            fragments
                    .computeIfAbsent(stream.number(), any -> Collections.synchronizedList(new ArrayList<>()))
                    .add(new Fragment(
                            Long.parseLong(begin.substring(id + 34, id + 44), 16),
                            Long.parseLong(begin.substring(id + 12, id + 23), 16),
                            Long.parseLong(begin.substring(id + 23, id + 34), 16)));
            return Answer.ACCEPTED;
        }

        @Override
        public void read(Run run, List<LogStream> streams, boolean all, Reader reader) {
            try (ExecutorService readers = Executors.newFixedThreadPool(threads)) {
                for (LogStream stream : streams) {
                    List<Fragment> mine = fragments.get(stream.number());
                    for (int from = 0; from < mine.size(); from += OBJECT) {
                        List<Fragment> some = mine.subList(from, Math.min(mine.size(), from + OBJECT));
                        Located object = new Located(
                                stream.targetPrefix() + from, "", Optional.of(stream), System.currentTimeMillis(), 1);
                        if (reader.wants(object)) {
                            readers.execute(() -> reader.object(object, lines(stream, some)));
                        }
                    }
                }
            }
        }

        private InputStream lines(LogStream stream, List<Fragment> some) {
            Content.Maker maker = content.maker();
            Iterator<Fragment> fragments = some.iterator();
            Bytes lines = new Bytes();
            return new InputStream() {
                private int at;

                @Override
                public int read() {
                    byte[] one = new byte[1];
                    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
                }

                @Override
                public int read(byte[] target, int offset, int length) {
                    if (at == lines.length()) {
                        if (!fragments.hasNext()) {
                            return -1;
                        }
                        lines.clear();
                        at = 0;
                        append(stream, fragments.next(), maker, lines);
                    }
                    int count = Math.min(length, lines.length() - at);
                    System.arraycopy(lines.array(), at, target, offset, count);
                    at += count;
                    return count;
                }
            };
        }

        private void append(LogStream stream, Fragment fragment, Content.Maker maker, Bytes lines) {
            for (long index = fragment.first(); index < fragment.first() + FRAGMENT; index++) {
                long parent = content.parent(stream.number(), index);
                Bytes line = maker.line(
                        stream, index, fragment.startMillis() + parent - fragment.first(), fragment.pushedMillis());
                lines.add(line.array(), 0, line.length()).add('\n');
            }
        }
    }
}
