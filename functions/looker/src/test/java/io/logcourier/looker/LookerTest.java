package io.logcourier.looker;

import static org.assertj.core.api.Assertions.assertThat;

import io.logcourier.looker.FaultyStore.Damage;
import io.logcourier.looker.FaultyStore.Push;
import io.logcourier.looker.FaultyStore.StoredObject;
import io.logcourier.looker.Plan.Reading;
import io.logcourier.looker.Plan.Time;
import io.logcourier.looker.Plan.Which;
import io.logcourier.looker.Plan.Writing;
import io.logcourier.looker.Run.Compressibility;
import io.logcourier.looker.Run.Shape;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The cycles on a store that does wrong: each fault is found and named, and a right store is never blamed. */
final class LookerTest {
    private static final int FRAGMENT = 20;
    private static final int FRAGMENTS = 4;
    private static final int STREAMS = 3;
    private static final int ENTRIES = FRAGMENT * FRAGMENTS * STREAMS;
    private static final int SEEDS = 40;

    private static final List<Push> HONEST =
            List.of(Push.STORED, Push.REFUSED, Push.STORED_WITHOUT_ANSWER, Push.LOST_WITHOUT_ANSWER);

    private final FakeTicker ticker = new FakeTicker();
    private final long seed = ThreadLocalRandom.current().nextLong();

    @Test
    void aRightStoreIsNeverBlamed() throws InterruptedException {
        for (int i = 0; i < SEEDS; i++) {
            long one = seed + i;
            Random random = new Random(one);
            Shape shape = pick(Shape.values(), random);
            Run run = new Run(
                    "right",
                    one,
                    1 + random.nextInt(30),
                    random.nextInt(1500),
                    pick(Compressibility.values(), random),
                    shape,
                    List.of("logs-a", "logs-b"),
                    "looker/",
                    "text-2",
                    0);
            FaultyStore store = new FaultyStore(ticker, one)
                    .delay(random.nextInt(5000))
                    .failingReads(random.nextInt(3))
                    .pushes(push -> HONEST.get((int) (Content.mix(one + push) & 3)));

            Report report = new Looker(run, plan(3, 2), store, ticker).run();

            assertThat(report.reading().findings()).as("seed %d, %s", one, run).isEmpty();
            assertThat(report.reading().isRight()).as("seed %d", one).isTrue();
            assertThat(report.reading().unread()).as("seed %d", one).isZero();
            assertThat(report.reading().count(Verdict.RIGHT) + report.reading().settledAbsent() * run.fragment())
                    .as("seed %d", one)
                    .isEqualTo(report.writing().entries());
            assertThat(report.failure()).isEmpty();
        }
    }

    @ParameterizedTest
    @MethodSource
    void everyDamageIsFoundAndNamed(Damage damage, Map<Verdict, Integer> verdicts, String field)
            throws InterruptedException {
        for (int i = 0; i < 5; i++) {
            long one = seed + i;
            FaultyStore store =
                    new FaultyStore(ticker, one).objectRows(FRAGMENT).damage(damage);

            Report report = new Looker(run(one), plan(1, 1), store, ticker).run();

            for (Verdict verdict : Verdict.values()) {
                if (verdict != Verdict.RIGHT) {
                    assertThat(report.reading().count(verdict))
                            .as("%s, seed %d: %s", verdict, one, report.text())
                            .isEqualTo(verdicts.getOrDefault(verdict, 0).longValue());
                }
            }
            assertThat(report.text()).as("seed %d", one).contains(field);
            assertThat(report.reading().isRight()).isFalse();
        }
    }

