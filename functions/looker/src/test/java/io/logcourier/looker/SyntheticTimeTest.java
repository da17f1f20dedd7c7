package io.logcourier.looker;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class SyntheticTimeTest {
    private static final long NOW = 1_795_298_400_000L;
    private static final long NANOS = 1_000_000;

    @Test
    void itBeginsInTheMiddleAndMovesByTheStep() {
        SyntheticTime time = SyntheticTime.coupled(NOW, 3, 1_000, 11_000);

        assertThat(time.take(NOW, 10)).isEqualTo((NOW - 6_000) * NANOS);
        assertThat(time.take(NOW, 10)).isEqualTo((NOW - 6_000) * NANOS + 30);
        assertThat(time.leaps()).isZero();
    }

    @Test
    void tooFastWaitsForTheLastEntryOfAFragment() {
        SyntheticTime time = SyntheticTime.coupled(NOW, NANOS, 1_000, 11_000);

        assertThat(time.waitMillis(NOW, 5_001)).isZero();
        assertThat(time.waitMillis(NOW, 5_002)).isEqualTo(1);
        time.take(NOW, 5_001);
        assertThat(time.waitMillis(NOW, 100)).isEqualTo(100);
        assertThat(time.waitMillis(NOW + 100, 100)).isZero();
    }

    @Test
    void tooSlowLeapsToTheMiddle() {
        SyntheticTime time = SyntheticTime.coupled(NOW, NANOS, 1_000, 11_000);

        assertThat(time.take(NOW + 5_000, 1)).isEqualTo((NOW - 6_000) * NANOS);
        assertThat(time.leaps()).isZero();
        assertThat(time.take(NOW + 5_002, 1)).isEqualTo((NOW + 5_002 - 6_000) * NANOS);
        assertThat(time.leaps()).isEqualTo(1);
    }

    @Test
    void fromAStartOnTheWallClockDoesNotMatter() {
        SyntheticTime time = SyntheticTime.from(1_000, NANOS);

        assertThat(time.waitMillis(0, 1_000_000)).isZero();
        assertThat(time.take(NOW, 10)).isEqualTo(1_000 * NANOS);
        assertThat(time.take(NOW, 10)).isEqualTo(1_010 * NANOS);
        assertThat(time.leaps()).isZero();
    }
}
