package io.logcourier.looker;

import static org.assertj.core.api.Assertions.assertThat;

import io.logcourier.logging.Metric;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class LookerHandlerTest {
    @Test
    void cloudWatchIsToldWhatIsRightWhatIsNotAndHowLongItTook() {
        Report.Read reading = new Report.Read(
                2,
                1000,
                Map.of("right", 97L, "missing", 2L, "duplicated", 1L, "late", 4L),
                0,
                0,
                0,
                new Report.Delay(97, 1, 2, 3000, 4000, List.of()),
                List.of(),
                0);

        assertThat(LookerHandler.figures(reading))
                .containsOnly(
                        Map.entry(Metric.ENTRIES_RIGHT, 97L),
                        Map.entry(Metric.ENTRY_FAULTS, 7L),
                        Map.entry(Metric.ENTRY_DELAY, 3000L));
    }
}