    static Stream<Arguments> everyDamageIsFoundAndNamed() {
        return Stream.of(
                damage(
                        "drops an entry",
                        (objects, random) -> any(objects, random).lines.removeLast(),
                        "",
                        Verdict.MISSING),
                damage(
                        "duplicates an entry",
                        (objects, random) -> {
                            List<byte[]> lines = any(objects, random).lines;
                            int at = random.nextInt(lines.size());
                            lines.add(at, lines.get(at));
                        },
                        "duplicated: stream",
                        Verdict.DUPLICATED),
                damage(
                        "duplicates the last entry",
                        (objects, random) -> {
                            List<byte[]> lines = objects.getLast().lines;
                            lines.add(lines.getLast());
                        },
                        "line 21",
                        Verdict.DUPLICATED),
                damage(
                        "swaps two entries",
                        (objects, random) -> {
                            // The others share their time and id in sub-records.
                            List<byte[]> lines = any(objects, random).lines;
                            lines.add(0, lines.removeLast());
                        },
                        "its order",
                        Verdict.DISORDERED),
                damage(
                        "shifts a time by a second",
                        (objects, random) -> replace(any(objects, random), random, LookerTest::later),
                        "Time",
                        Verdict.ALTERED),
                damage(
                        "alters a byte of the owner",
                        (objects, random) -> replace(any(objects, random), random, line -> flip(line, 3)),
                        "Bucket Owner",
                        Verdict.ALTERED),
                damage(
                        "alters a byte of the request id",
                        (objects, random) -> replace(
                                any(objects, random), random, line -> flip(line, at(line, 6) + random.nextInt(49))),
                        "Request ID",
                        Verdict.ALTERED),
                damage(
                        "alters many bytes of the request id",
                        (objects, random) -> replace(any(objects, random), random, line -> {
                            byte[] changed = line.clone();
                            Arrays.fill(changed, at(line, 6), at(line, 6) + 49, (byte) '0');
                            return changed;
                        }),
                        "Request ID",
                        Verdict.ALTERED),
                damage(
                        "alters a byte of the key",
                        (objects, random) -> replace(
                                any(objects, random), random, line -> flip(line, at(line, 8) + random.nextInt(23))),
                        "Key",
                        Verdict.ALTERED),
                damage(
                        "joins two fields before the key",
                        (objects, random) -> replace(
                                any(objects, random), random, line -> flip(line, at(line, 1 + random.nextInt(8)) - 1)),
                        "altered: stream",
                        Verdict.ALTERED),
                damage(
                        "cuts a field in two",
                        (objects, random) -> replace(any(objects, random), random, line -> {
                            byte[] changed = line.clone();
                            changed[at(line, random.nextInt(3)) + 1] = ' ';
                            return changed;
                        }),
                        "altered: stream",
                        Verdict.ALTERED),
                damage(
                        "opens a quote that the Request-URI closes",
                        (objects, random) -> replace(any(objects, random), random, line -> {
                            byte[] changed = line.clone();
                            changed[at(line, random.nextInt(7))] = '"';
                            return changed;
                        }),
                        "altered: stream",
                        Verdict.ALTERED),
                damage(
                        "alters the last byte",
                        (objects, random) -> replace(any(objects, random), random, line -> flip(line, line.length - 2)),
                        "Source Region",
                        Verdict.ALTERED),
                damage(
                        "moves a byte across a line",
                        (objects, random) -> {
                            List<byte[]> lines = any(objects, random).lines;
                            int at = random.nextInt(lines.size() - 1);
                            byte[] line = lines.get(at);
                            byte[] next = lines.get(at + 1);
                            byte[] shorter = Arrays.copyOf(line, line.length - 1);
                            shorter[shorter.length - 1] = '\n';
                            byte[] longer = new byte[next.length + 1];
                            longer[0] = line[line.length - 2];
                            System.arraycopy(next, 0, longer, 1, next.length);
                            lines.set(at, shorter);
                            lines.set(at + 1, longer);
                        },
                        "Source Region: expected -, got",
                        Verdict.ALTERED,
                        Verdict.ALTERED),
                damage(
                        "moves an entry to an object of another stream",
                        (objects, random) -> objects.getLast()
                                .lines
                                .addFirst(objects.getFirst().lines.removeFirst()),
                        "misplaced: stream 0",
                        Verdict.MISPLACED),
                damage(
                        "copies an entry to an object of another stream",
                        (objects, random) -> objects.getLast()
                                .lines
                                .addFirst(objects.getFirst().lines.getFirst()),
                        "misplaced: stream 0",
                        Verdict.MISPLACED),
                damage(
                        "moves an entry to the end of another object of its stream",
                        (objects, random) -> {
                            List<StoredObject> mine = objects.stream()
                                    .filter(object -> object.stream.number() == 1)
                                    .toList();
                            mine.getLast().lines.add(mine.getFirst().lines.removeFirst());
                        },
                        "its order",
                        Verdict.DISORDERED),
                damage(
                        "takes the line feed off an object",
                        (objects, random) -> any(objects, random).truncate(1),
                        "its line feed",
                        Verdict.ALTERED),
                damage(
                        "truncates an object within a line",
                        (objects, random) -> objects.getFirst().truncate(20),
                        "altered: stream",
                        Verdict.ALTERED),
                damage(
                        "truncates an object early within a line",
                        (objects, random) -> objects.getFirst()
                                .truncate(objects.getFirst().lines.getLast().length - 10),
                        "cut short",
                        Verdict.FOREIGN,
                        Verdict.MISSING),
                damage(
                        "inserts a line of somebody else",
                        (objects, random) ->
                                any(objects, random).lines.add(2, "hello world\n".getBytes(StandardCharsets.UTF_8)),
                        "hello world",
                        Verdict.FOREIGN));
    }

