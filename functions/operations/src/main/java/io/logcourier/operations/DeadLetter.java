package io.logcourier.operations;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.logcourier.message.OrderMessage;
import java.time.Instant;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A message of the dead-letter queue, and what is to be done about it: an entry of the answer of
 * {@code courier redrive --json}.
 *
 * @param id of the message
 * @param sentAt when it was put there, or first enqueued where SQS moved it itself
 * @param lane that it names; empty where it is no message of ours
 * @param what it asks for
 * @param buckets of the orders that it is about, without repetition
 * @param rows of these orders
 * @param reason why it is there
 * @param state how it stands now
 * @param fate what was done about it
 */
public record DeadLetter(
        String id,
        Instant sentAt,
        String lane,
        String what,
        List<String> buckets,
        long rows,
        String reason,
        State state,
        Fate fate) {
    /** How a letter stands. */
    public enum State {
        /** What it asks for is not done: mend what the reason names, then redrive it. */
        @JsonProperty("waits")
        WAITS("mend what the reason names, then `courier redrive`"),
        /** All its orders were delivered since, or later ones take their rows: it goes. */
        @JsonProperty("healed")
        HEALED("nothing is left to do: `courier redrive` removes it"),
        /** No ledger has its lane, or its orders: it may be of a ledger that was made anew, or trimmed. */
        @JsonProperty("unknown")
        UNKNOWN("if its ledger was made anew or has forgotten it, `courier redrive --discard ID`"),
        /** It is no message of this version. */
        @JsonProperty("unreadable")
        UNREADABLE("find out who sends it, then `courier redrive --discard ID`");

        private final String advice;

        State(String advice) {
            this.advice = advice;
        }
    }

    /** What was done about a letter. */
    public enum Fate {
        /** It lies where it lay. */
        @JsonProperty("left")
        LEFT,
        /** It is in the order queue again. */
        @JsonProperty("redriven")
        REDRIVEN,
        /** It is no more. */
        @JsonProperty("removed")
        REMOVED
    }

    /** The same, after something was done. */
    DeadLetter with(Fate other) {
        return new DeadLetter(id, sentAt, lane, what, buckets, rows, reason, state, other);
    }

    /**
     * How a letter about orders stands.
     *
     * @param sentAt when it was sent: what was delivered before has not healed a replay that failed
     * @param endings of its orders, as far as the books have them
     */
    static State judge(OrderMessage message, Instant sentAt, List<Ending> endings) {
        if (endings.size() <= message.last() - message.first()) {
            return State.UNKNOWN;
        }
        if (message.target().isPresent()) {
            // Copies leave no trace in the books.
            return State.WAITS;
        }
        return endings.stream().allMatch(ending -> isSettled(message.replay(), sentAt, ending))
                ? State.HEALED
                : State.WAITS;
    }

    /** An order that was given up has a letter of its own, which is a replay. */
    private static boolean isSettled(boolean isReplay, Instant sentAt, Ending ending) {
        return ending.superseded()
                || (isReplay
                        ? ending.isDeliveredSince(sentAt)
                        : ending.deliveredAt().isPresent() || ending.givenUpAt().isPresent());
    }

    /** For people, in some lines. */
    String text() {
        String of = buckets.isEmpty()
                ? ""
                : " of bucket %s, %,d rows".formatted(buckets.stream().collect(Collectors.joining(", ")), rows);
        return "%s%s: %s%n    %s%n    message %s of %s".formatted(what, of, name(state), reason, id, sentAt)
                + switch (fate) {
                    case LEFT -> "%n    %s".formatted(state.advice.replace("ID", id));
                    case REDRIVEN -> ", enqueued again";
                    case REMOVED -> ", removed";
                };
    }

    private static String name(State state) {
        return switch (state) {
            case WAITS -> "waits";
            case HEALED -> "healed otherwise";
            case UNKNOWN -> "in no ledger";
            case UNREADABLE -> "no message of ours";
        };
    }
}
