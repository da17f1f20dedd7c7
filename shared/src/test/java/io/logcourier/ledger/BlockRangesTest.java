package io.logcourier.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Against the plainest model there is: a set of blocks, one by one. */
class BlockRangesTest {
    private static final int ROUNDS = 2_000;
    private static final String[] PARTITIONS = {"1700000000", "1700003600", "1700007200"};

    private record Block(String partition, long number) implements Comparable<Block> {
        @Override
        public int compareTo(Block other) {
            return Comparator.comparing(Block::partition)
                    .thenComparingLong(Block::number)
                    .compare(this, other);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void aUnionHoldsTheSameBlocksInTheFewestRangesInOrder(long seed) {
        Random random = new Random(seed);
        for (int round = 0; round < ROUNDS; round++) {
            List<BlockRange> ranges = ranges(random);

            List<BlockRange> union = BlockRanges.union(ranges);

            assertThat(blocks(union))
                    .as("seed %d, round %d: %s", seed, round, ranges)
                    .isEqualTo(blocks(ranges));
            assertIsCanonical(union, "seed %d, round %d: %s".formatted(seed, round, ranges));
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {4, 5, 6})
    void aDifferenceHoldsTheBlocksThatAreNotTaken(long seed) {
        Random random = new Random(seed);
        for (int round = 0; round < ROUNDS; round++) {
            BlockRange range = range(random);
            List<BlockRange> taken = ranges(random);
            Set<Block> expected = blocks(List.of(range));
            expected.removeAll(blocks(taken));

            List<BlockRange> left = BlockRanges.subtract(range, taken);

            String description = "seed %d, round %d: %s less %s".formatted(seed, round, range, taken);
            assertThat(blocks(left)).as(description).isEqualTo(expected);
            assertIsCanonical(left, description);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {7, 8, 9})
    void claimingWhatIsLeftOfGrowingAndMergingPartsClaimsEachBlockOnce(long seed) {
        Random random = new Random(seed);
        List<BlockRange> frontier = new ArrayList<>();
        Set<Block> claimed = new TreeSet<>();
        Set<Block> seen = new TreeSet<>();
        for (int round = 0; round < ROUNDS / 10; round++) {
            for (BlockRange part : ranges(random)) {
                seen.addAll(blocks(List.of(part)));
                List<BlockRange> claims = BlockRanges.subtract(part, frontier);
                for (Block block : blocks(claims)) {
                    assertThat(claimed.add(block))
                            .as("seed %d, round %d: part %s, %s", seed, round, part, block)
                            .isTrue();
                }
                frontier.addAll(claims);
                frontier = new ArrayList<>(BlockRanges.union(frontier));
            }
        }
        assertThat(claimed).as("seed %d", seed).isEqualTo(seen);
    }

    @Test
    void nothingLessSomethingAndSomethingLessNothingAreThemselves() {
        BlockRange range = new BlockRange("p", 3, 5);

        assertThat(BlockRanges.union(List.of())).isEmpty();
        assertThat(BlockRanges.subtract(range, List.of())).containsExactly(range);
        assertThat(BlockRanges.subtract(range, List.of(new BlockRange("q", 3, 5))))
                .containsExactly(range);
        assertThat(BlockRanges.subtract(range, List.of(range))).isEmpty();
    }

    @Test
    void rangesThatTouchAreJoinedWithinAPartitionOnly() {
        assertThat(BlockRanges.union(
                        List.of(new BlockRange("p", 3, 5), new BlockRange("q", 6, 7), new BlockRange("p", 1, 2))))
                .containsExactly(new BlockRange("p", 1, 5), new BlockRange("q", 6, 7));
    }

    @Test
    void aRangeOfNothingIsRefusedWithItsPartitionAndNumbers() {
        assertThatThrownBy(() -> new BlockRange("1700000000", 5, 4))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("1700000000")
                .hasMessageContaining("5 to 4");
    }

    private static void assertIsCanonical(List<BlockRange> ranges, String description) {
        for (int i = 1; i < ranges.size(); i++) {
            BlockRange before = ranges.get(i - 1);
            BlockRange range = ranges.get(i);
            int order = before.partition().compareTo(range.partition());
            assertThat(order < 0 || (order == 0 && before.high() + 1 < range.low()))
                    .as("%s: %s before %s", description, before, range)
                    .isTrue();
        }
    }

    private static List<BlockRange> ranges(Random random) {
        List<BlockRange> ranges = new ArrayList<>();
        for (int count = random.nextInt(8); count > 0; count--) {
            ranges.add(range(random));
        }
        return ranges;
    }

    private static BlockRange range(Random random) {
        long low = random.nextInt(30);
        return new BlockRange(PARTITIONS[random.nextInt(PARTITIONS.length)], low, low + random.nextInt(8));
    }

    private static Set<Block> blocks(Collection<BlockRange> ranges) {
        return ranges.stream()
                .flatMap(range -> LongStream.rangeClosed(range.low(), range.high())
                        .mapToObj(number -> new Block(range.partition(), number)))
                .collect(Collectors.toCollection(TreeSet::new));
    }
}
