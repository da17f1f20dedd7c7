package io.logcourier.message;

import static org.assertj.core.api.Assertions.assertThat;

import io.logcourier.ledger.Compression;
import io.logcourier.ledger.Group;
import io.logcourier.ledger.Tally;
import io.logcourier.ledger.WorkOrder;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OrderMessagePackingTest {
    private static final Instant TIME = Instant.parse("2026-01-01T00:00:00Z");

    @Test
    void noOrdersMakeNoMessages() {
        assertThat(OrderMessage.deliver("main", List.of())).isEmpty();
    }

    @Test
    void smallNeighboursThatTakeTheSameEpochsTravelTogether() {
        assertThat(OrderMessage.deliver(
                        "main", List.of(order(5, 0, 1, 4, 10), order(5, 1, 1, 4, 10), order(5, 2, 1, 4, 10))))
                .containsExactly(OrderMessage.of("main", 5, 0, 2));
    }

    @Test
    void ordersThatTakeOtherEpochsAreDecidedByAnotherOrAreNoNeighboursTravelApart() {
        assertThat(OrderMessage.deliver(
                        "main",
                        List.of(
                                order(5, 0, 1, 4, 1),
                                order(5, 1, 2, 4, 1),
                                order(5, 2, 2, 3, 1),
                                order(5, 4, 2, 3, 1),
                                order(6, 5, 2, 3, 1))))
                .containsExactly(
                        OrderMessage.of("main", 5, 0, 0),
                        OrderMessage.of("main", 5, 1, 1),
                        OrderMessage.of("main", 5, 2, 2),
                        OrderMessage.of("main", 5, 4, 4),
                        OrderMessage.of("main", 6, 5, 5));
    }

    @Test
    void aMessageCarriesNoMoreThanHalfAMillionRows() {
        assertThat(OrderMessage.deliver(
                        "main",
                        List.of(
                                order(5, 0, 1, 4, 320_000),
                                order(5, 1, 1, 4, 180_000),
                                order(5, 2, 1, 4, 1),
                                order(5, 3, 1, 4, 500_000))))
                .containsExactly(
                        OrderMessage.of("main", 5, 0, 1),
                        OrderMessage.of("main", 5, 2, 2),
                        OrderMessage.of("main", 5, 3, 3));
    }

    @Test
    void anOrderLargerThanAMessageTravelsAlone() {
        assertThat(OrderMessage.deliver(
                        "main", List.of(order(5, 0, 1, 4, 1), order(5, 1, 1, 4, 1_000_000), order(5, 2, 1, 4, 1))))
                .containsExactly(
                        OrderMessage.of("main", 5, 0, 0),
                        OrderMessage.of("main", 5, 1, 1),
                        OrderMessage.of("main", 5, 2, 2));
    }

    @Test
    void aMessageCarriesNoMoreThanTwoThousandOrders() {
        List<WorkOrder> orders = IntStream.range(0, 4_001)
                .mapToObj(number -> order(5, number, 1, 4, 1))
                .toList();

        assertThat(OrderMessage.deliver("main", orders))
                .containsExactly(
                        OrderMessage.of("main", 5, 0, 1999),
                        OrderMessage.of("main", 5, 2000, 3999),
                        OrderMessage.of("main", 5, 4000, 4000));
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void everyOrderIsInExactlyOneMessageAndNoMessageNamesAnother(long seed) {
        Random random = new Random(seed);
        List<WorkOrder> orders = new ArrayList<>();
        for (int epoch = 1; epoch < 20; epoch++) {
            int from = 1;
            for (int number = 0; number < random.nextInt(4_800); number++) {
                from += random.nextInt(20) == 0 ? 1 : 0;
                if (random.nextInt(30) > 0) {
                    orders.add(order(
                            epoch, number, from, 100, 1 + random.nextInt(random.nextInt(1_000) == 0 ? 200_000 : 500)));
                }
            }
        }

        List<String> named = new ArrayList<>();
        for (OrderMessage message : OrderMessage.deliver("main", orders)) {
            IntStream.rangeClosed(message.first(), message.last())
                    .forEach(number -> named.add(message.epoch() + "/" + number));
        }

        assertThat(named)
                .as("seed %d", seed)
                .isEqualTo(orders.stream().map(WorkOrder::id).toList());
    }

    private static WorkOrder order(long epoch, int number, long from, long to, long rows) {
        return new WorkOrder(
                epoch,
                number,
                TIME,
                new Group(0, "bucket-" + number, "target", "prefix/"),
                from,
                to,
                new Tally(rows, 0, TIME, TIME, TIME, TIME),
                "key-" + number,
                "",
                "text-1",
                Compression.NONE,
                "us-east-1",
                List.of(),
                0,
                0);
    }
}
