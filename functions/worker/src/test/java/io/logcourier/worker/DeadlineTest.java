package io.logcourier.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.logcourier.RetryableException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class DeadlineTest {
    private long nanoseconds = Long.MAX_VALUE;
    private Instant now = Instant.EPOCH;
    private final Deadline deadline = new Deadline(Duration.ofMinutes(5), () -> nanoseconds, () -> now);

    @Test
    void theClockThatRanFurtherCounts() {
        nanoseconds += Duration.ofMinutes(1).toNanos();
        assertThat(deadline.left()).isEqualTo(Duration.ofMinutes(4));

        now = now.plus(Duration.ofMinutes(3));
        assertThat(deadline.left()).isEqualTo(Duration.ofMinutes(2));
        deadline.check("it");

        now = now.plus(Duration.ofMinutes(2));
        assertThatThrownBy(() -> deadline.check("bucket/key"))
                .isInstanceOf(RetryableException.class)
                .hasMessageStartingWith("bucket/key is not written: the attempt began more than 300s ago");
    }

    @Test
    void aClockThatIsSetBackChangesNothing() {
        now = now.minus(Duration.ofDays(1));
        nanoseconds += Duration.ofMinutes(5).toNanos();

        assertThat(deadline.isOver()).isTrue();
    }

    @Test
    void aBodyThatIsReadPastItHasNoEnd() throws IOException {
        InputStream body = DeadlineInterceptor.until(deadline, new ByteArrayInputStream(new byte[10]));
        assertThat(body.readNBytes(9)).hasSize(9);

        nanoseconds += Duration.ofMinutes(5).toNanos();

        assertThatThrownBy(body::read).isInstanceOf(RetryableException.class);
    }

    @Test
    void aRequestHasAsMuchTimeAsIsLeft() {
        nanoseconds += Duration.ofMinutes(2).toNanos();

        assertThat(DeadlineInterceptor.until(deadline).apiCallTimeout()).contains(Duration.ofMinutes(3));
    }
}
