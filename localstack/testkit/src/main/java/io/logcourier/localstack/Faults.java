package io.logcourier.localstack;

import io.logcourier.CourierException;
import io.logcourier.RetryableException;
import io.logcourier.clickhouse.ClickHouse;
import io.logcourier.clickhouse.Statement;
import io.logcourier.message.Message;
import io.logcourier.message.OrderQueue;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stands between a process and its ports: every call is a point with a name, at which a fault can strike. Calls through
 * one instance are those of one process. Thread-safe.
 */
public final class Faults {
    private static final Logger log = LoggerFactory.getLogger(Faults.class);

    /** Whether a matrix is to strike every call with every fault. */
    private static final boolean EVERY_CALL = Boolean.getBoolean("faults.every-call");

    /** Of so many cases one is tried in a run, unless {@link #EVERY_CALL}. */
    private static final int SHARE = EVERY_CALL ? 1 : Integer.getInteger("faults.share", 10);

    /** What happens at a point. */
    public enum Kind {
        /** The process ends before the call: no later one has an effect. */
        STOPS_BEFORE,
        /** The process ends when the call has had its effect. */
        STOPS_AFTER,
        /** The call has no effect, once. */
        FAILS_ONCE,
        /** The call has no effect, five times in a row. */
        FAILS_FIVE_TIMES,
        /** The call has no effect until somebody mends it. */
        FAILS_UNTIL_MENDED,
        /** The call has its effect, and the caller is told that it failed. */
        ANSWER_LOST,
        /** The caller waits no longer: it is told that the call failed, which has its effect when others have gone on. */
        LATE,
        /** The process runs out of its time, and the call has its effect when others have gone on. */
        STOPS_WAITING,
        /** Half of the result comes, then the connection breaks. */
        ANSWER_BROKEN,
        /** The end of the rows is missing, and nothing says that there were more. */
        ANSWER_SHORT,
        /** The call is made twice. */
        TWICE;

        /** A query changes nothing: a process that ends before it ends after the effect before it. */
        private boolean fits(Call call) {
            return switch (this) {
                case STOPS_BEFORE -> EVERY_CALL || !call.isQuery();
                case FAILS_UNTIL_MENDED -> call.occurrence() == 1;
                case ANSWER_BROKEN -> call.occurrence() == 1 && call.isQuery();
                case FAILS_ONCE, FAILS_FIVE_TIMES, ANSWER_LOST -> call.occurrence() == 1 && !call.isQuery();
                case LATE, STOPS_WAITING ->
                    call.occurrence() == 1 && !call.isQuery() && !call.point().equals(BEGIN);
                case ANSWER_SHORT -> call.occurrence() <= 2 && call.isQuery();
                case STOPS_AFTER, TWICE -> !call.isQuery();
            };
        }
    }

    /**
     * A call that a process made.
     *
     * @param point its name
     * @param occurrence the how-manieth of that name, counted from 1
     * @param isQuery whether it is made for its answer alone
     */
    public record Call(String point, int occurrence, boolean isQuery) {
        /**
         * The faults that a matrix strikes here: every kind that makes a difference at the first call of a point, and
         * with {@code mvn verify -Dfaults.every-call=true} at the later ones too.
         */
        public List<Faults> faults() {
            return occurrence == 1 || EVERY_CALL ? possible() : List.of();
        }

        /** Every fault that makes a difference here. */
        public List<Faults> possible() {
            return Arrays.stream(Kind.values())
                    .filter(kind -> kind.fits(this))
                    .map(kind -> new Faults(kind, this))
                    .toList();
        }
    }

    /** The process is no more. */
    public static final class Stopped extends Error {
        private static final long serialVersionUID = 1L;

        private Stopped() {
            super("stopped on purpose");
        }
    }

    /** An upload that is begun when its object is complete stays: that is for the bucket's lifecycle rules. */
    private static final String BEGIN = "begin";

    private static final int SEVERAL = 5;

