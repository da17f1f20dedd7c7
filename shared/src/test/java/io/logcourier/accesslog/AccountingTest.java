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
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

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
            long newest = rows.stream().mapToLong(Row::inserted).max().orElse(0);
            return new Part("p", low, high, rows.size(), name(), id, mutated, newest, 0);
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
        List<Row> claimed = stored.rows().stream().filter(this::isClaimed).toList();
        Map<Long, List<Row>> others = new HashMap<>();
        stored.rows().stream().filter(row -> !isClaimed(row)).forEach(row -> others.computeIfAbsent(
                        row.block(), block -> new ArrayList<>())
                .add(row));
        return new Counted(
                claimed.size(),
                mark(claimed),
                others.entrySet().stream()
                        .sorted(Map.Entry.comparingByKey())
                        .map(block -> new Block(
                                block.getKey(),
                                block.getValue().size(),
                                mark(block.getValue()),
                                block.getValue().stream()
                                        .mapToLong(Row::inserted)
                                        .min()
                                        .orElseThrow()))
                        .toList());
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
    void aPartThatExpiredIsForgotten() {
        Stored single = insert(10);
        epoch();
        table.remove(single);
        clock += RETENTION + 1;
        epoch();
        assertThat(known).isEmpty();
        assertQuiet(epoch(), 0);
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
