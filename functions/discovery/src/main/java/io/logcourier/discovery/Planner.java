package io.logcourier.discovery;

import io.logcourier.ConfigurationException;
import io.logcourier.RetryableException;
import io.logcourier.accesslog.AccessLogTable;
import io.logcourier.accesslog.AccessLogTable.Look;
import io.logcourier.accesslog.AccessLogTable.Part;
import io.logcourier.accesslog.Accounting;
import io.logcourier.accesslog.Accounting.LeftAlone;
import io.logcourier.accesslog.Form;
import io.logcourier.accesslog.KeyStyle;
import io.logcourier.clickhouse.ClickHouse;
import io.logcourier.configuration.Settings;
import io.logcourier.ledger.Arrivals;
import io.logcourier.ledger.BlockRange;
import io.logcourier.ledger.BlockRanges;
import io.logcourier.ledger.Claims;
import io.logcourier.ledger.Epoch;
import io.logcourier.ledger.Group;
import io.logcourier.ledger.Head;
import io.logcourier.ledger.Lane;
import io.logcourier.ledger.Ledger;
import io.logcourier.ledger.Ledger.Due;
import io.logcourier.ledger.Ledger.Taken;
import io.logcourier.ledger.Ledger.Unarrived;
import io.logcourier.ledger.Offset;
import io.logcourier.ledger.Shortfall;
import io.logcourier.ledger.Shortfall.Finding;
import io.logcourier.ledger.Tally;
import io.logcourier.ledger.WorkOrder;
import io.logcourier.message.OrderMessage;
import io.logcourier.message.OrderQueue;
import io.logcourier.message.Tick;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.BinaryOperator;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.spi.LoggingEventBuilder;

/**
 * Plans one lane. Any number of planners may run at once, and any may die between two statements: each step first
 * completes what the newest epoch left undone, and only one planner appends the next.
 */
final class Planner {
    /** Renderings of today take the region of a row's caller from the row; those of before took that of their order. */
    private static final String NO_REGION = "";

    private static final Logger log = LoggerFactory.getLogger(Planner.class);

    /** Orders superseded in one step at most: each is counted by a query of its own, and other lanes wait for a step. */
    private static final int SUPERSEDED_PER_STEP = 20;

    /** Open orders that are enqueued again together: all may be too many for memory. */
    private static final int OPEN_AT_ONCE = 20_000;

    /** Arrivals that one step makes orders of, and those of one group more: an order each may take 2 KB of memory. */
    private static final int ARRIVALS_PER_STEP = 50_000;

    /** A step that counted so many rows again records what it knows of their parts, or the next one would count them too. */
    private static final long RECOUNTED_AGAIN = 1_000_000;

    /** What the orders of one step may take of the log's row: by default ClickHouse takes no row of more than 100 MB. */
    private static final long ORDERS_BYTES_PER_STEP = 32 << 20;

    /** Later than any epoch, however the clocks stand. */
    private static final Duration FAR = Duration.ofDays(365);

    private final Lane lane;
    private final Ledger ledger;
    private final AccessLogTable table;
    private final OrderQueue queue;
    private final Settings.Discovery limits;
    private final Settings.Forms forms;
    private final Duration ledgerRetention;
    private final Duration leastRetention;
    private final int arrivalsPerStep;

    Planner(Settings settings, ClickHouse clickHouse, OrderQueue queue) {
        this(settings, clickHouse, queue, ARRIVALS_PER_STEP);
    }

    Planner(Settings settings, ClickHouse clickHouse, OrderQueue queue, int arrivalsPerStep) {
        lane = settings.lane();
        ledger = new Ledger(clickHouse, lane);
        table = new AccessLogTable(clickHouse, lane);
        this.queue = queue;
        limits = settings.discovery();
        forms = settings.forms();
        ledgerRetention = settings.ledgerRetention();
        leastRetention = settings.leastRetention();
        this.arrivalsPerStep = arrivalsPerStep;
    }

