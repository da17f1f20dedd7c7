package io.logcourier.accesslog;

import static org.assertj.core.api.Assertions.assertThat;

import io.logcourier.accesslog.AccessLogTable.Part;
import io.logcourier.accesslog.Accounting.Before;
import io.logcourier.accesslog.Accounting.Block;
import io.logcourier.accesslog.Accounting.Counted;
import io.logcourier.accesslog.Accounting.Returned;
import io.logcourier.accesslog.Accounting.Reused;
import io.logcourier.ledger.AccountedPart;
import io.logcourier.ledger.BlockRange;
import io.logcourier.ledger.BlockRanges;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A small log table in memory, whose parts are inserted, merged, dropped and attached; each epoch is accounted for. */
class AccountingTest {
    private static final long NOW = 1_000_000;
    private static final long RETENTION = 1000;
    private static final long LIMIT = 100;
    private static final Map<String, Long> VISIBLE = Map.of("p", Long.MAX_VALUE);

    /** A row: the block number that it has, whatever its part is called, and what it is. */
    private record Row(long block, long content, long inserted) {}

    private record Stored(long low, long high, long id, boolean mutated, List<Row> rows) {
        String name() {
            return "p_" + low + "_" + high + "_" + id;
        }

        Part part() {
            return new Part("p", low, high, rows.size(), name(), id, mutated, 0);
        }
    }

    private final List<Stored> table = new ArrayList<>();
    private long number = 1;
    private long content = 1;
    private long clock = NOW;
    private List<AccountedPart> known = List.of();
    private List<BlockRange> frontier = List.of();
    private boolean isKnown = true;

    private Stored insert(int rows) {
        long block = number++;
        clock++;
        List<Row> inserted = LongStream.range(0, rows)
                .mapToObj(row -> new Row(block, content++, clock))
                .toList();
        return put(new Stored(block, block, inserted.hashCode(), false, inserted));
    }

    private Stored put(Stored stored) {
        table.add(stored);
        return stored;
    }

    private Stored merge(Stored... parts) {
        List<Row> rows = new ArrayList<>();
        for (Stored part : parts) {
            table.remove(part);
            rows.addAll(part.rows());
        }
        return put(new Stored(parts[0].low(), parts[parts.length - 1].high(), rows.hashCode() * 31L + 7, false, rows));
    }

    /** Under the next number; a part that was merged keeps the numbers of its rows, another does not. */
    private Stored attach(Stored part) {
        long block = number++;
        boolean isMerged = part.low() != part.high();
        return put(new Stored(
                block,
                block,
                part.id(),
                false,
                isMerged
                        ? part.rows()
                        : part.rows().stream()
                                .map(row -> new Row(block, row.content(), row.inserted()))
                                .toList()));
    }

    private Accounting epoch() {
        return epoch(table.stream().map(Stored::part).toList());
    }

    private Accounting epoch(List<Part> parts) {
        Before before = new Before(isKnown, known, frontier);
        Map<String, Counted> counted = new HashMap<>();
        for (Part part : Accounting.toCount(before, parts, VISIBLE, LIMIT, Set.of())) {
            table.stream()
                    .filter(stored -> stored.name().equals(part.name()))
                    .forEach(stored -> counted.put(part.name(), count(stored)));
        }
        for (Part part : Accounting.toCountByBlock(before, parts, counted)) {
            table.stream()
                    .filter(stored -> stored.name().equals(part.name()))
                    .forEach(stored -> counted.put(part.name(), count(stored, true)));
        }
        Accounting accounting = Accounting.of(before, parts, counted, VISIBLE, LIMIT, clock, RETENTION);
        known = accounting.parts();
        isKnown = true;
        List<BlockRange> all = new ArrayList<>(frontier);
        all.addAll(accounting.claims());
        frontier = BlockRanges.union(all);
        return accounting;
    }

    private boolean isClaimed(Row row) {
        return frontier.stream().anyMatch(range -> range.low() <= row.block() && row.block() <= range.high());
    }

    private Counted count(Stored stored) {
        return count(stored, false);
    }

