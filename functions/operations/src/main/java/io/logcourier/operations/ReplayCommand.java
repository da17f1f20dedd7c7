package io.logcourier.operations;

import io.logcourier.accesslog.AccessLogTable;
import io.logcourier.clickhouse.ClickHouse;
import io.logcourier.configuration.Settings;
import io.logcourier.ledger.Ledger;
import io.logcourier.ledger.Tally;
import io.logcourier.ledger.WorkOrder;
import io.logcourier.logging.Quantity;
import io.logcourier.message.Message;
import io.logcourier.message.ReplayMessage;
import io.logcourier.message.SqsOrderQueue;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** {@code courier replay}. */
@Command(
        name = "replay",
        footer = {
            "  courier replay --bucket cats --from 2026-01-31 --to 2026-02-01",
            "  courier replay --bucket cats --from 2026-01-31 --to 2026-02-01 --target copies/cats/"
        },
        description = {
            "Has log objects delivered again: enqueues a message that asks for all orders of a bucket with a request in"
                    + " a span of time, each order whole. The workers write the same keys with the same bytes; what was"
                    + " given up is reopened. With --target, copies go there instead.",
            "Exits with 1 if there is no such order, or rows of some are gone from ClickHouse: these cannot be made again."
        })
public final class ReplayCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Mixin
    private LaneOption lanes;

    @Option(names = "--bucket", required = true, description = "whose requests were logged")
    private String bucket;

    @Option(
            names = "--from",
            required = true,
            paramLabel = "TIME",
            converter = Time.class,
            description = "earliest time of a request: 2026-01-31T12:00:00Z, or a day in UTC, 2026-01-31")
    private Instant from;

    @Option(
            names = "--to",
            required = true,
            paramLabel = "TIME",
            converter = Time.class,
            description = "the first time that is too late")
    private Instant to;

    @Option(
            names = "--target",
            paramLabel = "BUCKET/PREFIX",
            description = "write copies there; the setting worker.replay-targets of the workers must allow it")
    private String target;

    @Option(names = "--json", description = "print what was found as one JSON object")
    private boolean json;

    /**
     * What was found and enqueued: the answer of {@code courier replay --json}.
     *
     * @param orders that the workers will deliver again
     * @param rows of these orders
     * @param remaining of these rows, those that ClickHouse still has
     * @param incomplete orders whose rows are gone or changed in part; the workers refuse them
     */
    public record Replay(String lane, String bucket, int orders, long rows, long remaining, List<String> incomplete) {
        private String text() {
            if (orders == 0) {
                return "No order of bucket %s has a request in that time: nothing to replay.".formatted(bucket);
            }
            String found = "%s of bucket %s, %s: replay enqueued."
                    .formatted(Quantity.of(orders, "order"), bucket, Quantity.of(rows, "row"));
            return incomplete.isEmpty()
                    ? found
                    : found
                            + " %,d of %s in ClickHouse; %s be made again and will end in the dead-letter queue: %s"
                                    .formatted(
                                            remaining,
                                            Quantity.of(rows, "row is", "rows are"),
                                            Quantity.of(incomplete.size(), "order cannot", "orders cannot"),
                                            String.join(", ", incomplete));
        }
    }

    @Override
    public Integer call() {
        Settings settings = SettingsFlags.read(spec.commandLine().getParseResult());
        List<Replay> replays = new ArrayList<>();
        lanes.forEach(settings, lane -> replays.add(replay(lane)));
        boolean isWhole =
                replays.stream().allMatch(replay -> replay.incomplete().isEmpty());
        return isWhole && replays.stream().anyMatch(replay -> replay.orders() > 0) ? 0 : 1;
    }

    private Replay replay(Settings settings) {
        ReplayMessage message = new ReplayMessage(
                Message.VERSION, settings.lane().name(), bucket, from, to, Optional.ofNullable(target));
        Message.parse(message.body());
        Replay replay;
        try (ClickHouse clickHouse = ClickHouse.connect(settings.lane().endpoint());
                SqsOrderQueue queue = new SqsOrderQueue(settings)) {
            replay = look(settings, clickHouse);
            if (replay.orders() > 0) {
                queue.send(List.of(message));
            }
        }
        Output.print(spec, json, replay, Replay::text);
        return replay;
    }

    private Replay look(Settings settings, ClickHouse clickHouse) {
        Ledger ledger = new Ledger(clickHouse, settings.lane());
        AccessLogTable table = new AccessLogTable(clickHouse, settings.lane());
        List<WorkOrder> orders = ledger.replayable(bucket, from, to);
        long rows = 0;
        long remaining = 0;
        List<String> incomplete = new ArrayList<>();
        for (WorkOrder order : orders) {
            Tally left = table.tally(order, ledger.claims(order.fromEpoch(), order.toEpoch()));
            rows += order.tally().rows();
            remaining += left.rows();
            if (!order.tally().matches(left.rows(), left.checksum())) {
                incomplete.add(order.id());
            }
        }
        return new Replay(settings.lane().name(), bucket, orders.size(), rows, remaining, incomplete);
    }

    /** A time as ISO 8601 has it, or a day in UTC. */
    private static final class Time implements ITypeConverter<Instant> {
        @Override
        public Instant convert(String text) {
            try {
                return text.length() == "2026-01-31".length()
                        ? LocalDate.parse(text).atStartOfDay(ZoneOffset.UTC).toInstant()
                        : Instant.parse(text);
            } catch (DateTimeParseException e) {
                throw new TypeConversionException(
                        "'" + text + "' is no time: 2026-01-31T12:00:00Z, or a day, 2026-01-31, is needed");
            }
        }
    }
}