    private static final List<String> PLANNER_ASKS = List.of(
            "parts.sql",
            "head.sql",
            "decided.sql",
            "due.sql",
            "waiting-groups.sql",
            "winner.sql",
            "arrivals.sql",
            "derive-orders.sql",
            "census.sql",
            "count-claimed.sql",
            "unarrived.sql");
    private static final List<String> PLANNER_DOES =
            List.of("insert epochs", "insert arrivals", "insert orders", "send");
    private static final List<String> WORKER_ASKS =
            List.of("standing.sql", "claims.sql", "render-text-2.sql", "replayable.sql");
    private static final List<String> WORKER_DOES = List.of("insert offsets", "put", "send", "delay", "bury");
    private static final Call NOWHERE = new Call("nowhere", 1, true);

    private final Kind kind;
    private final Call at;
    private final List<Call> calls = new ArrayList<>();
    private final Map<String, Integer> counts = new HashMap<>();
    private final List<Runnable> late = new ArrayList<>();
    private boolean struck;
    private boolean stopped;
    private boolean mended;

    private Faults(Kind kind, Call at) {
        this.kind = kind;
        this.at = at;
    }

    /**
     * The seed of a test that goes through faults: another one each time, or {@code -Dfaults.seed} to have one again.
     */
    public static long seed() {
        return Long.getLong("faults.seed", System.nanoTime());
    }

    /**
     * Those of many cases that this run tries: every tenth one, which of each ten, as the seed will
     * have it. {@code -Dfaults.share=1} tries all.
     */
    public static <T> List<T> share(List<T> cases, long seed) {
        int first = new Random(seed).nextInt(SHARE);
        return IntStream.range(0, cases.size())
                .filter(number -> number % SHARE == first)
                .mapToObj(cases::get)
                .toList();
    }

    /**
     * What a matrix strikes next, going by the calls that were made through this: every fault of those that are {@code
     * wanted}, or of all with {@link #EVERY_CALL}, as far as this run has a {@linkplain #share share} in them.
     */
    public List<Faults> cases(Predicate<Call> wanted, long seed) {
        return share(
                calls().stream()
                        .filter(call -> EVERY_CALL || wanted.test(call))
                        .flatMap(call -> call.faults().stream())
                        .toList(),
                seed);
    }

    /** No fault; for a look at the {@linkplain #calls calls}. */
    public static Faults none() {
        return new Faults(Kind.STOPS_BEFORE, NOWHERE);
    }

    /** Some fault at the first or second call of some point of a planner, three times out of four; else none. */
    public static Faults ofPlanner(Random random) {
        return random(random, PLANNER_ASKS, PLANNER_DOES);
    }

    /** The same of a worker. */
    public static Faults ofWorker(Random random) {
        return random(random, WORKER_ASKS, WORKER_DOES);
    }

    private static Faults random(Random random, List<String> asks, List<String> does) {
        boolean isQuery = random.nextBoolean();
        List<String> points = isQuery ? asks : does;
        List<Faults> all =
                new Call(points.get(random.nextInt(points.size())), 1 + random.nextInt(2), isQuery).possible();
        return random.nextInt(4) == 0 ? none() : all.get(random.nextInt(all.size()));
    }

    /** What happens. */
    public Kind kind() {
        return kind;
    }

    /** The calls so far. */
    public synchronized List<Call> calls() {
        return List.copyOf(calls);
    }

    /** Whether the fault came. */
    public synchronized boolean struck() {
        return struck;
    }

    /** Ends what fails until it is mended. */
    public synchronized void mend() {
        mended = true;
    }

    private synchronized void later(Supplier<?> call) {
        late.add(() -> {
            try {
                Object unheard = call.get();
                log.debug("late at {}: {}", at.point(), unheard);
            } catch (CourierException e) {
                log.debug("late and in vain at {}", at.point(), e);
            }
        });
    }

    /**
     * Has the calls that are late take effect now.
     *
     * @return whether there was one
     */
    public synchronized boolean arrive() {
        late.forEach(Runnable::run);
        boolean any = !late.isEmpty();
        late.clear();
        return any;
    }

    @Override
    public String toString() {
        return "%s at %s, call %d".formatted(kind, at.point(), at.occurrence());
    }

