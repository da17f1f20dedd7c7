package io.logcourier.looker;

import io.logcourier.ConfigurationException;
import io.logcourier.RetryableException;
import io.logcourier.looker.Plan.Which;
import io.logcourier.looker.StreamState.Range;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/**
 * Runs cycles: writes streams of entries, waits, reads them back, compares. It goes on after a fault, and a report can be
 * had at any time. One thread runs it; {@link #stop}, {@link #progress} and {@link #report} are for any.
 */
public final class Looker {
    private static final long NANOS = 1_000_000;
    private static final long NANOS_A_SECOND = 1_000_000_000;
    private static final long NAP_MILLIS = 100;
    private static final long FIRST_BACKOFF_MILLIS = 100;
    private static final int MOST_DOUBLINGS = 6;
    private static final int MOST_REASONS = 10;

    private final Run run;
    private final Plan plan;
    private final Store store;
    private final Ticker ticker;
    private final Content content;
    private final Validator validator;
    private final Instant began;
    private final List<StreamState.Written> retired = new ArrayList<>();
    private final List<StreamState> streams = new ArrayList<>();
    private final Map<Integer, SyntheticTime> times = new HashMap<>();
    private final Queue<Bytes> buffers = new ConcurrentLinkedQueue<>();
    private final AtomicInteger retriesLeft;
    private final AtomicLong nextSlotNanos = new AtomicLong();
    private final LongAdder entries = new LongAdder();
    private final LongAdder bytes = new LongAdder();
    private final LongAdder accepted = new LongAdder();
    private final LongAdder refused = new LongAdder();
    private final LongAdder unknown = new LongAdder();
    private final LongAdder retries = new LongAdder();
    private final LongAdder throttled = new LongAdder();
    private final LongAdder throttledMillis = new LongAdder();
    private final LongAdder leaps = new LongAdder();
    private final AtomicLong writingMillis = new AtomicLong();
    private final AtomicLong lagMillis = new AtomicLong();
    private final List<String> reasons = Collections.synchronizedList(new ArrayList<>());
    private volatile int cycles;
    private volatile boolean stopped;
    private volatile boolean broken;
    private volatile String failure = "";

    /** How far a run is. */
    public record Progress(
            int cycle,
            long written,
            long bytes,
            long right,
            long retries,
            long throttled,
            long leaps,
            long lagMillis,
            Report.Read reading) {}

    /** A run on a store. */
    public Looker(Run run, Plan plan, Store store, Ticker ticker) {
        this.run = run;
        this.plan = plan;
        this.store = store;
        this.ticker = ticker;
        this.content = new Content(run);
        this.validator = new Validator(content, plan.reading().maxDelay().toMillis(), plan.mostFindings());
        this.retriesLeft = new AtomicInteger(plan.writing().retries());
        this.began = Instant.ofEpochMilli(ticker.millis());
    }

    /**
     * Runs all cycles.
     *
     * @throws ConfigurationException if the store cannot work as it is; there is a report nevertheless
     * @throws InterruptedException if the thread is interrupted
     */
    public Report run() throws InterruptedException {
        for (int cycle = 0;
                !isOver()
                        && (plan.writing().cycles() == 0
                                || cycle < plan.writing().cycles());
                cycle++) {
            cycles = cycle + 1;
            if (cycle % plan.writing().changeStreamsEvery() == 0) {
                change(cycle
                        / plan.writing().changeStreamsEvery()
                        * plan.writing().streams());
            }
            write(cycle);
            switch (plan.reading().which()) {
                case ALL -> read(List.copyOf(streams), true);
                case SOME -> read(some(cycle), false);
                case NONE -> {
                    // Somebody else reads.
                }
            }
        }
        return report();
    }

    /**
     * Reads what an earlier run wrote.
     *
     * @param written how far it got, by stream
     * @throws InterruptedException if the thread is interrupted
     */
    public Report verify(List<StreamState.Written> written) throws InterruptedException {
        synchronized (streams) {
            written.forEach(stream -> streams.add(new StreamState(run.stream(stream.number()), stream)));
        }
        streams.forEach(validator::expect);
        read(
                plan.reading().which() == Which.SOME ? some(0) : List.copyOf(streams),
                plan.reading().which() == Which.ALL);
        return report();
    }

    /** Has it end: no more is written, and reading ends with what is in hand. */
    public void stop() {
        stopped = true;
        validator.stop();
    }

