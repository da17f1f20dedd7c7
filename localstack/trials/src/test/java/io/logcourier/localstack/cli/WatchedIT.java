package io.logcourier.localstack.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.logcourier.CourierException;
import io.logcourier.clickhouse.ClickHouse;
import io.logcourier.clickhouse.Statement;
import io.logcourier.configuration.Settings;
import io.logcourier.discovery.FaultyPlanner;
import io.logcourier.localstack.Faults;
import io.logcourier.localstack.Installation;
import io.logcourier.looker.AccessLogStore;
import io.logcourier.looker.Finding;
import io.logcourier.looker.LogStream;
import io.logcourier.looker.Looker;
import io.logcourier.looker.Plan;
import io.logcourier.looker.Plan.Reading;
import io.logcourier.looker.Plan.Time;
import io.logcourier.looker.Plan.Which;
import io.logcourier.looker.Plan.Writing;
import io.logcourier.looker.Report;
import io.logcourier.looker.Run;
import io.logcourier.looker.Run.Compressibility;
import io.logcourier.looker.Run.Shape;
import io.logcourier.looker.Store;
import io.logcourier.looker.Ticker;
import io.logcourier.looker.Verdict;
import io.logcourier.message.SqsOrderQueue;
import io.logcourier.message.Tick;
import io.logcourier.operations.Audit;
import io.logcourier.worker.FaultyPorts;
import io.logcourier.worker.WorkerHandler;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.S3Object;
import software.amazon.awssdk.services.sqs.SqsClient;
import software.amazon.awssdk.services.sqs.model.QueueAttributeName;

/**
 * looker beside {@code courier up}, which is killed (SIGKILL) at random moments, while planners and workers beside it
 * fail at random steps. One run is left alone: nothing in it may be blamed. Of another, rows are taken out of the log
 * table before they are claimed, and its objects are damaged: exactly that must be named. One short round, or with
 * {@code mvn verify -Psoak -pl localstack/trials -am} rounds until {@code -Dwatched.duration} is over.
 * {@code -Dfaults.seed} has the faults and damages of a round again, as far as threads allow.
 */
class WatchedIT {
    private static final Logger log = LoggerFactory.getLogger(WatchedIT.class);
    private static final Duration DURATION = Duration.parse(System.getProperty("watched.duration", "PT0S"));
    private static final boolean IS_LONG = !DURATION.isZero();
    private static final int KILLS = IS_LONG ? 4 : 1;

    /** Up to so many faults come before a kill, which then takes a random while. */
    private static final int FAULTS = IS_LONG ? 20 : 3;

    private static final int LONGEST_MILLIS = IS_LONG ? 10_000 : 500;
    private static final int STREAMS = 3;
    private static final int FRAGMENT = 50;
    private static final int FRAGMENTS = IS_LONG ? 400 : 12;
    private static final int DAMAGED_STREAMS = 10;
    private static final int DAMAGED_FRAGMENT = 25;
    private static final int RATE = 1_500;
    private static final int MOST_FINDINGS = 1_000;
    private static final Duration EVER = Duration.ofHours(1);
    private static final String TARGET = "access-logs";
    private static final Tick FLUSH = new Tick(Optional.empty(), true, false);
    private static final Tick REDELIVER = new Tick(Optional.empty(), true, true);

    /** Stream and index, with which the object key of an entry begins. */
    private static final Pattern NAME = Pattern.compile("([0-9A-F]{5})([0-9A-F]{10})[0-9A-F]{8}");

    private static final int NAME_LENGTH = 23;

    /** Fields of a line, where the time in brackets counts as two. */
    private static final int REQUEST_ID = 6;

    private static final int KEY = 8;

    /** Where a request id says when the request was. */
    private static final int START = 12;

    private static final int START_END = 23;

    @TempDir
    private Path folder;

    private final Deque<Life> lives = new ArrayDeque<>();
    private final AtomicLong struck = new AtomicLong();
    private volatile Life life;

    /** One life of {@code courier up}, and clients of it. */
    private final class Life implements AutoCloseable {
        private final CourierProcess up;
        private final Settings settings;
        private final ClickHouse clickHouse;
        private final SqsClient sqs;

        /** One that only workers with faults serve, and that of {@code up}. */
        private final List<SqsOrderQueue> queues;