    /**
     * Takes steps until all that was visible at first is claimed and nothing is due, another planner was first, or the
     * time is up. What arrives meanwhile is left to the next tick, or a tick would never end.
     *
     * @param timeIsUp asked before each step
     * @return what was done
     */
    Planned plan(Tick tick, BooleanSupplier timeIsUp) {
        table.check(leastRetention);
        String planner = UUID.randomUUID().toString();
        boolean redeliver = tick.redeliver();
        Map<String, Long> visible = Map.of();
        Planned planned = Planned.NOTHING;
        Optional<Redelivery> redelivered = Optional.empty();
        boolean mayHaveLost = true;
        List<LeftAlone> leftAlone = List.of();
        while (!timeIsUp.getAsBoolean()) {
            Head head = ledger.head();
            checkWhole(head);
            // Orders first: workers can begin while the arrivals are counted.
            int sent = send(ledger.completeOrders(head));
            Look look = look(head);
            List<Part> parts = look.parts();
            if (visible.isEmpty()) {
                visible = look.highest();
            }
            // One, but after an adoption: nothing is ordered before all are counted.
            for (Unarrived epoch : ledger.unarrived(head)) {
                if (timeIsUp.getAsBoolean()) {
                    return planned;
                }
                planned = planned.plus(0, completeArrivals(epoch, parts), 0, 0, 0);
            }
            Optional<Redelivery> redelivery = redeliver(head, redeliver);
            redeliver = false;
            Replacements replacements = mayHaveLost ? replacements() : Replacements.NONE;
            mayHaveLost = replacements.mayBeMore();
            Accounting accounting =
                    table.account(head, parts, visible, limits.epochLimit(), names(leftAlone), ledgerRetention);
            leftAlone = accounting.leftAlone();
            Epoch next = next(head, look, accounting, tick.flush(), planner, redelivery, replacements.drafts());
            boolean decidesNothing = next.claims().isEmpty() && next.orders().isEmpty() && !accounting.mayBeMore();
            planned = planned.plus(
                    0, 0, 0, sent, redelivery.map(Redelivery::orders).orElse(0));
            if (!decidesNothing || sent > 0 || redelivery.isPresent() || accounting.recounted() > RECOUNTED_AGAIN) {
                if (!ledger.append(next)) {
                    about(log.atInfo(), next).log("another planner was first");
                    break;
                }
                planned = planned.plus(1, 0, next.orders().size(), 0, 0);
                about(log.atInfo(), next)
                        .addKeyValue("claims", next.claims().size())
                        .addKeyValue("orders", next.orders().size())
                        .log("appended");
                redelivered = redelivered.or(() -> redelivery);
            }
            if (decidesNothing && !mayHaveLost) {
                break;
            }
        }
        redelivered.ifPresent(this::trim);
        leftAlone.forEach(finding -> log.atError()
                .addKeyValue("lane", lane.name())
                .addKeyValue("rows", finding.rows())
                .addKeyValue("reason", finding.text())
                .log("rows are left alone"));
        return planned.with(leftAlone.stream().map(LeftAlone::text).toList(), rows(leftAlone));
    }

    private static Set<String> names(List<LeftAlone> leftAlone) {
        return leftAlone.stream().flatMap(some -> some.parts().stream()).collect(Collectors.toSet());
    }

    private static long rows(List<LeftAlone> leftAlone) {
        return leftAlone.stream().mapToLong(LeftAlone::rows).sum();
    }

    /** What the ledger holds before the newest epoch decides what is ordered: here it must all be visible. */
    private void checkWhole(Head head) {
        if (head.lagging() > 0) {
            throw new RetryableException(
                    "the replica that lane " + lane.name() + " is planned on lags: it lacks rows of " + head.lagging()
                            + " tables of the ledger; a later tick goes on");
        }
    }

    private LoggingEventBuilder about(LoggingEventBuilder line, Epoch epoch) {
        return line.addKeyValue("lane", lane.name()).addKeyValue("epoch", epoch.epoch());
    }

    /** Derives the arrivals of {@code epoch}; returns how many rows. */
    private long completeArrivals(Unarrived epoch, List<Part> parts) {
        checkPresent(epoch, parts);
        return ledger.deriveArrivals(
                epoch.epoch(),
                table.arrivals(epoch.epoch(), epoch.plannedAt(), epoch.claims()),
                rows -> checkFound(epoch, rows));
    }