    /** How far it is. */
    public Progress progress() {
        Report.Read reading = validator.report();
        return new Progress(
                cycles,
                entries.sum(),
                bytes.sum(),
                reading.count(Verdict.RIGHT),
                retries.sum(),
                throttled.sum(),
                leaps.sum(),
                lagMillis.get(),
                reading);
    }

    /** What it came to so far. */
    public Report report() {
        List<StreamState.Written> all = new ArrayList<>();
        synchronized (streams) {
            all.addAll(retired);
            streams.forEach(stream -> all.add(stream.written()));
        }
        return new Report(
                run,
                began,
                Instant.ofEpochMilli(ticker.millis()),
                stopped,
                failure,
                cycles,
                new Report.Writing(
                        entries.sum(),
                        bytes.sum(),
                        accepted.sum(),
                        refused.sum(),
                        unknown.sum(),
                        retries.sum(),
                        writingMillis.get(),
                        throttled.sum(),
                        throttledMillis.sum(),
                        leaps.sum(),
                        List.copyOf(reasons)),
                validator.report(),
                all);
    }

    private boolean isOver() {
        return stopped || broken;
    }

    private void change(int first) {
        synchronized (streams) {
            for (StreamState stream : streams) {
                retired.add(stream.written());
                validator.forget(stream.stream());
            }
            streams.clear();
            times.clear();
            for (int number = first; number < first + plan.writing().streams(); number++) {
                StreamState stream = new StreamState(run.stream(number));
                streams.add(stream);
                validator.expect(stream);
                times.put(
                        number,
                        plan.time()
                                .start()
                                .map(start -> SyntheticTime.from(
                                        start.toEpochMilli(), plan.time().stepNanos()))
                                .orElseGet(() -> SyntheticTime.coupled(
                                        ticker.millis(),
                                        plan.time().stepNanos(),
                                        plan.time().minLag().toMillis(),
                                        plan.time().maxLag().toMillis())));
            }
        }
    }

    private List<StreamState> some(int cycle) {
        List<StreamState> shuffled = new ArrayList<>(streams);
        Collections.shuffle(shuffled, new Random(Content.mix(run.seed() + cycle)));
        return shuffled.subList(0, Math.min(plan.reading().streams(), shuffled.size()));
    }

    private void write(int cycle) throws InterruptedException {
        long start = ticker.millis();
        Semaphore permits = new Semaphore(plan.writing().maxConcurrentWrites());
        try (ExecutorService writers = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<?>> written = new ArrayList<>();
            for (StreamState stream : streams) {
                written.add(writers.submit(() -> {
                    write(stream, start, cycle, permits);
                    return null;
                }));
            }
            for (Future<?> stream : written) {
                stream.get();
            }
        } catch (ExecutionException e) {
            broken = true;
            failure = String.valueOf(e.getCause().getMessage());
            if (e.getCause() instanceof RuntimeException reason) {
                throw reason;
            }
            throw new IllegalStateException("writing broke", e.getCause());
        } finally {
            writingMillis.addAndGet(ticker.millis() - start);
        }
    }

    private void write(StreamState stream, long start, int cycle, Semaphore permits) throws InterruptedException {
        long random =
                Content.mix(Content.mix(run.seed() + cycle) + stream.stream().number());
        long fragments = plan.writing().stopAfterFragments() == 0
                ? Long.MAX_VALUE
                : plan.writing().jittered(plan.writing().stopAfterFragments(), random);
        long stopAt = plan.writing().stopAfter().isZero()
                ? Long.MAX_VALUE
                : start + plan.writing().jittered(plan.writing().stopAfter().toMillis(), Content.mix(random));
        SyntheticTime time = times.get(stream.stream().number());
        Content.Maker maker = content.maker();
        long leapsBefore = time.leaps();
        for (long fragment = 0; fragment < fragments && pace(time, stopAt); fragment++) {
            permits.acquire();
            try {
                push(stream, time, maker, stopAt);
            } finally {
                permits.release();
            }
        }
        leaps.add(time.leaps() - leapsBefore);
    }

