package io.logcourier;

import java.util.ArrayList;
import java.util.List;

/** What failed in some of several lanes: the others go on, and all of it is told in the end. Not thread-safe. */
public final class LaneFailures {
    private final List<String> reasons = new ArrayList<>();
    private CourierException first;
    private boolean isRetryable;

    /** Adds a failure of {@code lane}. */
    public void add(String lane, CourierException failure) {
        reasons.add("lane " + lane + ": " + failure.getMessage());
        first = first == null ? failure : first;
        isRetryable |= failure instanceof RetryableException;
    }

    /**
     * Does nothing if nothing failed.
     *
     * @throws RetryableException that names all failures, if trying again may help one of them
     * @throws ConfigurationException that names all failures otherwise
     */
    public void raise() {
        if (first == null) {
            return;
        }
        String all = String.join("\n", reasons);
        throw isRetryable ? new RetryableException(all, first) : new ConfigurationException(all, first);
    }
}