    /** A seal over fewer rows than were claimed would leave the others out for ever, unless they were deleted meanwhile. */
    private void checkFound(Unarrived epoch, long rows) {
        if (!epoch.accounted() || rows != epoch.claimedRows()) {
            table.checkFound(epoch.epoch(), epoch.claims().blocks(), rows);
        }
    }

    /** Another planner may have claimed blocks that this replica does not have yet: they would be counted short. */
    private void checkPresent(Unarrived epoch, List<Part> parts) {
        List<BlockRange> present = parts.stream().map(Part::blocks).toList();
        boolean isWhole = epoch.claims().blocks().stream()
                .allMatch(claim -> BlockRanges.subtract(claim, present).isEmpty());
        if (!isWhole && table.isLagging(epoch.plannedAt())) {
            throw new RetryableException("the replica that lane " + lane.name()
                    + " is planned on lags: it lacks blocks of epoch " + epoch.epoch() + "; a later tick goes on");
        }
    }

    /**
     * The step after {@code head}: what is new, and orders for what is due.
     *
     * @param look taken after the head was read: by older ones it would claim a dropped partition again, which the
     *     frontier has forgotten, and forget one that another planner has just claimed
     */
    private Epoch next(
            Head head,
            Look look,
            Accounting accounting,
            boolean flush,
            String planner,
            Optional<Redelivery> redelivery,
            List<Draft> replacements) {
        Instant plannedBefore = flush ? head.now().plus(FAR) : head.now().minus(limits.timeThreshold());
        Due due = new Due(limits.countThreshold(), plannedBefore, arrivalsPerStep, ORDERS_BYTES_PER_STEP);
        Taken taken = ledger.take(head, due);
        return new Epoch(
                head.epoch() + 1,
                head.now(),
                planner,
                head.ledger(),
                head.logTable(),
                accounting.claims(),
                frontier(head, look.parts(), accounting),
                number(
                        head,
                        Stream.concat(orders(head, taken.arrivals()).stream(), replacements.stream())
                                .toList()),
                NO_REGION,
                lane.moreColumns(),
                taken.oldestLeft().isPresent() ? taken.oldestLeft().getAsLong() - 1 : head.epoch(),
                head.epoch(),
                redelivery.map(Redelivery::at).orElse(head.redeliveredAt()),
                redelivery.map(Redelivery::openFrom).orElse(head.openFrom()),
                true,
                accounting.claimedRows(),
                look.indexed() && table.isIndexed(accounting.claims(), accounting.claimedRows()),
                accounting.parts());
    }

    /**
     * The parts of the table that the ledger is about: another of its name has other rows under the same numbers. Seen by
     * the server that the newest epoch was read from: one that lags would be asked only whether the other one does.
     */
    private Look look(Head head) {
        Look look = table.look();
        if (!look.server().equals(head.server())) {
            throw new RetryableException(
                    "lane %s is planned on two servers at once, %s and %s: what is behind one address must be one replica; give each an address of its own in clickhouse.url"
                            .formatted(lane.name(), head.server(), look.server()));
        }
        if (!look.logTable().equals(head.logTable())) {
            throw new ConfigurationException(
                    "the log table of lane %s is %s, the ledger is about %s: it was made anew or renamed, and its rows would count as delivered where block numbers begin again; bring the former one back, or give this one a ledger of its own, with another clickhouse.ledger-database and `courier schema --apply`; where rows of it may be delivered already, `courier repair` makes one by the log objects"
                            .formatted(lane.name(), look.logTable(), head.logTable()));
        }
        return look;
    }

    /**
     * What is claimed in the partitions that still have parts; the numbers of a dropped partition never come back. A
     * replica that lags forgets none: it may be the one that has not heard of a partition yet. It is asked before the
     * look that decides. Nothing is forgotten of a table without any part, since one that was just detached has none, nor
     * of a partition of which a part went away before it expired, since it may be attached again.
     */
    private List<BlockRange> frontier(Head head, List<Part> parts, Accounting accounting) {
        List<BlockRange> claimed =
                BlockRanges.union(Stream.concat(head.frontier().stream(), accounting.claims().stream())
                        .toList());
        Set<String> kept = partitions(parts);
        kept.addAll(Accounting.remembered(accounting.parts()));
        if (kept.containsAll(claimed.stream().map(BlockRange::partition).toList())
                || table.isLagging(head.plannedAt())) {
            return claimed;
        }
        Set<String> live = partitions(look(head).parts());
        return live.isEmpty()
                ? claimed
                : claimed.stream()
                        .filter(range -> live.contains(range.partition()) || kept.contains(range.partition()))
                        .toList();
    }

