package io.logcourier.operations;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ShareTest {
    private static final Duration HOUR = Duration.ofHours(1);
    private static final Duration DAY = Duration.ofDays(1);
    private static final int THINGS = 2_000;

    @Test
    void auditsOfADayReadEverythingThoughTheyAreEarlyOrLateAndNoneReadsMuchOfIt() {
        long seed = 21;
        Random random = new Random(seed);
        long[] hashes = random.longs(THINGS).toArray();
        Set<Integer> read = new HashSet<>();
        Instant first = Instant.parse("2026-11-30T10:59:58Z");
        for (int hour = 0; hour < 25; hour++) {
            // Up to two minutes late.
            Instant now = first.plus(HOUR.multipliedBy(hour)).plusSeconds(random.nextInt(120));
            Share share = Share.of(now, HOUR, DAY);
            Set<Integer> due = new HashSet<>(IntStream.range(0, THINGS)
                    .filter(i -> share.isDue(hashes[i]))
                    .boxed()
                    .toList());
            assertThat(due).as("seed %d, hour %d", seed, hour).hasSizeBetween(1, THINGS / 12);
            read.addAll(due);
        }
        assertThat(read).as("seed %d", seed).hasSize(THINGS);
    }

    @Test
    void anAuditThatRunsSeldomReadsEverything() {
        assertThat(Share.of(Instant.EPOCH, DAY, HOUR).isAll()).isTrue();
        assertThat(Share.of(Instant.now(), HOUR, HOUR).isDue(-1)).isTrue();
        assertThat(Share.of(Instant.now(), HOUR, DAY).isAll()).isFalse();
        assertThat(Share.ALL.isAll()).isTrue();
        assertThat(IntStream.range(-50, 50).allMatch(Share.ALL::isDue)).isTrue();
    }
}