    private static Arguments damage(String name, Damage damage, String field, Verdict... verdicts) {
        Map<Verdict, Integer> counts = new EnumMap<>(Verdict.class);
        for (Verdict verdict : verdicts) {
            counts.merge(verdict, 1, Integer::sum);
        }
        return Arguments.of(Named.of(name, damage), counts, field);
    }

    @Test
    void anObjectThatIsWrittenAgainAsItWasIsRight() throws InterruptedException {
        FaultyStore store = new FaultyStore(ticker, seed).rewriting((objects, random) -> {});

        Report report = new Looker(run(seed), plan(1, 1), store, ticker).run();

        assertThat(report.reading().isRight()).as(report.text()).isTrue();
        assertThat(report.reading().count(Verdict.RIGHT)).isEqualTo(ENTRIES);
    }

    @Test
    void anObjectThatChangesAfterItWasReadIsAltered() throws InterruptedException {
        FaultyStore store = new FaultyStore(ticker, seed)
                .rewriting((objects, random) -> replace(any(objects, random), random, line -> flip(line, 3)));

        Report report = new Looker(run(seed), plan(1, 1), store, ticker).run();

        assertThat(report.reading().count(Verdict.ALTERED)).as(report.text()).isOne();
        assertThat(report.reading().count(Verdict.RIGHT)).isEqualTo(ENTRIES);
        assertThat(report.text()).contains("the object, after it was read");
    }

    @Test
    void whatNeverComesIsMissingInOnePiece() throws InterruptedException {
        FaultyStore store = new FaultyStore(ticker, seed).hidden();

        Report report = new Looker(run(seed), plan(1, 1), store, ticker).run();

        assertThat(report.reading().count(Verdict.MISSING)).isEqualTo(ENTRIES);
        assertThat(report.reading().findings()).hasSize(STREAMS);
        assertThat(report.reading().findings().getFirst().last()).isEqualTo(FRAGMENT * FRAGMENTS - 1);
    }

    @Test
    void whatComesAfterTheLongestDelayIsLateAndNotMissing() throws InterruptedException {
        FaultyStore store = new FaultyStore(ticker, seed).delay(30_000);

        Report report = new Looker(run(seed), plan(1, 1), store, ticker).run();

        assertThat(report.reading().count(Verdict.LATE)).as(report.text()).isEqualTo(ENTRIES);
        assertThat(report.reading().count(Verdict.RIGHT)).isEqualTo(ENTRIES);
        assertThat(report.reading().count(Verdict.MISSING)).isZero();
        assertThat(report.reading().delayMillis().p50()).isBetween(30_000L, 40_000L);
        assertThat(report.reading().isRight()).isFalse();
    }

