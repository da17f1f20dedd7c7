package io.logcourier.message;

import io.logcourier.PoisonMessageException;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * Points at a run of orders in a lane's ledger. The ledger is what counts: a forged or stale message can at most deliver
 * a real order again.
 *
 * @param version of this format: {@value #VERSION}
 * @param lane whose ledger
 * @param epoch that decided the orders
 * @param first number of the first order
 * @param last number of the last order, included
 * @param reopen whether to deliver orders that were given up
 */
public record OrderMessage(int version, String lane, long epoch, int first, int last, boolean reopen) {
    /** The version that this code writes and reads. */
    public static final int VERSION = 1;

    private static final JsonMapper JSON = JsonMapper.builder()
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT, DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
            .build();

    private static final int SHOWN = 200;

    /** A first delivery of the orders {@code first} to {@code last} of {@code epoch}. */
    public static OrderMessage of(String lane, long epoch, int first, int last) {
        return new OrderMessage(VERSION, lane, epoch, first, last, false);
    }

    /**
     * Reads a message body.
     *
     * @throws PoisonMessageException if it is no message of this version
     */
    public static OrderMessage parse(String body) {
        OrderMessage message;
        try {
            message = JSON.readValue(body, OrderMessage.class);
        } catch (JacksonException e) {
            throw new PoisonMessageException("no order message: " + e.getOriginalMessage() + " in " + shown(body), e);
        }
        if (message == null || message.version != VERSION) {
            throw new PoisonMessageException("an order message of version " + VERSION + " is needed: " + shown(body));
        }
        if (message.lane == null || message.epoch < 1 || message.first < 0 || message.last < message.first) {
            throw new PoisonMessageException(
                    "an order message needs lane, epoch >= 1 and 0 <= first <= last: " + shown(body));
        }
        return message;
    }

    /** The message as a body. */
    public String body() {
        return JSON.writeValueAsString(this);
    }

    private static String shown(String body) {
        if (body.length() <= SHOWN) {
            return body;
        }
        int end = Character.isHighSurrogate(body.charAt(SHOWN - 1)) ? SHOWN - 1 : SHOWN;
        return body.substring(0, end) + "... (" + body.length() + " characters)";
    }
}