    private static Set<String> partitions(List<Part> parts) {
        return parts.stream().map(Part::partition).collect(Collectors.toCollection(HashSet::new));
    }

    /**
     * Orders for {@code taken}, which is sorted by group and epoch: whole epochs, up to the object limit, per group, and per
     * day where keys name the day.
     */
    private List<Draft> orders(Head head, List<Arrivals> taken) {
        record Share(Group group, String day, Form form) {}
        Map<Group, Arrivals> newest = taken.stream()
                .collect(Collectors.toMap(
                        Arrivals::group,
                        Function.identity(),
                        BinaryOperator.maxBy(
                                Comparator.comparing(some -> some.tally().maxInserted()))));
        Map<Group, Form> byGroup = new HashMap<>();
        Map<Share, List<Arrivals>> shares = taken.stream()
                .collect(Collectors.groupingBy(
                        arrivals -> {
                            Form form = byGroup.computeIfAbsent(arrivals.group(), group -> form(newest.get(group)));
                            String day = form.keyStyle() == KeyStyle.EVENT_TIME ? arrivals.day() : "";
                            return new Share(arrivals.group(), day, form);
                        },
                        LinkedHashMap::new,
                        Collectors.toList()));
        List<Draft> drafts = new ArrayList<>();
        shares.forEach((share, arrivals) -> {
            NavigableMap<Long, Tally> epochs = new TreeMap<>();
            arrivals.forEach(some -> epochs.merge(some.epoch(), some.tally(), Tally::plus));
            Draft open = null;
            for (Map.Entry<Long, Tally> epoch : epochs.entrySet()) {
                Draft next = new Draft(
                        share.group,
                        share.day,
                        share.form,
                        epoch.getKey(),
                        epoch.getKey(),
                        epoch.getValue(),
                        Optional.empty());
                if (open == null) {
                    open = next;
                } else if (open.tally.rows() + next.tally.rows() <= limits.objectLimit()) {
                    open = open.and(next);
                } else {
                    drafts.add(open);
                    open = next;
                }
            }
            drafts.add(open.through(head.epoch()));
        });
        return drafts;
    }

    /**
     * Orders for what is left of those that lost rows for certain. Where nothing is left there is nothing to decide: the
     * loss is recorded at once, and recording it twice does no harm. Where all is left, workers were shown too little:
     * the order is enqueued again. Where rows changed their group, what is left may hold rows of others, and what is not may be
     * among others: the order is given up, and says so. A replica that lags may lack them too, and says nothing.
     */
    private Replacements replacements() {
        List<WorkOrder> confirmed = ledger.confirmedShortfalls(SUPERSEDED_PER_STEP);
        Optional<Instant> newest = confirmed.stream().map(WorkOrder::plannedAt).max(Comparator.naturalOrder());
        if (newest.isEmpty() || table.isLagging(newest.get())) {
            return Replacements.NONE;
        }
        List<Draft> drafts = new ArrayList<>();
        List<WorkOrder> whole = new ArrayList<>();
        List<Offset> ended = new ArrayList<>();
        for (WorkOrder order : confirmed) {
            Claims claims = ledger.claims(order.fromEpoch(), order.toEpoch());
            Tally left = table.tally(order, claims);
            if (order.tally().matches(left.rows(), left.checksum())) {
                whole.add(order);
            } else if (table.regrouped(order, claims).explains(order, left)) {
                ended.add(Offset.givenUp(order, regrouped(order, left)));
            } else if (left.rows() == 0) {
                ended.add(Ledger.superseded(order, 0));
            } else {
                drafts.add(new Draft(
                        order.group(),
                        order.day(),
                        form(order),
                        order.fromEpoch(),
                        order.toEpoch(),
                        left,
                        Optional.of(order)));
            }
            log.atWarn()
                    .addKeyValue("lane", lane.name())
                    .addKeyValue("order", order.id())
                    .addKeyValue("bucket", order.group().bucket())
                    .addKeyValue("rows", order.tally().rows())
                    .addKeyValue("left", left.rows())
                    .log("workers found rows of an order gone or changed");
        }
        ledger.commit(ended);
        send(whole);
        ledger.recordShortfalls(whole.stream()
                .map(order -> Shortfall.of(order, order.tally().rows(), Finding.WHOLE))
                .toList());
        return new Replacements(drafts, confirmed.size() == SUPERSEDED_PER_STEP);
    }