        private final FaultyPorts ports;
        private final AccessLogStore store;
        private final S3Client s3;

        Life() throws IOException {
            up = CourierProcess.up("--every=1d", "--flush", "--bucket=" + TARGET, "--data=" + folder);
            Map<String, String> environment = new HashMap<>(Clients.settings(up.ready()));
            System.setProperty("aws.accessKeyId", environment.get("AWS_ACCESS_KEY_ID"));
            System.setProperty("aws.secretAccessKey", environment.get("AWS_SECRET_ACCESS_KEY"));
            environment.put("LOG_COURIER_WORKER_RETRY_DELAY", "0.1s");
            environment.put("LOG_COURIER_WORKER_SUPERSEDE_AFTER", "1s");
            settings = Settings.read(Map.of(), environment);
            clickHouse = ClickHouse.connect(settings.lane().endpoint());
            sqs = Clients.sqs(up.ready());
            queues = List.of(
                    new SqsOrderQueue(settings),
                    new SqsOrderQueue(
                            Clients.sqs(up.ready()), up.ready().get("queue").asString()));
            ports = new FaultyPorts(settings, clickHouse);
            store = new AccessLogStore(settings, 2);
            s3 = Clients.s3(up.ready());
        }

        boolean isComplete() {
            try {
                return new Audit(clickHouse, settings.lane()).balance().isComplete();
            } catch (CourierException e) {
                log.debug("killed meanwhile", e);
                return false;
            }
        }

        /** Whether the workers of {@code up} have no message left, of which they may still be writing the objects. */
        boolean isIdle() {
            Map<QueueAttributeName, String> counts = sqs.getQueueAttributes(
                            request -> request.queueUrl(up.ready().get("queue").asString())
                                    .attributeNames(
                                            QueueAttributeName.APPROXIMATE_NUMBER_OF_MESSAGES,
                                            QueueAttributeName.APPROXIMATE_NUMBER_OF_MESSAGES_NOT_VISIBLE))
                    .attributes();
            return counts.values().stream().allMatch("0"::equals);
        }

        @Override
        public void close() throws IOException {
            s3.close();
            store.close();
            ports.close();
            queues.forEach(SqsOrderQueue::close);
            sqs.close();
            clickHouse.close();
            up.close();
        }
    }

    /** What must be found: verdict, stream and entry, and the place where only one can be meant. */
    private record Wrong(Verdict verdict, int stream, long index, String place) {}

    @Test
    void nothingIsBlamedThatIsRightAndEverythingIsNamedThatIsNot() throws Exception {
        long seed = Faults.seed();
        Instant end = Instant.now().plus(DURATION);
        long right = 0;
        long wrong = 0;
        int rounds = 0;
        try {
            begin();
            do {
                System.out.printf("watched: seed %d%n", seed);
                Round round = new Round(seed++);
                round.go();
                rounds++;
                right += round.right;
                wrong += round.wrong;
                System.out.printf(
                        "watched: %d rounds, %,d entries right, %,d damages named, %d kills, %,d faults%n",
                        rounds, right, wrong, rounds * KILLS, struck.get());
            } while (Instant.now().isBefore(end));
        } finally {
            for (Life one : lives) {
                one.close();
            }
        }
    }

    private void begin() throws IOException {
        Life next = new Life();
        lives.add(next);
        life = next;
    }

    private final class Round {
        private final long seed;
        private final Random random;
        private final AtomicBoolean over = new AtomicBoolean();
        private final CountDownLatch written = new CountDownLatch(1);
        private final AtomicLong aheadMillis = new AtomicLong();
        private long right;
        private long wrong;

        Round(long seed) {
            this.seed = seed;
            this.random = new Random(seed);
        }

        void go() throws Exception {
            Run damaged = run("wrong", DAMAGED_FRAGMENT);
            List<Wrong> expected = new ArrayList<>();
            Report begun = writeAndDeliver(damaged, expected);
            await().atMost(CourierProcess.PATIENCE).until(life::isIdle);
            damage(damaged, expected);
            Report verified = new Looker(
                            damaged,
                            plan(DAMAGED_STREAMS, 1, Which.ALL, Duration.ofMillis(1)),
                            life.store,
                            Ticker.SYSTEM)
                    .verify(begun.streams());
            assertNamed(expected, verified, begun);
        }

