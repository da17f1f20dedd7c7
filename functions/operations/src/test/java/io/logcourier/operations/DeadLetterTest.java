package io.logcourier.operations;

import static org.assertj.core.api.Assertions.assertThat;

import io.logcourier.message.OrderMessage;
import io.logcourier.operations.DeadLetter.State;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** A letter goes when nothing that it asks for is left to do, and not before. */
class DeadLetterTest {
    private static final Instant SENT = Instant.parse("2026-11-30T12:00:00Z");
    private static final Optional<Instant> BEFORE = Optional.of(SENT.minusSeconds(60));
    private static final Optional<Instant> SINCE = Optional.of(SENT.plusSeconds(60));
    private static final Optional<Instant> NEVER = Optional.empty();

    private static final OrderMessage FIRST = OrderMessage.of("main", 3, 0, 1);
    private static final OrderMessage GIVEN_UP = FIRST.replay(0);

    @Test
    void anOrderThatWasGivenUpIsHealedByADeliverySince() {
        assertThat(judge(GIVEN_UP, ending(NEVER, SINCE))).isEqualTo(State.WAITS);
        assertThat(judge(GIVEN_UP, ending(SINCE, BEFORE))).isEqualTo(State.HEALED);
        assertThat(judge(GIVEN_UP, superseded())).isEqualTo(State.HEALED);
    }

    @Test
    void aReplayThatFailedIsNotHealedByWhatWasDeliveredBefore() {
        assertThat(judge(GIVEN_UP, ending(BEFORE, NEVER))).isEqualTo(State.WAITS);
    }

    @Test
    void aFirstDeliveryIsHealedWhenEachOfItsOrdersHasAnOffset() {
        assertThat(judge(FIRST, ending(BEFORE, NEVER), ending(NEVER, SINCE))).isEqualTo(State.HEALED);
        assertThat(judge(FIRST, ending(BEFORE, NEVER), ending(NEVER, NEVER))).isEqualTo(State.WAITS);
    }

    @Test
    void ofCopiesNobodyKnowsWhetherTheyAreThere() {
        OrderMessage copies = new OrderMessage(1, "main", 3, 0, 0, true, Optional.of("copies/"));
        assertThat(judge(copies, ending(SINCE, NEVER))).isEqualTo(State.WAITS);
    }

    @Test
    void ordersThatTheBooksDoNotHaveAreNotCalledHealed() {
        assertThat(judge(FIRST, ending(SINCE, NEVER))).isEqualTo(State.UNKNOWN);
        assertThat(judge(GIVEN_UP)).isEqualTo(State.UNKNOWN);
    }

    private static State judge(OrderMessage message, Ending... endings) {
        return DeadLetter.judge(message, SENT, List.of(endings));
    }

    private static Ending ending(Optional<Instant> delivered, Optional<Instant> givenUp) {
        return new Ending(3, 0, "cats", "cat-logs", 5, false, delivered, givenUp, "", 0, 0);
    }

    private static Ending superseded() {
        return new Ending(3, 0, "cats", "cat-logs", 5, true, NEVER, NEVER, "", 0, 0);
    }
}
