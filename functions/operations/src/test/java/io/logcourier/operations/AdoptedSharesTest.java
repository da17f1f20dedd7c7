package io.logcourier.operations;

import static org.assertj.core.api.Assertions.assertThat;

import io.logcourier.accesslog.AccessLogTable.Part;
import io.logcourier.accesslog.Accounting.Block;
import io.logcourier.ledger.BlockRange;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class AdoptedSharesTest {
    private static final int MOST = 999;

    @Test
    void nothingMakesOneShareOfNothing() {
        assertThat(AdoptedShares.of(List.of(), part -> List.of(), 100, MOST)).containsExactly(List.of());
    }

    @Test
    void smallPartsShareAndALargeOneIsCutBetweenItsBlocks() {
        List<Part> parts = List.of(part("a", 1, 2, 40), part("a", 3, 3, 50), part("b", 1, 9, 250), part("c", 5, 5, 20));
        List<Block> sizes = List.of(block(2, 60), block(4, 40), block(5, 100), block(8, 50));

        assertThat(AdoptedShares.of(parts, part -> sizes, 100, MOST))
                .containsExactly(
                        List.of(new BlockRange("a", 1, 3), new BlockRange("b", 1, 1)),
                        List.of(new BlockRange("b", 2, 4)),
                        List.of(new BlockRange("b", 5, 7)),
                        List.of(new BlockRange("b", 8, 9), new BlockRange("c", 5, 5)));
    }

    @Test
    void aBlockIsNeverCut() {
        assertThat(AdoptedShares.of(
                        List.of(part("a", 1, 7, 1000), part("a", 8, 8, 5)), part -> List.of(block(1, 1000)), 100, MOST))
                .containsExactly(List.of(new BlockRange("a", 1, 7)), List.of(new BlockRange("a", 8, 8)));
    }

    @Test
    void everyBlockIsInOneShareAndNoShareIsLargerThanItMust() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int round = 0; round < 200; round++) {
            List<Part> parts = new ArrayList<>();
            Map<Part, List<Block>> sizes = new HashMap<>();
            Map<BlockRange, Long> rows = new HashMap<>();
            long all = 0;
            for (int partition = 0; partition < 3; partition++) {
                long low = 1;
                for (int number = random.nextInt(4); number > 0; number--) {
                    long high = low + random.nextInt(6);
                    List<Block> blocks = new ArrayList<>();
                    long sum = 0;
                    for (long block = low; block <= high; block++) {
                        if (random.nextInt(3) > 0) {
                            blocks.add(block(block, 1 + random.nextInt(60)));
                            rows.put(
                                    new BlockRange("p" + partition, block, block),
                                    blocks.getLast().rows());
                            sum += blocks.getLast().rows();
                        }
                    }
                    Part part = part("p" + partition, low, high, sum);
                    parts.add(part);
                    sizes.put(part, blocks);
                    all += sum;
                    low = high + 1 + random.nextInt(2);
                }
            }
            int most = 5 + random.nextInt(20);
            long limit = Math.max(50, 2 * all / (most - 1) + 1);

            List<List<BlockRange>> shares = AdoptedShares.of(parts, sizes::get, 50, most);

            assertThat(shares).as("seed %d", seed).hasSizeBetween(1, most);
            Set<BlockRange> seen = new HashSet<>();
            for (List<BlockRange> share : shares) {
                long inShare = 0;
                int blocks = 0;
                for (BlockRange range : share) {
                    for (long block = range.low(); block <= range.high(); block++) {
                        BlockRange one = new BlockRange(range.partition(), block, block);
                        assertThat(seen.add(one))
                                .as("seed %d: %s twice", seed, one)
                                .isTrue();
                        inShare += rows.getOrDefault(one, 0L);
                        blocks += rows.containsKey(one) ? 1 : 0;
                    }
                }
                assertThat(blocks <= 1 || inShare <= limit).as("seed %d", seed).isTrue();
            }
            assertThat(seen).as("seed %d", seed).containsAll(rows.keySet());
        }
    }

    private static Part part(String partition, long low, long high, long rows) {
        return new Part(partition, low, high, rows, partition + low, low, false, 0);
    }

    private static Block block(long number, long rows) {
        return new Block(number, rows, 0, 0, 0);
    }
}
