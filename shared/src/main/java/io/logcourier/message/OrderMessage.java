package io.logcourier.message;

import com.fasterxml.jackson.annotation.JsonIgnore;
import io.logcourier.ledger.WorkOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Points at a run of orders in a lane's ledger.
 *
 * @param version of this format: {@value Message#VERSION}
 * @param lane whose ledger
 * @param epoch that decided the orders
 * @param first number of the first order
 * @param last number of the last order, included
 * @param replay whether to deliver orders that have an outcome already; one that was given up is so reopened
 * @param target where a replay writes copies instead, as {@code BUCKET/PREFIX}; they leave no trace in the ledger
 */
public record OrderMessage(
        int version, String lane, long epoch, int first, int last, boolean replay, Optional<String> target)
        implements Message {
    /**
     * What one message carries at most: it fits one invocation many times over, and what each message costs once, 70 to
     * 200 ms of ClickHouse's CPU to plan its statements, is small beside its rows.
     */
    private static final long ROWS = 500_000;

    private static final int ORDERS = 2000;

    /** Null stands for empty. */
    public OrderMessage {
        target = target == null ? Optional.empty() : target;
    }

    /** A first delivery of the orders {@code first} to {@code last} of {@code epoch}. */
    public static OrderMessage of(String lane, long epoch, int first, int last) {
        return new OrderMessage(VERSION, lane, epoch, first, last, false, Optional.empty());
    }

    /** One order of it, to be delivered again whatever its outcome is by then. */
    public OrderMessage replay(int number) {
        return new OrderMessage(version, lane, epoch, number, number, true, target);
    }

    /**
     * First deliveries of {@code orders}, which are sorted: runs of neighbours that take the same epochs, up to 500,000
     * rows and 2,000 orders each.
     */
    public static List<OrderMessage> deliver(String lane, List<WorkOrder> orders) {
        return pack(lane, orders, false, Optional.empty());
    }

    /** Replays of {@code orders}, packed as first deliveries are. */
    public static List<OrderMessage> replay(String lane, List<WorkOrder> orders, Optional<String> target) {
        return pack(lane, orders, true, target);
    }

    private static List<OrderMessage> pack(
            String lane, List<WorkOrder> orders, boolean replay, Optional<String> target) {
        List<OrderMessage> messages = new ArrayList<>();
        WorkOrder first = null;
        WorkOrder last = null;
        long rows = 0;
        for (WorkOrder order : orders) {
            boolean joins = last != null
                    && order.epoch() == last.epoch()
                    && order.number() == last.number() + 1
                    && order.fromEpoch() == last.fromEpoch()
                    && order.toEpoch() == last.toEpoch()
                    && order.number() - first.number() < ORDERS
                    && rows + order.tally().rows() <= ROWS;
            if (!joins) {
                if (first != null) {
                    messages.add(new OrderMessage(
                            VERSION, lane, first.epoch(), first.number(), last.number(), replay, target));
                }
                first = order;
                rows = 0;
            }
            last = order;
            rows += order.tally().rows();
        }
        if (first != null) {
            messages.add(new OrderMessage(VERSION, lane, first.epoch(), first.number(), last.number(), replay, target));
        }
        return messages;
    }

    @Override
    @JsonIgnore
    public String fault() {
        return epoch >= 1 && first >= 0 && last >= first
                ? null
                : "a message about orders needs epoch >= 1 and 0 <= first <= last";
    }
}