        /** Two runs beside each other: one is right to its end, of the other some rows are taken away. */
        private Report writeAndDeliver(Run damaged, List<Wrong> taken) throws Exception {
            Run untouched = run("right", FRAGMENT);
            Looker looker = new Looker(
                    untouched, plan(STREAMS, FRAGMENTS, Which.ALL, EVER.multipliedBy(2)), new Living(), ticker());
            List<Future<?>> functions = new ArrayList<>();
            try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
                Future<Report> all = threads.submit(looker::run);
                try {
                    Report begun = new Looker(
                                    damaged,
                                    plan(DAMAGED_STREAMS, 2, Which.NONE, EVER),
                                    new Taking(taken),
                                    Ticker.SYSTEM)
                            .run();
                    // No planner has seen the rows that are gone.
                    Random planners = new Random(random.nextLong());
                    Random workers = new Random(random.nextLong());
                    functions.add(threads.submit(() -> planners(planners)));
                    functions.add(threads.submit(() -> workers(workers)));
                    for (int kill = 0; kill < KILLS; kill++) {
                        long enough = struck.get() + 1 + random.nextInt(FAULTS);
                        await().atMost(CourierProcess.PATIENCE).until(() -> struck.get() >= enough);
                        Thread.sleep(random.nextInt(LONGEST_MILLIS));
                        life.up.kill();
                        begin();
                    }
                    await().forever().until(() -> written.getCount() == 0 || all.isDone());
                    await().atMost(CourierProcess.PATIENCE).until(life::isComplete);
                    over.set(true);
                    for (Future<?> function : functions) {
                        function.get();
                    }
                    // Nothing more will come: looker need not wait for what it does not know the outcome of.
                    aheadMillis.set(EVER.multipliedBy(2).toMillis());
                    assertRight(untouched, all.get());
                    return begun;
                } finally {
                    over.set(true);
                    looker.stop();
                }
            }
        }

        private Run run(String kind, int fragment) {
            return new Run(
                    kind + "-" + Long.toHexString(seed),
                    seed,
                    fragment,
                    0,
                    Compressibility.MEDIUM,
                    Shape.MIXED,
                    List.of(TARGET),
                    "looker/",
                    "text-2",
                    0);
        }

        /** The wall clock, until all is over. */
        private Ticker ticker() {
            return new Ticker() {
                @Override
                public long millis() {
                    return System.currentTimeMillis() + aheadMillis.get();
                }

                @Override
                public void sleep(long millis) throws InterruptedException {
                    Thread.sleep(millis);
                }
            };
        }

        private Void planners(Random faults) throws InterruptedException {
            while (!over.get()) {
                Life now = life;
                Faults fault = Faults.ofPlanner(faults);
                try {
                    FaultyPlanner.plan(
                            now.settings,
                            fault.on(now.clickHouse),
                            fault.on(now.queues.get(faults.nextInt(now.queues.size()))),
                            faults.nextInt(4) == 0 ? REDELIVER : FLUSH);
                } catch (CourierException | Faults.Stopped e) {
                    log.debug("{}", fault, e);
                }
                boolean _ = fault.arrive();
                count(fault);
                Thread.sleep(faults.nextInt(50));
            }
            return null;
        }

        private Void workers(Random faults) throws InterruptedException {
            while (!over.get()) {
                Life now = life;
                Faults fault = Faults.ofWorker(faults);
                WorkerHandler worker = now.ports.worker(fault);
                try {
                    boolean _ = Installation.serve(now.sqs, now.settings.queue().url(), worker);
                } catch (SdkException e) {
                    log.debug("killed meanwhile", e);
                }
                worker.close();
                boolean _ = fault.arrive();
                count(fault);
                Thread.sleep(faults.nextInt(50));
            }
            return null;
        }

        private void count(Faults fault) {
            if (fault.struck()) {
                struck.incrementAndGet();
            }
        }

        /** Whichever {@code up} lives. Who reads has written all. */
        private class Living implements Store {
            @Override
            public Answer write(LogStream stream, byte[] lines, int offset, int length) {
                return life.store.write(stream, lines, offset, length);
            }

