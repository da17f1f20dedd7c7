package io.logcourier.worker;

import io.logcourier.RetryableException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.function.LongSupplier;

/**
 * The end of the time that an invocation has. Past it no object may appear: what the invocation has seen of its orders
 * may be settled otherwise by then. Of two clocks the one that ran further counts, since one stands still while a machine
 * sleeps, and the other can be set back. Thread-safe.
 */
final class Deadline {
    private final Duration time;
    private final LongSupplier nanoseconds;
    private final InstantSource clock;
    private final long began;
    private final Instant beganAt;

    /** {@code time} from now on, by clocks that may be a test's. */
    Deadline(Duration time, LongSupplier nanoseconds, InstantSource clock) {
        this.time = time;
        this.nanoseconds = nanoseconds;
        this.clock = clock;
        began = nanoseconds.getAsLong();
        beganAt = clock.instant();
    }

    /** {@code time} from now on. */
    static Deadline in(Duration time) {
        return new Deadline(time, System::nanoTime, InstantSource.system());
    }

    /** How much time is left; zero or negative when it is over. */
    Duration left() {
        Duration ran = Duration.ofNanos(nanoseconds.getAsLong() - began);
        Duration passed = Duration.between(beganAt, clock.instant());
        return time.minus(ran.compareTo(passed) > 0 ? ran : passed);
    }

    /** Whether no time is left. */
    boolean isOver() {
        return !left().isPositive();
    }

    /**
     * Checks that something may still be written.
     *
     * @param what is to be written, for the message
     * @throws RetryableException if the time is over
     */
    void check(Object what) {
        if (isOver()) {
            throw new RetryableException(what + " is not written: the attempt began more than " + time.toSeconds()
                    + "s ago, and its order may be settled otherwise by now; a later attempt looks again");
        }
    }
}
