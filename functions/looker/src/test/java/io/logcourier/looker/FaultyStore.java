package io.logcourier.looker;

import io.logcourier.RetryableException;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.IntFunction;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A store in memory that delivers what was written in objects, sorted, one line per row, and does what a test tells it
 * besides: an outcome for each push, a damage to the objects, a delay, reads that fail.
 */
final class FaultyStore implements Store {
    private static final JsonMapper JSON = new JsonMapper();

    /** What a push comes to. */
    enum Push {
        STORED,
        REFUSED,
        STORED_WITHOUT_ANSWER,
        LOST_WITHOUT_ANSWER,
        STORED_AND_REFUSED
    }

    /** An object: its lines, each with its line feed. */
    static final class StoredObject {
        final LogStream stream;
        final List<byte[]> lines;
        private int cut;

        StoredObject(LogStream stream, List<byte[]> lines) {
            this.stream = stream;
            this.lines = new ArrayList<>(lines);
        }

        /** Takes bytes off its end. */
        void truncate(int count) {
            cut = count;
        }

        private byte[] bytes() {
            int length = lines.stream().mapToInt(line -> line.length).sum() - cut;
            byte[] bytes = new byte[length];
            int at = 0;
            for (byte[] line : lines) {
                int count = Math.min(line.length, length - at);
                System.arraycopy(line, 0, bytes, at, count);
                at += count;
            }
            return bytes;
        }
    }

    /** Something done to the objects once all are there. */
    interface Damage {
        void to(List<StoredObject> objects, Random random);
    }

    private record Row(long startMillis, String id, String line) {
        byte[] bytes() {
            return (line + "\n").getBytes(StandardCharsets.ISO_8859_1);
        }
    }

    private final Ticker ticker;
    private final Random random;
    private final Map<LogStream, List<Row>> rows = new HashMap<>();
    private final Map<String, StoredObject> objects = new TreeMap<>();
    private final Map<String, Long> visible = new HashMap<>();
    private IntFunction<Push> pushes = push -> Push.STORED;
    private Damage damage = (all, any) -> {};
    private Optional<Damage> rewriting = Optional.empty();
    private long delayMillis;
    private long writtenMillis;
    private int pushed;
    private int reads;
    private int rewritten;
    private int failingReads;
    private boolean damaged;
    private boolean hidden;
    private int objectRows;

    FaultyStore(Ticker ticker, long seed) {
        this.ticker = ticker;
        this.random = new Random(seed);
        this.objectRows = 1 + random.nextInt(200);
    }

    FaultyStore pushes(IntFunction<Push> outcomes) {
        pushes = outcomes;
        return this;
    }

    FaultyStore damage(Damage all) {
        damage = all;
        return this;
    }

    /** Once all was shown, all objects are written again, with such a damage. */
    FaultyStore rewriting(Damage all) {
        rewriting = Optional.of(all);
        return this;
    }

    FaultyStore delay(long millis) {
        delayMillis = millis;
        return this;
    }

    FaultyStore failingReads(int count) {
        failingReads = count;
        return this;
    }

    FaultyStore hidden() {
        hidden = true;
        return this;
    }

    FaultyStore objectRows(int count) {
        objectRows = count;
        return this;
    }

    @Override
    public synchronized Answer write(LogStream stream, byte[] lines, int offset, int length) {
        Push push = pushes.apply(pushed++);
        writtenMillis = ticker.millis();
        if (push != Push.REFUSED && push != Push.LOST_WITHOUT_ANSWER) {
            new String(lines, offset, length, StandardCharsets.ISO_8859_1)
                    .lines()
                    .map(FaultyStore::row)
                    .forEach(row -> rows.computeIfAbsent(stream, any -> new ArrayList<>())
                            .add(row));
        }
        return switch (push) {
            case STORED -> Answer.ACCEPTED;
            case REFUSED, STORED_AND_REFUSED -> new Answer(Outcome.REFUSED, "500 on purpose");
            case STORED_WITHOUT_ANSWER, LOST_WITHOUT_ANSWER -> new Answer(Outcome.UNKNOWN, "cut off on purpose");
        };
    }

    @Override
    public synchronized void read(Run run, List<LogStream> streams, boolean all, Reader reader) {
        if (reads++ < failingReads) {
            throw new RetryableException("no answer on purpose");
        }
        if (hidden || ticker.millis() < writtenMillis + delayMillis) {
            return;
        }
        if (damaged && rewriting.isPresent()) {
            rewriting.get().to(List.copyOf(objects.values()), random);
            rewriting = Optional.empty();
            rewritten++;
        }
        deliver();
        objects.forEach((key, object) -> {
            byte[] bytes = object.bytes();
            Located located = new Located(
                    key,
                    bytes.length + "/" + rewritten,
                    Optional.of(object.stream),
                    visible.computeIfAbsent(key, any -> ticker.millis()),
                    bytes.length);
            if ((all || streams.contains(object.stream)) && reader.wants(located)) {
                reader.object(located, new ByteArrayInputStream(bytes));
            }
        });
    }

    private void deliver() {
        rows.forEach((stream, added) -> {
            added.sort(Comparator.comparingLong(Row::startMillis).thenComparing(Row::id));
            for (int from = 0; from < added.size(); from += objectRows) {
                objects.put(
                        stream.targetPrefix() + "%06d".formatted(objects.size()),
                        new StoredObject(
                                stream,
                                added.subList(from, Math.min(added.size(), from + objectRows)).stream()
                                        .map(Row::bytes)
                                        .toList()));
            }
        });
        rows.clear();
        if (!damaged) {
            damaged = true;
            damage.to(List.copyOf(objects.values()), random);
        }
    }

    /** What the SQL that renders lines would make of a record, by way of {@link LogLine}. */
    private static Row row(String json) {
        Map<String, Object> row = columns(json);
        return new Row(
                ((Instant) row.get("startTime")).toEpochMilli(),
                (String) row.get("req_id"),
                LogLine.of(row, LogLine.Style.AWS));
    }

    static Map<String, Object> columns(String json) {
        Map<String, Object> row = new HashMap<>();
        for (Map.Entry<String, JsonNode> column : JSON.readTree(json).properties()) {
            JsonNode value = column.getValue();
            row.put(
                    column.getKey(),
                    switch (column.getKey()) {
                        case "startTime" ->
                            Instant.ofEpochMilli(
                                    Long.parseLong(value.stringValue().replace(".", "")));
                        case "totalTime", "turnAroundTime" -> Float.valueOf(value.stringValue());
                        case "httpCode", "bytesSent", "objectSize", "raftSessionID" -> value.longValue();
                        case "loggingEnabled" -> value.booleanValue();
                        default -> value.stringValue();
                    });
        }
        return row;
    }
}