            @Override
            public void read(Run run, List<LogStream> streams, boolean all, Reader reader) {
                written.countDown();
                life.store.read(run, streams, all, reader);
            }
        }

        /** Takes some rows out of the log table before a planner can see them. */
        private final class Taking extends Living {
            private final Random which = new Random(random.nextLong());
            private final List<Wrong> taken;

            Taking(List<Wrong> taken) {
                this.taken = taken;
            }

            @Override
            public Answer write(LogStream stream, byte[] lines, int offset, int length) {
                Answer answer = super.write(stream, lines, offset, length);
                assertThat(answer).as("seed %d", seed).isEqualTo(Answer.ACCEPTED);
                if (which.nextInt(4) == 0) {
                    List<String> rows = new String(lines, offset, length, StandardCharsets.ISO_8859_1)
                            .lines()
                            .toList();
                    String row = rows.get(which.nextInt(rows.size()));
                    String key = row.substring(row.indexOf("\"objectKey\":\"") + "\"objectKey\":\"".length());
                    taken.add(wrong(Verdict.MISSING, key, ""));
                    life.clickHouse.execute(Statement.of("ALTER TABLE logs.access_logs DELETE"
                                    + " WHERE bucketName = {bucket:String} AND startsWith(objectKey, {key:String})"
                                    + " SETTINGS mutations_sync = 2")
                            .with("bucket", stream.bucket())
                            .with("key", key.substring(0, NAME_LENGTH)));
                }
                return answer;
            }
        }

        private void assertRight(Run run, Report report) {
            long stored = Long.parseLong(new String(
                            life.clickHouse.read(
                                    Statement.of("SELECT count() FROM logs.access_logs"
                                                    + " WHERE startsWith(bucketName, {run:String})")
                                            .with("run", "looker-" + run.id() + "-"),
                                    "TabSeparated"),
                            StandardCharsets.US_ASCII)
                    .strip());
            assertThat(report.reading().findings())
                    .as("seed %d: %s", seed, report.text())
                    .isEmpty();
            assertThat(report.reading().isRight()).as("seed %d", seed).isTrue();
            assertThat(report.reading().unread()).as("seed %d", seed).isZero();
            assertThat(report.reading().count(Verdict.RIGHT))
                    .as("seed %d: %s", seed, report.text())
                    .isEqualTo(stored)
                    .isPositive();
            right += stored;
        }

        private void assertNamed(List<Wrong> expected, Report report, Report begun) {
            List<Wrong> found =
                    report.reading().findings().stream().flatMap(Round::wrongs).toList();
            assertThat(found).as("seed %d: %s", seed, report.text()).containsExactlyInAnyOrderElementsOf(expected);
            long notRight = expected.stream()
                    .filter(one -> one.verdict() == Verdict.MISSING || one.verdict() == Verdict.ALTERED)
                    .count();
            assertThat(report.reading().count(Verdict.RIGHT))
                    .as("seed %d: %s", seed, report.text())
                    .isEqualTo(begun.writing().entries() - notRight);
            wrong += expected.size();
            right += report.reading().count(Verdict.RIGHT);
        }

        /** Entry by entry; which of two is the first one is not decided by their place. */
        private static Stream<Wrong> wrongs(Finding finding) {
            return LongStream.rangeClosed(finding.first(), finding.last())
                    .mapToObj(index -> new Wrong(
                            finding.verdict(),
                            finding.stream(),
                            index,
                            finding.verdict() == Verdict.MISSING || finding.verdict() == Verdict.DUPLICATED
                                    ? ""
                                    : finding.place()));
        }