    @Test
    void aRefusedPushIsTriedAgainAndCountsOnce() throws InterruptedException {
        // One writer: of two that share the refusals, one may be refused many times, and what was written first is
        // late.
        FaultyStore store = new FaultyStore(ticker, seed).pushes(push -> push % 2 == 0 ? Push.REFUSED : Push.STORED);

        Report report = new Looker(run(seed), plan(1, 1, 1), store, ticker).run();

        assertThat(report.reading().isRight()).as(report.text()).isTrue();
        assertThat(report.reading().count(Verdict.RIGHT)).isEqualTo(ENTRIES);
        assertThat(report.writing().retries()).isEqualTo(FRAGMENTS * STREAMS);
        assertThat(report.writing().refused()).isZero();
    }

    @Test
    void patienceAndDelayCountFromTheAttemptThatIsAccepted() throws InterruptedException {
        // One writer: while one waits to try again, the clock would run on for another that has just taken its time.
        FaultyStore store =
                new FaultyStore(ticker, seed).delay(15_000).pushes(push -> push < 18 ? Push.REFUSED : Push.STORED);

        Report report = new Looker(run(seed), plan(1, 1, 1), store, ticker).run();

        assertThat(report.writing().retries()).isEqualTo(18);
        assertThat(report.reading().isRight()).as(report.text()).isTrue();
        assertThat(report.reading().count(Verdict.RIGHT)).isEqualTo(ENTRIES);
    }

    @Test
    void theRetryBudgetIsForTheWholeRun() throws InterruptedException {
        FaultyStore store = new FaultyStore(ticker, seed).pushes(push -> Push.REFUSED);

        Report report = new Looker(run(seed), plan(1, 1), store, ticker).run();

        assertThat(report.writing().retries()).isEqualTo(20);
        assertThat(report.writing().refused()).isEqualTo(FRAGMENTS * STREAMS);
        assertThat(report.writing().entries()).isZero();
        assertThat(report.writing().reasons()).contains("500 on purpose");
        assertThat(report.reading().isRight()).isTrue();
    }

    @Test
    void aPushWithoutAnswerIsSettledByReading() throws InterruptedException {
        FaultyStore store = new FaultyStore(ticker, seed)
                .pushes(push -> List.of(Push.STORED, Push.STORED_WITHOUT_ANSWER, Push.LOST_WITHOUT_ANSWER)
                        .get(push % 3));

        Report report = new Looker(run(seed), plan(1, 1), store, ticker).run();

        assertThat(report.reading().isRight()).as(report.text()).isTrue();
        assertThat(report.writing().unknown()).isEqualTo(8);
        assertThat(report.reading().settledPresent()).isEqualTo(4);
        assertThat(report.reading().settledAbsent()).isEqualTo(4);
        assertThat(report.reading().count(Verdict.RIGHT)).isEqualTo(8 * FRAGMENT);
    }

    @Test
    void aPushWithoutAnswerThatIsStoredInPartIsMissingTheRest() throws InterruptedException {
        FaultyStore store = new FaultyStore(ticker, seed)
                .objectRows(FRAGMENT)
                .pushes(push -> Push.STORED_WITHOUT_ANSWER)
                .damage((objects, random) ->
                        objects.getFirst().lines.subList(10, FRAGMENT).clear());

        Report report = new Looker(run(seed), plan(1, 1), store, ticker).run();

        assertThat(report.reading().count(Verdict.MISSING)).as(report.text()).isEqualTo(FRAGMENT - 10);
    }

