package io.logcourier.worker;

import io.logcourier.RetryableException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import software.amazon.awssdk.awscore.AwsRequestOverrideConfiguration;
import software.amazon.awssdk.core.interceptor.Context;
import software.amazon.awssdk.core.interceptor.ExecutionAttribute;
import software.amazon.awssdk.core.interceptor.ExecutionAttributes;
import software.amazon.awssdk.core.interceptor.ExecutionInterceptor;

/**
 * Keeps requests that have a deadline from being sent past it, each time that the SDK tries. A process that is stopped in the
 * middle of a request and goes on hours later would else have it sent once more.
 */
final class DeadlineInterceptor implements ExecutionInterceptor {
    private static final ExecutionAttribute<Deadline> DEADLINE = new ExecutionAttribute<>("log-courier.deadline");

    /** The SDK takes no timeout of zero, and time passes between two looks. */
    private static final Duration SHORTEST = Duration.ofMillis(1);

    /**
     * What goes with a request that may be made until a deadline, all its tries together.
     *
     * @throws RetryableException if it is over
     */
    static AwsRequestOverrideConfiguration until(Deadline deadline) {
        deadline.check("a request");
        Duration left = deadline.left();
        return AwsRequestOverrideConfiguration.builder()
                .apiCallTimeout(left.compareTo(SHORTEST) > 0 ? left : SHORTEST)
                .putExecutionAttribute(DEADLINE, deadline)
                .build();
    }

    /**
     * A body that ends in a {@link RetryableException} past a deadline: what S3 has not got to its end makes no object.
     */
    static InputStream until(Deadline deadline, InputStream body) {
        return new FilterInputStream(body) {
            @Override
            public int read() throws IOException {
                byte[] one = new byte[1];
                return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
            }

            @Override
            public int read(byte[] target, int offset, int length) throws IOException {
                deadline.check("a body");
                return super.read(target, offset, length);
            }
        };
    }

    @Override
    public void beforeTransmission(Context.BeforeTransmission request, ExecutionAttributes attributes) {
        Deadline deadline = attributes.getAttribute(DEADLINE);
        if (deadline != null) {
            deadline.check("a request");
        }
    }
}