        /** Each damage to an object of its own. */
        private void damage(Run run, List<Wrong> expected) {
            List<String> keys = new ArrayList<>(
                    life.s3.listObjectsV2(request -> request.bucket(TARGET).prefix(run.prefix())).contents().stream()
                            .map(S3Object::key)
                            .toList());
            Collections.shuffle(keys, random);
            Deque<String> left = new ArrayDeque<>(keys);

            String deleted = left.pop();
            lines(deleted).forEach(line -> expected.add(wrong(Verdict.MISSING, line, "")));
            life.s3.deleteObject(request -> request.bucket(TARGET).key(deleted));

            String twice = left.pop();
            lines(twice).forEach(line -> expected.add(wrong(Verdict.DUPLICATED, line, "")));
            put(twice + "-again", lines(twice));

            String strayed = left.pop();
            List<String> strays = lines(strayed);
            int stream = wrong(Verdict.MISPLACED, strays.getFirst(), "").stream();
            String elsewhere = run.stream((stream + 1) % DAMAGED_STREAMS).targetPrefix() + "stray";
            put(elsewhere, strays);
            for (int i = 0; i < strays.size(); i++) {
                expected.add(wrong(Verdict.MISPLACED, strays.get(i), place(elsewhere, i)));
            }

            edit(left.pop(), (key, lines) -> {
                int at = random.nextInt(lines.size());
                expected.add(wrong(Verdict.ALTERED, lines.get(at), place(key, at)));
                lines.set(at, altered(lines.get(at)));
            });
            edit(left.pop(), (key, lines) -> {
                int at = random.nextInt(lines.size());
                expected.add(wrong(Verdict.MISSING, lines.remove(at), ""));
            });
            edit(left.pop(), (key, lines) -> {
                int at = random.nextInt(lines.size());
                expected.add(wrong(Verdict.DUPLICATED, lines.get(at), ""));
                lines.add(at, lines.get(at));
            });
            edit(left.pop(), (key, lines) -> {
                Collections.swap(lines, random.nextInt(lines.size()), random.nextInt(lines.size()));
                for (int i = 1; i < lines.size(); i++) {
                    if (order(lines.get(i)).compareTo(order(lines.get(i - 1))) < 0) {
                        expected.add(wrong(Verdict.DISORDERED, lines.get(i), place(key, i)));
                    }
                }
            });
            edit(left.pop(), (key, lines) -> {
                int at = random.nextInt(lines.size() + 1);
                lines.add(at, "somebody else was here\n");
                expected.add(new Wrong(Verdict.FOREIGN, -1, -1, place(key, at)));
            });
        }

        private interface Edit {
            void change(String key, List<String> lines);
        }

        private void edit(String key, Edit edit) {
            List<String> lines = lines(key);
            edit.change(key, lines);
            put(key, lines);
        }

        /** Any byte of a line, but not its line feed, becomes any other. */
        private String altered(String line) {
            StringBuilder altered = new StringBuilder(line);
            int at = random.nextInt(line.length() - 1);
            char other;
            do {
                other = (char) random.nextInt(256);
            } while (other == line.charAt(at) || other == '\n');
            altered.setCharAt(at, other);
            return altered.toString();
        }

        private static String place(String key, int line) {
            return TARGET + "/" + key + " line " + (line + 1);
        }

        /** Of an entry in a line, or by its key. */
        private static Wrong wrong(Verdict verdict, String lineOrKey, String place) {
            String[] fields = lineOrKey.split(" ", KEY + 2);
            Matcher name = NAME.matcher(fields.length > KEY ? fields[KEY] : lineOrKey);
            assertThat(name.lookingAt()).as(lineOrKey).isTrue();
            return new Wrong(verdict, Integer.parseInt(name.group(1), 16), Long.parseLong(name.group(2), 16), place);
        }

        /** Time, then id. */
        private static String order(String line) {
            String id = line.split(" ", REQUEST_ID + 2)[REQUEST_ID];
            return id.substring(START, START_END) + id;
        }
    }

    private List<String> lines(String key) {
        String text = new String(
                life.s3
                        .getObjectAsBytes(request -> request.bucket(TARGET).key(key))
                        .asByteArray(),
                StandardCharsets.ISO_8859_1);
        return new ArrayList<>(Arrays.asList(text.split("(?<=\n)")));
    }

    private void put(String key, List<String> lines) {
        life.s3.putObject(
                request -> request.bucket(TARGET).key(key),
                RequestBody.fromBytes(String.join("", lines).getBytes(StandardCharsets.ISO_8859_1)));
    }

    private static Plan plan(int streams, int fragments, Which which, Duration patience) {
        return new Plan(
                new Writing(streams, fragments, Duration.ZERO, 0, 1, 1, 2, RATE, Integer.MAX_VALUE),
                new Time(1_000_000, Duration.ZERO, Duration.ofMinutes(10), Optional.empty()),
                new Reading(which, 0, EVER, patience, Duration.ofMillis(200)),
                MOST_FINDINGS);
    }
}