    @Test
    void aStoreThatKeepsWhatItRefusedIsFoundOut() throws InterruptedException {
        FaultyStore retried =
                new FaultyStore(ticker, seed).pushes(push -> push == 0 ? Push.STORED_AND_REFUSED : Push.STORED);
        assertThat(new Looker(run(seed), plan(1, 1), retried, ticker)
                        .run()
                        .reading()
                        .count(Verdict.DUPLICATED))
                .isEqualTo(FRAGMENT);

        FaultyStore always = new FaultyStore(ticker, seed).pushes(push -> Push.STORED_AND_REFUSED);
        Report report = new Looker(run(seed), plan(1, 1), always, ticker).run();
        assertThat(report.reading().count(Verdict.FOREIGN)).as(report.text()).isEqualTo(ENTRIES);
        assertThat(report.text()).contains("the outcome of its push: expected refused");
    }

    @Test
    void aStoreThatCannotBeReadIsNotBlamedForWhatIsMissing() throws InterruptedException {
        FaultyStore store = new FaultyStore(ticker, seed).failingReads(Integer.MAX_VALUE);

        Report report = new Looker(run(seed), plan(3, 1), store, ticker).run();

        assertThat(report.reading().isRight()).isTrue();
        assertThat(report.reading().unread()).isEqualTo(ENTRIES);
        assertThat(report.failure()).isEqualTo("no answer on purpose");
        assertThat(report.cycles()).isEqualTo(1);
    }

    @Test
    void aStoppedRunReportsWhatItHasAndBlamesNobody() throws InterruptedException {
        FaultyStore store = new FaultyStore(ticker, seed).hidden();
        Looker looker = new Looker(run(seed), plan(0, 1), store, new Ticker() {
            @Override
            public long millis() {
                return ticker.millis();
            }

            @Override
            public void sleep(long millis) {
                ticker.sleep(millis);
                stopper.run();
            }
        });
        stopper = looker::stop;

        Report report = looker.run();

        assertThat(report.interrupted()).isTrue();
        assertThat(report.reading().isRight()).isTrue();
        assertThat(report.reading().unread()).isEqualTo(ENTRIES);
    }

    private Runnable stopper = () -> {};

    @Test
    void anEarlierRunIsVerifiedFromItsReportAlone() throws InterruptedException {
        FaultyStore store = new FaultyStore(ticker, seed)
                .pushes(push -> HONEST.get(push % 4))
                .delay(5000);
        Report written = new Looker(run(seed), reading(plan(1, 1), Which.NONE, 0), store, ticker).run();
        assertThat(written.reading().objects()).isZero();
        ticker.sleep(Duration.ofHours(3).toMillis());

        Report right = new Looker(written.run(), plan(1, 1), store, ticker).verify(written.streams());

        assertThat(right.reading().count(Verdict.MISSING)).as(right.text()).isZero();
        assertThat(right.reading().count(Verdict.RIGHT) + right.reading().settledAbsent() * FRAGMENT)
                .isEqualTo(written.writing().entries());
        assertThat(right.reading().count(Verdict.LATE)).isPositive();

        store.hidden();
        assertThat(new Looker(written.run(), plan(1, 1), store, ticker)
                        .verify(written.streams())
                        .reading()
                        .count(Verdict.MISSING))
                .isPositive();
    }

    @Test
    void cyclesGoOnWithTheirStreamsUntilTheseAreChanged() throws InterruptedException {
        Report report = new Looker(run(seed), plan(4, 2), new FaultyStore(ticker, seed), ticker).run();

        assertThat(report.cycles()).isEqualTo(4);
        assertThat(report.streams()).hasSize(2 * STREAMS).allSatisfy(stream -> assertThat(stream.written())
                .isEqualTo(2 * FRAGMENT * FRAGMENTS));
        assertThat(report.reading().count(Verdict.RIGHT)).isEqualTo(4 * ENTRIES);
        assertThat(report.reading().isRight()).isTrue();
    }

    @Test
    void aSubsetOfStreamsIsRead() throws InterruptedException {
        Report report =
                new Looker(run(seed), reading(plan(1, 1), Which.SOME, 2), new FaultyStore(ticker, seed), ticker).run();

        assertThat(report.reading().count(Verdict.RIGHT)).isEqualTo(2 * FRAGMENT * FRAGMENTS);
        assertThat(report.reading().isRight()).isTrue();
    }

