package io.logcourier.message;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import io.logcourier.PoisonMessageException;
import tools.jackson.core.JacksonException;

/**
 * The body of a message in the order queue: a JSON object whose {@code type} says which. Unknown fields are ignored. The
 * ledger is what counts: a forged or stale message can at most deliver real orders again.
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
    @JsonSubTypes.Type(value = OrderMessage.class, name = "orders"),
    @JsonSubTypes.Type(value = ReplayMessage.class, name = "replay")
})
public sealed interface Message permits OrderMessage, ReplayMessage {
    /** The version of the format that this code writes and reads. */
    int VERSION = 1;

    /** Version of its format. */
    int version();

    /** Whose ledger it is about. */
    String lane();

    /** What keeps its fields from making sense together, or null. */
    String fault();

    /**
     * Reads a message body.
     *
     * @throws PoisonMessageException if it is no message of this version
     */
    static Message parse(String body) {
        Message message;
        try {
            message = Bodies.JSON.readValue(body, Message.class);
        } catch (JacksonException e) {
            throw new PoisonMessageException("no message: " + e.getOriginalMessage() + " in " + Bodies.shown(body), e);
        }
        if (message == null || message.version() != VERSION) {
            throw new PoisonMessageException("a message of version " + VERSION + " is needed: " + Bodies.shown(body));
        }
        String fault = message.lane() == null ? "a message needs a lane" : message.fault();
        if (fault != null) {
            throw new PoisonMessageException(fault + ": " + Bodies.shown(body));
        }
        return message;
    }

    /** The message as a body. */
    default String body() {
        return Bodies.JSON.writeValueAsString(this);
    }
}