    private static String regrouped(WorkOrder order, Tally left) {
        return "bucket or target of rows was changed in the log table after they were claimed, or rows came in under their block numbers: %,d rows are there for this order, which takes %,d; of the others of epochs %d to %d some are where they did not arrive. It may neither lose nor repeat them: set loggingTargetBucket, loggingTargetPrefix, bucketName and raftSessionID of these rows back, then `courier replay` the bucket; where `courier status` names parts, `courier repair` tells by the objects"
                .formatted(left.rows(), order.tally().rows(), order.fromEpoch(), order.toEpoch());
    }

    /**
     * What becomes of orders that lost rows.
     *
     * @param mayBeMore whether those were as many as one step looks at
     */
    private record Replacements(List<Draft> drafts, boolean mayBeMore) {
        private static final Replacements NONE = new Replacements(List.of(), false);
    }

    /** The form of objects of a group: what its owner asks for as keys counts, where they can be made. */
    private Form form(Arrivals newest) {
        Form form = forms.rules().of(newest.group().targetBucket());
        Optional<KeyStyle> asked = KeyStyle.asked(newest.keyFormat());
        boolean canBeMade =
                asked.equals(Optional.of(KeyStyle.SIMPLE)) || !forms.accountId().isEmpty();
        if ((asked.isEmpty() && !newest.keyFormat().isEmpty()) || (asked.isPresent() && !canBeMade)) {
            log.atWarn()
                    .addKeyValue("lane", lane.name())
                    .addKeyValue("bucket", newest.group().bucket())
                    .addKeyValue("keyFormat", newest.keyFormat())
                    .log(
                            asked.isEmpty()
                                    ? "loggingTargetKeyFormat is none of SimplePrefix, EventTime and DeliveryTime: the bucket gets keys as delivery.forms says"
                                    : "partitioned keys begin with the account, and delivery.account-id is empty: the bucket gets keys as delivery.forms says");
            return form;
        }
        return new Form(asked.orElse(form.keyStyle()), form.rendering(), form.compression());
    }

    /** The form of what takes the place of an order: today's, unless its key names a day and the order is of many. */
    private Form form(WorkOrder order) {
        Form form = forms.rules().of(order.group().targetBucket());
        return order.day().isEmpty() && form.keyStyle() == KeyStyle.EVENT_TIME
                ? new Form(KeyStyle.DELIVERY_TIME, form.rendering(), form.compression())
                : form;
    }

    /**
     * An order without a number.
     *
     * @param day whose rows alone it takes, or empty
     * @param replaces the order that it takes what is left of, if it does
     */
    private record Draft(
            Group group, String day, Form form, long from, long to, Tally tally, Optional<WorkOrder> replaces) {
        /** Takes what {@code later} does as well. */
        Draft and(Draft later) {
            return new Draft(group, day, form, from, later.to, tally.plus(later.tally), replaces);
        }

        /**
         * Takes the epochs up to {@code epoch} as well, which have no rows of the group: so the orders of one step share
         * their range and fit one query.
         */
        Draft through(long epoch) {
            return new Draft(group, day, form, from, epoch, tally, replaces);
        }
    }