    /** Waits until the next fragment may go; false if the time to stop comes first. */
    private boolean pace(SyntheticTime time, long stopAt) throws InterruptedException {
        long now = ticker.millis();
        long wait = time.waitMillis(now, run.fragment());
        if (plan.writing().rate() > 0 && now < stopAt) {
            long costs = run.fragment() * NANOS_A_SECOND / plan.writing().rate();
            long slot = nextSlotNanos.getAndUpdate(next -> Math.max(next, now * NANOS) + costs);
            wait = Math.max(wait, Math.ceilDiv(slot - now * NANOS, NANOS));
        }
        if (wait > 0) {
            throttled.increment();
            long least = Math.min(wait, Math.max(0, stopAt - now));
            pause(least);
            throttledMillis.add(least);
        }
        return !isOver() && ticker.millis() < stopAt;
    }

    private void push(StreamState stream, SyntheticTime time, Content.Maker maker, long stopAt)
            throws InterruptedException {
        Bytes lines = buffers.poll();
        if (lines == null) {
            lines = new Bytes();
        }
        long now = ticker.millis();
        Range push = stream.begin(run.fragment(), now);
        long first = time.take(now, run.fragment());
        lagMillis.set(time.lagMillis(now));
        Store.Answer answer = write(stream, push, first, maker, lines);
        for (int attempt = 0; isAgain(answer, stopAt); attempt++) {
            retries.increment();
            pause(backoff(attempt, push.from()));
            answer = write(stream, push, first, maker, lines);
        }
        stream.end(push, answer.outcome(), ticker.millis());
        switch (answer.outcome()) {
            case ACCEPTED -> accepted.increment();
            case REFUSED -> refused.increment();
            case UNKNOWN -> unknown.increment();
        }
        if (answer.outcome() != Store.Outcome.REFUSED) {
            entries.add(run.fragment());
            bytes.add(lines.length());
        }
        if (answer.outcome() != Store.Outcome.ACCEPTED && reasons.size() < MOST_REASONS) {
            reasons.add(answer.reason());
        }
        buffers.add(lines);
    }

    /** What was refused is made anew: delays count from the attempt that was not. */
    private Store.Answer write(StreamState stream, Range push, long firstNanos, Content.Maker maker, Bytes lines) {
        lines.clear();
        maker.write(stream.stream(), push.from(), firstNanos, plan.time().stepNanos(), ticker.millis(), lines);
        return store.write(stream.stream(), lines.array(), 0, lines.length());
    }

    private boolean isAgain(Store.Answer answer, long stopAt) {
        return answer.outcome() == Store.Outcome.REFUSED
                && !isOver()
                && ticker.millis() < stopAt
                && retriesLeft.getAndDecrement() > 0;
    }

    /** Doubles with each attempt; at least half of that, the rest is left to chance. */
    private long backoff(int attempt, int index) {
        long most = FIRST_BACKOFF_MILLIS << Math.min(attempt, MOST_DOUBLINGS);
        return most / 2 + Math.floorMod(Content.mix(run.seed() + index + attempt), most / 2);
    }

    /** Reads until all is there, or nothing more is to be hoped for, and then once more for what is there twice. */
    private void read(List<StreamState> which, boolean all) throws InterruptedException {
        Duration patience = plan.reading().patience();
        long deadline =
                which.stream().mapToLong(StreamState::lastPushMillis).max().orElse(0) + patience.toMillis();
        List<LogStream> wanted = which.stream().map(StreamState::stream).toList();
        boolean failed;
        boolean last = false;
        do {
            long now = ticker.millis();
            last |= now >= deadline;
            failed = !look(wanted, all);
            if (!failed && which.stream().allMatch(StreamState::isComplete) && !last) {
                last = true;
                pause(plan.reading().pollEvery().toMillis());
                failed = !look(wanted, all);
            } else if (!last) {
                pause(Math.min(plan.reading().pollEvery().toMillis(), Math.max(0, deadline - now)));
            }
        } while (!last && !isOver());
        validator.settle(which, !failed && !stopped);
        if (failed) {
            broken = true;
        } else {
            failure = "";
        }
    }

    private boolean look(List<LogStream> wanted, boolean all) {
        try {
            store.read(run, wanted, all, validator);
            return true;
        } catch (RetryableException e) {
            failure = e.getMessage();
            return false;
        }
    }

    /** In short naps, since the run may be stopped. */
    private void pause(long millis) throws InterruptedException {
        long until = ticker.millis() + millis;
        for (long left = millis; left > 0 && !isOver(); left = until - ticker.millis()) {
            ticker.sleep(Math.min(left, NAP_MILLIS));
        }
    }
}