    private Counted count(Stored stored, boolean isByBlock) {
        List<Row> claimed = stored.rows().stream().filter(this::isClaimed).toList();
        return new Counted(
                blocks(claimed, isByBlock),
                isByBlock,
                blocks(stored.rows().stream().filter(row -> !isClaimed(row)).toList(), true));
    }

    private static List<Block> blocks(List<Row> rows, boolean isByBlock) {
        return rows.stream()
                .collect(Collectors.groupingBy(row -> isByBlock ? row.block() : 0L, TreeMap::new, Collectors.toList()))
                .entrySet()
                .stream()
                .map(block -> new Block(
                        block.getKey(),
                        block.getValue().size(),
                        mark(block.getValue()),
                        block.getValue().stream().mapToLong(Row::inserted).min().orElseThrow(),
                        block.getValue().stream().mapToLong(Row::inserted).max().orElseThrow()))
                .toList();
    }

    private static long mark(List<Row> rows) {
        return rows.stream()
                .mapToLong(row -> row.content() * 0x9E3779B97F4A7C15L)
                .sum();
    }

    private void assertQuiet(Accounting accounting, long claimed) {
        assertThat(accounting.leftAlone()).isEmpty();
        assertThat(accounting.claimedRows()).isEqualTo(claimed);
    }

    @Test
    void insertsAreClaimedOnceThroughAllMerges() {
        Stored first = insert(10);
        Stored second = insert(20);
        assertQuiet(epoch(), 30);
        Stored merged = merge(first, second);
        assertQuiet(epoch(), 0);
        merge(merged, insert(5));
        assertQuiet(epoch(), 5);
        assertThat(frontier).containsExactly(new BlockRange("p", 1, 3));
        assertThat(Accounting.toCount(
                        new Before(true, known, frontier),
                        table.stream().map(Stored::part).toList(),
                        VISIBLE,
                        LIMIT,
                        Set.of()))
                .as("nothing is counted again")
                .isEmpty();
    }

    @Test
    void anEpochTakesAsManyRowsAsTheLimitUpToOneBlock() {
        insert(60);
        insert(60);
        insert(250);
        assertQuiet(epoch(), 60);
        assertQuiet(epoch(), 60);
        assertQuiet(epoch(), 250);
        assertQuiet(epoch(), 0);
    }

    @Test
    void aMergedPartIsClaimedBlockByBlock() {
        merge(insert(60), insert(60));
        assertQuiet(epoch(), 60);
        assertThat(known).noneMatch(AccountedPart::whole);
        assertQuiet(epoch(), 60);
        assertThat(known).allMatch(AccountedPart::whole);
    }

    @Test
    void rowsUnderNumbersOfBeforeAreFoundUntilTheyAreGone() {
        Stored merged = merge(insert(10), insert(10));
        assertQuiet(epoch(), 20);
        Stored copy = attach(merged);

        for (int look = 0; look < 2; look++) {
            Accounting accounting = epoch();
            assertThat(accounting.leftAlone()).containsExactly(new Reused("p", List.of(copy.name()), 20, 0));
            assertThat(accounting.claims()).isEmpty();
        }
        Stored later = insert(5);
        assertThat(epoch().claimedRows()).as("others go on").isEqualTo(5);
        Stored all = merge(merged, copy, later);
        assertThat(epoch().leftAlone()).containsExactly(new Reused("p", List.of(all.name()), 45, 25));
    }

    @Test
    void aNumberThatIsUsedTwiceIsFound() {
        insert(10);
        Stored lost = insert(10);
        epoch();
        table.remove(lost);
        number = lost.low();
        Stored other = insert(10);
        assertThat(other.low()).isEqualTo(lost.low());

        assertThat(epoch().leftAlone()).containsExactly(new Reused("p", List.of(other.name()), 10, 10));
        assertThat(epoch().leftAlone()).hasSize(1);
    }

    @Test
    void aNumberThatIsUsedTwiceIsFoundAfterAMerge() {
        Stored first = insert(10);
        Stored lost = insert(10);
        epoch();
        table.remove(lost);
        number = lost.low();
        Stored merged = merge(first, insert(10), insert(7));

        assertThat(epoch().leftAlone()).containsExactly(new Reused("p", List.of(merged.name()), 20, 20));
    }