    /** Whether the fault is at this call. */
    private synchronized boolean strikes(String point, boolean isQuery) {
        if (stopped) {
            throw new Stopped();
        }
        int count = counts.merge(point, 1, Integer::sum);
        calls.add(new Call(point, count, isQuery));
        boolean strikes = point.equals(at.point())
                && switch (kind) {
                    case FAILS_FIVE_TIMES -> count < at.occurrence() + SEVERAL;
                    case FAILS_UNTIL_MENDED -> !mended;
                    default -> count == at.occurrence();
                };
        struck |= strikes;
        return strikes;
    }

    private synchronized Stopped stop() {
        stopped = true;
        return new Stopped();
    }

    /** A call for its effect. */
    public <T> T call(String point, Supplier<T> call) {
        if (!strikes(point, false)) {
            return call.get();
        }
        return switch (kind) {
            case STOPS_BEFORE -> throw stop();
            case STOPS_AFTER -> {
                T _ = call.get();
                throw stop();
            }
            case ANSWER_LOST -> {
                T _ = call.get();
                throw failure();
            }
            case LATE -> {
                later(call);
                throw failure();
            }
            case STOPS_WAITING -> {
                later(call);
                throw stop();
            }
            case TWICE -> {
                T _ = call.get();
                yield call.get();
            }
            default -> throw failure();
        };
    }

    /** A call for its effect that returns nothing. */
    public void run(String point, Runnable call) {
        call(point, () -> {
            call.run();
            return true;
        });
    }

    /** A call for its answer that comes in one piece. */
    public <T> T ask(String point, Supplier<T> call) {
        if (!strikes(point, true)) {
            return call.get();
        }
        if (kind == Kind.STOPS_BEFORE) {
            throw stop();
        }
        throw failure();
    }

    /** The same server with faults, its points named by file or table; closing it leaves {@code real} open. */
    public ClickHouse on(ClickHouse real) {
        return new ClickHouse() {
            @Override
            public InputStream query(Statement statement, String format) {
                if (!strikes(statement.name(), true)) {
                    return real.query(statement, format);
                }
                return switch (kind) {
                    case STOPS_BEFORE -> throw stop();
                    case ANSWER_BROKEN -> {
                        byte[] whole = real.read(statement, format);
                        yield new SequenceInputStream(
                                new ByteArrayInputStream(whole, 0, whole.length / 2), new Broken());
                    }
                    case ANSWER_SHORT -> {
                        byte[] whole = real.read(statement, format);
                        yield new ByteArrayInputStream(
                                whole, 0, format.equals("RowBinary") ? frames(whole) : whole.length / 2);
                    }
                    default -> throw failure();
                };
            }

            @Override
            public void execute(Statement statement) {
                run(statement.name(), () -> real.execute(statement));
            }

            @Override
            public void insert(String table, String format, byte[] rows, Map<String, String> settings) {
                run(
                        "insert " + table.substring(table.indexOf('.') + 1),
                        () -> real.insert(table, format, rows, settings));
            }

            @Override
            public void close() {}
        };
    }

    /** The same queue with faults; closing it leaves {@code real} open. */
    public OrderQueue on(OrderQueue real) {
        return new OrderQueue() {
            @Override
            public void send(List<? extends Message> messages) {
                run("send", () -> real.send(messages));
            }

            @Override
            public void close() {}
        };
    }

    /** The length of all frames but the last: number (4 bytes), identity (8), a line and its length before it. */
    private static int frames(byte[] whole) {
        List<Integer> ends = new ArrayList<>();
        ByteBuffer bytes = ByteBuffer.wrap(whole).order(ByteOrder.LITTLE_ENDIAN);
        while (bytes.hasRemaining()) {
            bytes.position(bytes.position() + Integer.BYTES + Long.BYTES);
            int length = 0;
            int shift = 0;
            byte next;
            do {
                next = bytes.get();
                length |= (next & 0x7F) << shift;
                shift += 7;
            } while (next < 0);
            bytes.position(bytes.position() + length);
            ends.add(bytes.position());
        }
        return ends.size() < 2 ? 0 : ends.get(ends.size() - 2);
    }

    private static RetryableException failure() {
        return new RetryableException("failed on purpose");
    }

    private static final class Broken extends InputStream {
        @Override
        public int read() throws IOException {
            throw new IOException("broken off on purpose");
        }

        @Override
        public int read(byte[] target, int offset, int length) throws IOException {
            return read();
        }
    }
}
