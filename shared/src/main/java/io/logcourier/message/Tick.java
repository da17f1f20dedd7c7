package io.logcourier.message;

import io.logcourier.PoisonMessageException;
import java.io.InputStream;
import java.util.Optional;
import tools.jackson.core.JacksonException;

/**
 * The payload of a discovery run. Every field may be left out, and fields that the scheduler adds are ignored.
 *
 * @param lane the only lane to plan; empty plans all
 * @param flush whether every group with a pending row is due
 * @param redeliver whether all open orders are enqueued again, after a lost or purged queue
 */
public record Tick(Optional<String> lane, boolean flush, boolean redeliver) {
    /** Null stands for empty. */
    public Tick {
        lane = lane == null ? Optional.empty() : lane;
    }

    /**
     * Reads a payload.
     *
     * @throws PoisonMessageException if it is no JSON object with these fields
     */
    public static Tick parse(InputStream payload) {
        try {
            Tick tick = Bodies.JSON.readValue(payload, Tick.class);
            return tick == null ? new Tick(Optional.empty(), false, false) : tick;
        } catch (JacksonException e) {
            throw new PoisonMessageException("no tick: " + e.getOriginalMessage(), e);
        }
    }

    /** The tick as a payload. */
    public String payload() {
        return Bodies.JSON.writeValueAsString(this);
    }
}