    @Test
    void writingStopsInTimeWhileItIsThrottled() throws InterruptedException {
        Plan slow = new Plan(
                new Writing(1, 0, Duration.ofSeconds(10), 0, 1, 1, 1, FRAGMENT, 0),
                new Time(1_000, Duration.ZERO, Duration.ofMinutes(5), Optional.empty()),
                new Reading(Which.NONE, 0, Duration.ofSeconds(10), Duration.ofSeconds(10), Duration.ofSeconds(1)),
                10);
        long before = ticker.millis();

        Report report = new Looker(run(seed), slow, new FaultyStore(ticker, seed), ticker).run();

        assertThat(report.writing().accepted()).isEqualTo(10);
        assertThat(report.writing().throttled()).isEqualTo(10);
        assertThat(ticker.millis() - before).isEqualTo(10_000);
    }

    @Test
    void findingsAreCappedAndCounted() throws InterruptedException {
        FaultyStore store = new FaultyStore(ticker, seed)
                .damage((objects, random) -> objects.forEach(object -> object.lines.replaceAll(line -> flip(line, 0))));

        Report report = new Looker(run(seed), plan(1, 1), store, ticker).run();

        assertThat(report.reading().count(Verdict.ALTERED)).isEqualTo(ENTRIES);
        assertThat(report.reading().findings()).hasSize(100);
        assertThat(report.reading().findingsLeftOut()).isEqualTo(ENTRIES - 100);
    }

    private static <T> T pick(T[] values, Random random) {
        return List.of(values).get(random.nextInt(values.length));
    }

    private static Run run(long seed) {
        return new Run(
                "test",
                seed,
                FRAGMENT,
                600,
                Compressibility.MEDIUM,
                Shape.ORDINARY,
                List.of("logs"),
                "looker/",
                "text-2",
                0);
    }

    private static Plan plan(int cycles, int changeEvery) {
        return plan(cycles, changeEvery, 2);
    }

    private static Plan plan(int cycles, int changeEvery, int writers) {
        return new Plan(
                new Writing(STREAMS, FRAGMENTS, Duration.ZERO, 0, cycles, changeEvery, writers, 0, 20),
                new Time(1_000_000, Duration.ZERO, Duration.ofMinutes(5), Optional.empty()),
                new Reading(Which.ALL, 0, Duration.ofSeconds(20), Duration.ofSeconds(60), Duration.ofSeconds(1)),
                100);
    }

    private static Plan reading(Plan plan, Which which, int streams) {
        Reading read = plan.reading();
        return new Plan(
                plan.writing(),
                plan.time(),
                new Reading(which, streams, read.maxDelay(), read.patience(), read.pollEvery()),
                plan.mostFindings());
    }

    private static StoredObject any(List<StoredObject> objects, Random random) {
        return objects.get(random.nextInt(objects.size()));
    }

    private static void replace(StoredObject object, Random random, UnaryOperator<byte[]> change) {
        int at = random.nextInt(object.lines.size());
        object.lines.set(at, change.apply(object.lines.get(at)));
    }

    private static byte[] flip(byte[] line, int at) {
        byte[] changed = line.clone();
        changed[at] = (byte) (changed[at] == 'F' || changed[at] == 'f' ? 'E' : 'F');
        return changed;
    }

    /** Where the field begins that has so many spaces before it. */
    private static int at(byte[] line, int spaces) {
        int at = 0;
        for (int i = 0; i < spaces; i++) {
            while (line[at++] != ' ') {}
        }
        return at;
    }

    /** The last digit of the second, another one. */
    private static byte[] later(byte[] line) {
        byte[] changed = line.clone();
        int digit = at(line, 3) - 2;
        changed[digit] = (byte) (changed[digit] == '9' ? '8' : changed[digit] + 1);
        return changed;
    }
}