    @Test
    void partsThatKeepTheNumbersOfTheirRowsComeBackInSilence() {
        Stored merged = merge(insert(10), insert(10));
        epoch();
        table.remove(merged);
        assertQuiet(epoch(), 0);
        assertThat(known).allMatch(AccountedPart::gone);
        attach(merged);
        assertQuiet(epoch(), 0);
        assertThat(known).noneMatch(AccountedPart::gone);
    }

    @Test
    void partsThatComeBackUnderNewNumbersAreLeftAlone() {
        Stored single = insert(10);
        epoch();
        table.remove(single);
        epoch();
        Stored back = attach(single);
        assertThat(epoch().leftAlone()).containsExactly(new Returned("p", back.name(), 10));

        Stored merged = merge(back, insert(3));
        Accounting accounting = epoch();
        assertThat(accounting.leftAlone()).containsExactly(new Returned("p", merged.name(), 10));
        assertThat(accounting.claims()).isEmpty();
        assertThat(Accounting.remembered(known)).containsExactly("p");
    }

    @Test
    void partsThatLeaveAndComeBackBetweenTwoLooksAreLeftAlone() {
        Stored single = insert(10);
        epoch();
        table.remove(single);
        Stored back = attach(single);
        Accounting first = epoch();
        // Both in one look: which part went is known only when all are looked at.
        assertThat(first.leftAlone()).containsExactly(new Returned("p", back.name(), 10));
    }

    @Test
    void aPartThatWentIsForgottenLongAfterItWentHoweverOldItsRowsAre() {
        Stored single = insert(10);
        epoch();
        clock += 100 * RETENTION;
        table.remove(single);
        epoch();
        assertThat(known).hasSize(1).allMatch(AccountedPart::gone);
        clock += RETENTION + 1;
        epoch();
        assertThat(known).isEmpty();
        assertQuiet(epoch(), 0);
    }

    @Test
    void anOldPartThatLeavesAndComesBackBetweenTwoLooksIsLeftAlone() {
        Stored single = insert(10);
        epoch();
        clock += 100 * RETENTION;
        table.remove(single);
        Stored back = attach(single);
        assertThat(epoch().leftAlone()).containsExactly(new Returned("p", back.name(), 10));
    }

    /** A number that is used again by fewer rows is no DELETE. */
    @ParameterizedTest
    @ValueSource(ints = {1, 3, 9, 10, 11, 25})
    void aNumberThatIsUsedTwiceIsFoundHoweverManyRowsItHas(int rows) {
        insert(10);
        Stored lost = insert(10);
        epoch();
        table.remove(lost);
        number = lost.low();
        Stored other = insert(rows);

        assertThat(epoch().leftAlone()).containsExactly(new Reused("p", List.of(other.name()), rows, 10));

        Stored merged = merge(table.getFirst(), other);
        assertThat(epoch().leftAlone()).containsExactly(new Reused("p", List.of(merged.name()), 10 + rows, 20));
    }

    /** All rows went at once, as with TRUNCATE of a table that begins its numbers again. */
    @Test
    void numbersThatAreUsedAgainByAFewRowsAreFoundEachByItself() {
        insert(10);
        insert(10);
        epoch();
        table.clear();
        number = 1;
        Stored other = insert(4);
        Accounting accounting = epoch();
        assertThat(accounting.leftAlone()).containsExactly(new Reused("p", List.of(other.name()), 4, 10));
    }

    /** Rows that a mutation leaves came no later than those that were there. */
    @Test
    void aMutatedPartWithFewerRowsHasNoLaterOnes() {
        Stored first = insert(10);
        epoch();
        table.remove(first);
        List<Row> rows = new ArrayList<>(first.rows().subList(0, 2));
        clock++;
        rows.add(new Row(first.low(), content++, clock));
        Stored mutated = put(new Stored(first.low(), first.high(), 78, true, rows));

        assertThat(epoch().leftAlone()).containsExactly(new Reused("p", List.of(mutated.name()), 3, 10));
    }