    /** Numbers the orders so that those which share their epochs lie next to each other, in the log table's order. */
    private List<WorkOrder> number(Head head, List<Draft> drafts) {
        List<Draft> sorted = drafts.stream()
                .sorted(Comparator.comparingLong(Draft::from)
                        .thenComparingLong(Draft::to)
                        .thenComparing(Draft::group)
                        .thenComparing(Draft::day))
                .toList();
        long epoch = head.epoch() + 1;
        List<WorkOrder> orders = new ArrayList<>();
        for (int number = 0; number < sorted.size(); number++) {
            Draft draft = sorted.get(number);
            KeyStyle.Source source = new KeyStyle.Source(
                    forms.accountId(),
                    forms.regions().of(draft.group.bucket()),
                    draft.group,
                    draft.day,
                    head.now(),
                    head.ledger(),
                    epoch,
                    number);
            orders.add(new WorkOrder(
                    epoch,
                    number,
                    head.now(),
                    draft.group,
                    draft.from,
                    draft.to,
                    draft.tally,
                    draft.form.keyStyle().key(source) + draft.form.rendering().suffix(draft.form.compression()),
                    draft.day,
                    draft.form.rendering().version(),
                    draft.form.compression(),
                    NO_REGION,
                    lane.moreColumns(),
                    draft.replaces.map(WorkOrder::epoch).orElse(0L),
                    draft.replaces.map(WorkOrder::number).orElse(0)));
        }
        return orders;
    }

    /**
     * Enqueues open orders again, when asked to or when they are open for too long. SQS loses no message, but people
     * purge queues.
     */
    private Optional<Redelivery> redeliver(Head head, boolean asked) {
        boolean due = !head.redeliveredAt().plus(limits.redeliverAfter()).isAfter(head.now());
        if (!asked && !due) {
            return Optional.empty();
        }
        Instant late = asked ? head.now() : head.now().minus(limits.redeliverAfter());
        int count = 0;
        long openFrom = head.epoch();
        long needed = Math.min(head.epoch(), head.orderedThrough() + 1);
        for (List<WorkOrder> open : ledger.openPages(head.openFrom(), OPEN_AT_ONCE)) {
            List<WorkOrder> again = open.stream()
                    .filter(order -> order.epoch() <= head.sentThrough()
                            && !order.plannedAt().isAfter(late))
                    .toList();
            send(again);
            count += again.size();
            for (WorkOrder order : open) {
                openFrom = Math.min(openFrom, order.epoch());
                needed = Math.min(needed, order.fromEpoch());
            }
        }
        return count == 0 && !due ? Optional.empty() : Optional.of(new Redelivery(head.now(), count, openFrom, needed));
    }

    /**
     * Open orders enqueued again.
     *
     * @param openFrom no order decided before this epoch is open
     * @param needed no open order has rows of an earlier epoch, and no earlier epoch has rows in no order
     */
    private record Redelivery(Instant at, int orders, long openFrom, long needed) {}

    /** Forgets what is older than the ledger's retention, unless something still waits for it. */
    private void trim(Redelivery redelivery) {
        long young = ledger.firstSince(redelivery.at().minus(ledgerRetention));
        ledger.trim(Math.min(young, redelivery.needed()));
    }

    /** Enqueues orders, small ones together. */
    private int send(List<WorkOrder> orders) {
        List<OrderMessage> messages = OrderMessage.deliver(lane.name(), orders);
        queue.send(messages);
        return messages.size();
    }

    /**
     * What a run did.
     *
     * @param epochs appended
     * @param rows claimed, as far as they are counted: those of an epoch that is cut short, the next run counts
     * @param orders decided
     * @param messages enqueued for new orders
     * @param redelivered orders enqueued again
     * @param rowsLeftAlone rows in the log table that are in no claim and must not be, as {@link LeftAlone} has them
     * @param leftAlone which, and what to do
     */
    record Planned(
            int epochs,
            long rows,
            int orders,
            int messages,
            int redelivered,
            long rowsLeftAlone,
            List<String> leftAlone) {
        static final Planned NOTHING = new Planned(0, 0, 0, 0, 0, 0, List.of());

        private Planned with(List<String> texts, long rowsOfThem) {
            return new Planned(epochs, rows, orders, messages, redelivered, rowsOfThem, texts);
        }

        private Planned plus(int moreEpochs, long moreRows, int moreOrders, int moreMessages, int moreRedelivered) {
            return new Planned(
                    epochs + moreEpochs,
                    rows + moreRows,
                    orders + moreOrders,
                    messages + moreMessages,
                    redelivered + moreRedelivered,
                    rowsLeftAlone,
                    leftAlone);
        }
    }
}
