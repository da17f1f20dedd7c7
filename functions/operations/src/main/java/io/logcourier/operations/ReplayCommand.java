package io.logcourier.operations;

import io.logcourier.ConfigurationException;
import io.logcourier.RetryableException;
import io.logcourier.accesslog.AccessLogTable;
import io.logcourier.clickhouse.ClickHouse;
import io.logcourier.configuration.Settings;
import io.logcourier.ledger.Ledger;
import io.logcourier.ledger.Offset.Outcome;
import io.logcourier.ledger.Tally;
import io.logcourier.ledger.WorkOrder;
import io.logcourier.logging.Quantity;
import io.logcourier.message.Message;
import io.logcourier.message.OrderMessage;
import io.logcourier.message.ReplayMessage;
import io.logcourier.message.SqsOrderQueue;
import io.logcourier.s3.TargetClient;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;
import software.amazon.awssdk.services.s3.S3Client;

/** {@code courier replay}. */
@Command(
        name = "replay",
        footer = {
            "  courier replay --bucket cats --from 2026-01-31 --to 2026-02-01",
            "  courier replay --bucket cats --from 2026-01-31 --to 2026-02-01 --target copies/cats/"
        },
        description = {
            "Has log objects delivered again: enqueues messages that ask for orders, those that are named, or all of a bucket"
                    + " with a request in a span of time, each order whole. The workers write the same keys with the same bytes; what was"
                    + " given up is reopened. With --target, copies go there instead.",
            "Exits with 1 if there is no such order, or rows of some are gone from ClickHouse: these cannot be made again;"
                    + " with --wait, also if some are not in their objects in the end."
        })