    /** Seen: DETACH PART, ATTACH PART and a merge between two ticks, and the rows were delivered twice. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aPartThatComesBackWithinAMergeIsLeftAlone(boolean isMutated) {
        Stored first = insert(10);
        Stored second = insert(10);
        Stored third = insert(10);
        epoch();
        table.remove(second);
        Stored back = attach(second);
        Stored merged = merge(first, third, back);
        table.remove(merged);
        merged = put(new Stored(merged.low(), merged.high(), merged.id(), isMutated, merged.rows()));

        for (int look = 0; look < 2; look++) {
            Accounting accounting = epoch();
            assertThat(accounting.leftAlone()).containsExactly(new Returned("p", merged.name(), 10));
            assertThat(accounting.claims()).isEmpty();
        }
    }

    /** Seen: the same after a mutation of the others, with ticks between. */
    @Test
    void aPartThatWentIsRememberedWhateverBecomesOfTheOthers() {
        Stored first = insert(10);
        Stored second = insert(10);
        Stored third = insert(10);
        epoch();
        table.remove(second);
        Stored merged = merge(first, third);
        table.remove(merged);
        put(new Stored(merged.low(), merged.high(), 79, true, merged.rows()));
        assertQuiet(epoch(), 0);
        assertThat(known).filteredOn(AccountedPart::gone).hasSize(1);
        Stored back = attach(second);

        assertThat(epoch().leftAlone()).containsExactly(new Returned("p", back.name(), 10));
    }

    /**
     * Random inserts, merges, mutations, DETACH, ATTACH and reused numbers: every row is claimed once, or named. Only a
     * mutation between a restart and the next look hides that a number was used again by fewer rows, none of them later.
     */
    @Test
    void whateverIsDoneWithPartsNoRowIsPassedOverOrClaimedTwice() {
        for (long seed = 0; seed < 3000; seed++) {
            AccountingTest other = new AccountingTest();
            other.runRandomly(seed, new Random(seed));
        }
    }

    private void runRandomly(long seed, Random random) {
        Set<Long> claimed = new HashSet<>();
        List<Stored> detached = new ArrayList<>();
        boolean isNamed = false;
        boolean isRestarted = false;
        for (int step = 0; step < 12; step++) {
            switch (random.nextInt(8)) {
                case 0, 1, 2 -> insert(1 + random.nextInt(10));
                case 3 -> {
                    if (table.size() > 1) {
                        table.sort(Comparator.comparingLong(Stored::low));
                        int at = random.nextInt(table.size() - 1);
                        merge(table.get(at), table.get(at + 1));
                    }
                }
                case 4 -> {
                    if (!table.isEmpty()) {
                        detached.add(table.remove(random.nextInt(table.size())));
                    }
                }
                case 5 -> {
                    if (!detached.isEmpty()) {
                        attach(detached.remove(random.nextInt(detached.size())));
                    }
                }
                case 6 -> {
                    // A restart: numbers begin behind the highest that is there.
                    number = table.stream().mapToLong(Stored::high).max().orElse(0) + 1;
                    isRestarted = true;
                }
                default -> {
                    if (!table.isEmpty() && !isRestarted) {
                        Stored part = table.remove(random.nextInt(table.size()));
                        put(new Stored(part.low(), part.high(), random.nextLong(), true, part.rows()));
                    }
                }
            }
            if (random.nextInt(3) == 0) {
                isNamed |= look(seed, claimed);
                isRestarted = false;
            }
        }
        isNamed |= look(seed, claimed);
        boolean isLast = look(seed, claimed);
        if (!isNamed && !isLast) {
            assertThat(claimed)
                    .as("seed %d: rows in no claim, and nothing is named", seed)
                    .containsAll(table.stream()
                            .flatMap(stored -> stored.rows().stream())
                            .map(Row::content)
                            .toList());
        }
    }

    /** An epoch; whether it names something. What it claims was never claimed before. */
    private boolean look(long seed, Set<Long> claimed) {
        Accounting accounting = epoch();
        table.stream()
                .flatMap(stored -> stored.rows().stream())
                .filter(row -> accounting.claims().stream()
                        .anyMatch(range -> range.low() <= row.block() && row.block() <= range.high()))
                .forEach(row -> assertThat(claimed.add(row.content()))
                        .as("seed %d: row %d of block %d is claimed twice", seed, row.content(), row.block())
                        .isTrue());
        return !accounting.leftAlone().isEmpty();
    }

