package io.logcourier.localstack.lambda;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class LocalContextTest {
    @Test
    void theRemainingTimeEndsAtZero() {
        assertThat(new LocalContext("worker", Duration.ofMinutes(15)).getRemainingTimeInMillis())
                .isBetween(890_000, 900_000);
        assertThat(new LocalContext("worker", Duration.ZERO).getRemainingTimeInMillis())
                .isZero();
        assertThat(new LocalContext("worker", Duration.ofDays(300)).getRemainingTimeInMillis())
                .isEqualTo(Integer.MAX_VALUE);
    }

    @Test
    void eachInvocationHasItsOwnRequestId() {
        assertThat(new LocalContext("worker", Duration.ZERO).getAwsRequestId())
                .isNotEqualTo(new LocalContext("worker", Duration.ZERO).getAwsRequestId());
    }
}