public final class ReplayCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Mixin
    private LaneOption lanes;

    @ArgGroup(multiplicity = "1")
    private Which which;

    /** What is to be delivered again. */
    private static final class Which {
        @ArgGroup(exclusive = false)
        private Span span;

        @Option(
                names = "--order",
                paramLabel = "EPOCH/NUMBER",
                converter = Order.class,
                description = "this order, as audit and status name it; may be repeated")
        private List<Order> orders = List.of();
    }

    /** Orders by the requests that they hold. */
    private static final class Span {
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
    }

    @Option(
            names = "--target",
            paramLabel = "BUCKET/PREFIX",
            description = "write copies there; the setting worker.replay-targets of the workers must allow it")
    private String target;

    @Option(
            names = "--wait",
            paramLabel = "TIME",
            arity = "0..1",
            fallbackValue = "30m",
            converter = Seconds.class,
            description =
                    "wait until each order is in its object, or given up again; TIME at most (without one: ${FALLBACK-VALUE}). Needs to read the objects")
    private Duration wait;

    @Option(
            names = "--json",
            description = "print what was found as one JSON object, with --wait what came of it as a second")
    private boolean json;

    /**
     * What was found and enqueued: the answer of {@code courier replay --json}.
     *
     * @param bucket whose requests were logged; several are separated by commas
     * @param orders that the workers will deliver again
     * @param rows of these orders
     * @param remaining of these rows, those that ClickHouse still has
     * @param incomplete orders whose rows are gone or changed in part; the workers refuse them
     * @param enqueued whether the workers are asked for them: not where they could make none of them
     */
    public record Replay(
            String lane,
            String bucket,
            int orders,
            long rows,
            long remaining,
            List<String> incomplete,
            boolean enqueued) {
        private String text() {
            if (orders == 0) {
                return bucket.isEmpty()
                        ? "No such order, or later ones take its rows: nothing to replay."
                        : "No order of bucket %s has a request in that time: nothing to replay.".formatted(bucket);
            }
            String found =
                    "%s of bucket %s, %s: ".formatted(Quantity.of(orders, "order"), bucket, Quantity.of(rows, "row"))
                            + (enqueued ? "replay enqueued." : "not enqueued.");
            return incomplete.isEmpty()
                    ? found
                    : found
                            + " %,d of %s in ClickHouse; %s be made again%s: %s"
                                    .formatted(
                                            remaining,
                                            Quantity.of(rows, "row is", "rows are"),
                                            Quantity.of(incomplete.size(), "order cannot", "orders cannot"),
                                            enqueued ? " and will end in the dead-letter queue" : "",
                                            String.join(", ", incomplete));
        }
    }

    @Override
    public Integer call() {
        Settings settings = SettingsFlags.read(spec.commandLine().getParseResult());
        checkAllowed(settings);
        AtomicBoolean isWhole = new AtomicBoolean(true);
        AtomicBoolean isFound = new AtomicBoolean();
        Consumer<Settings> replay = lane -> {
            Found found = replay(lane);
            isWhole.compareAndSet(true, found.replay().incomplete().isEmpty());
            isFound.compareAndSet(false, found.replay().orders() > 0);
            if (wait != null && found.replay().enqueued()) {
                isWhole.compareAndSet(true, follow(lane, found));
            }
        };
        if (which.span == null) {
            // An order is named within its lane.
            replay.accept(lanes.one(settings));
        } else {
            lanes.forEach(settings, replay);
        }
        return isWhole.get() && isFound.get() ? 0 : 1;
    }

    /** The workers would say so too, later, in the dead-letter queue. */
    private void checkAllowed(Settings settings) {
        if (target == null) {
            return;
        }
        if (!settings.worker().allowsCopies(target)) {
            throw new ConfigurationException(
                    "replays may not write to %s: the setting worker.replay-targets allows %s; give this command what the workers have"
                            .formatted(target, settings.worker().replayTargets()));
        }
        checkBucket(settings, target.split("/", 2)[0]);
    }

    private static void checkBucket(Settings settings, String bucket) {
        if (!settings.targets().allow(bucket)) {
            throw new ConfigurationException(
                    "s3.targets does not allow objects in bucket %s; give this command what the workers have"
                            .formatted(bucket));
        }
    }

    /** What was asked for, and when by ClickHouse's clock. */
    private record Found(Replay replay, List<WorkOrder> orders, Instant at) {}

    private Found replay(Settings settings) {
        Found found;
        try (ClickHouse clickHouse = ClickHouse.connect(settings.lane().endpoint());
                SqsOrderQueue queue = new SqsOrderQueue(settings)) {
            String lane = settings.lane().name();
            Ledger ledger = new Ledger(clickHouse, settings.lane());
            List<Message> messages = new ArrayList<>();
            List<WorkOrder> orders;
            if (which.span == null) {
                orders = which.orders.stream()
                        .flatMap(order -> ledger.standing(order.epoch(), order.number(), order.number()).stream())
                        .filter(standing -> !standing.outcomes().contains(Outcome.SUPERSEDED))
                        .map(Ledger.Standing::order)
                        .toList();
                messages.addAll(OrderMessage.replay(lane, orders, Optional.ofNullable(target)));
            } else {
                ReplayMessage message = new ReplayMessage(
                        Message.VERSION,
                        lane,
                        which.span.bucket,
                        which.span.from,
                        which.span.to,
                        Optional.ofNullable(target));
                Message.parse(message.body());
                orders = ledger.replayable(which.span.bucket, which.span.from, which.span.to);
                messages.add(message);
            }
            if (target == null
                    && !orders.isEmpty()
                    && orders.stream().noneMatch(order -> settings.targets()
                            .allow(order.group().targetBucket()))) {
                checkBucket(settings, orders.getFirst().group().targetBucket());
            }
            found = new Found(
                    look(settings.lane().name(), ledger, new AccessLogTable(clickHouse, settings.lane()), orders),
                    orders,
                    ledger.head().now());
            if (found.replay().enqueued()) {
                queue.send(messages);
            }
        }
        Output.print(spec, json, found.replay(), Replay::text);
        return found;
    }

    private Replay look(String lane, Ledger ledger, AccessLogTable table, List<WorkOrder> orders) {
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
        String buckets = which.span == null
                ? orders.stream()
                        .map(order -> order.group().bucket())
                        .distinct()
                        .collect(Collectors.joining(", "))
                : which.span.bucket;
        return new Replay(lane, buckets, orders.size(), rows, remaining, incomplete, incomplete.size() < orders.size());
    }

    private boolean follow(Settings settings, Found found) {
        try (ClickHouse clickHouse = ClickHouse.connect(settings.lane().endpoint());
                S3Client s3 = TargetClient.of(settings)) {
            Following following =
                    new Following(clickHouse, settings.lane(), s3, Optional.ofNullable(target), found.at());
            Following.Followed followed = following.follow(found.orders(), wait);
            Output.print(spec, json, followed, Following.Followed::text);
            return followed.isDone();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new RetryableException("following the replay was interrupted; it goes on", e);
        }
    }

    /** An order as it is named. */
    private record Order(long epoch, int number) implements ITypeConverter<Order> {
        private static final Pattern ID = Pattern.compile("([0-9]{1,18})/([0-9]{1,9})");

        /** Made by picocli, to read others. */
        private Order() {
            this(0, 0);
        }

        @Override
        public Order convert(String text) {
            Matcher id = ID.matcher(text);
            if (!id.matches()) {
                throw new TypeConversionException("'" + text + "' is no order: EPOCH/NUMBER, such as 3/0, is needed");
            }
            return new Order(Long.parseLong(id.group(1)), Integer.parseInt(id.group(2)));
        }
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