    @Test
    void rowsThatAreDeletedAreNoFinding() {
        Stored single = insert(10);
        epoch();
        table.remove(single);
        put(new Stored(single.low(), single.high(), 77, true, single.rows().subList(0, 4)));
        assertQuiet(epoch(), 0);
        assertThat(known).noneMatch(AccountedPart::gone);
        insert(3);
        assertQuiet(epoch(), 3);
    }

    @Test
    void aReplicaThatHasMergedLessHoldsTheSame() {
        Stored first = insert(10);
        Stored second = insert(20);
        Stored merged = merge(first, second);
        epoch();
        table.remove(merged);
        table.add(first);
        table.add(second);
        assertQuiet(epoch(), 0);
        table.remove(second);
        assertQuiet(epoch(), 0);
    }

    @Test
    void rowsWithNumbersOfAnotherTableAreClaimedByTheseNumbers() {
        put(new Stored(1, 1, 5, false, List.of(new Row(900, 1, clock), new Row(901, 2, clock))));
        number = 2;
        insert(3);
        assertQuiet(epoch(), 5);
        assertThat(frontier).containsExactly(new BlockRange("p", 1, 2), new BlockRange("p", 900, 901));
        assertQuiet(epoch(), 0);
    }

    @Test
    void whereNothingWasKnownPartsAreTakenAsTheyAre() {
        merge(insert(10), insert(10));
        frontier = List.of(new BlockRange("p", 1, 1));
        isKnown = false;
        assertQuiet(epoch(), 10);
        assertQuiet(epoch(), 0);
    }

    @Test
    void partsThatWereNotCountedAreLeftForLater() {
        Stored first = insert(10);
        epoch();
        Stored merged = merge(first, insert(10));
        Before before = new Before(true, known, frontier);
        Accounting accounting =
                Accounting.of(before, List.of(merged.part()), Map.of(), VISIBLE, LIMIT, clock, RETENTION);
        assertThat(accounting.mayBeMore()).isTrue();
        assertThat(accounting.claims()).isEmpty();
        assertThat(accounting.parts()).isEqualTo(known);
    }

    /** Else a tick would never end under steady inserts. */
    @Test
    void blocksThatBecameVisibleLaterAreLeftToTheNextTick() {
        Stored first = insert(10);
        insert(1000);
        insert(10);
        List<Part> parts = table.stream().map(Stored::part).toList();
        Before before = new Before(true, known, frontier);
        Map<String, Long> visible = Map.of("p", first.high());

        assertThat(Accounting.toCount(before, parts, visible, 1, Set.of())).containsExactly(first.part());
        Accounting accounting =
                Accounting.of(before, parts, Map.of(first.name(), count(first)), visible, LIMIT, clock, RETENTION);
        assertThat(accounting.claims()).containsExactly(new BlockRange("p", 1, 1));
        assertThat(accounting.mayBeMore()).isFalse();
    }

    @Test
    void whatIsLeftAloneTakesNoRoomFromOthers() {
        Stored merged = merge(insert(100), insert(100));
        epoch();
        epoch();
        Stored copy = attach(merged);
        insert(50);
        List<Part> parts = table.stream().map(Stored::part).toList();
        Before before = new Before(true, known, frontier);

        assertThat(Accounting.toCount(before, parts, VISIBLE, 1, Set.of())).containsExactly(copy.part());
        assertThat(Accounting.toCount(before, parts, VISIBLE, 1, Set.of(copy.name())))
                .hasSize(2);
    }

    @Test
    void numbersWithoutRowsAreClaimedAlongWithRowsNeverAlone() {
        Stored first = insert(10);
        epoch();
        number += 3;
        table.remove(first);
        Stored mutated = put(new Stored(1, 4, 99, true, first.rows()));
        assertThat(epoch().claims()).isEmpty();
        merge(mutated, insert(2));
        epoch();
        assertThat(frontier).containsExactly(new BlockRange("p", 1, 5));
    }
}
