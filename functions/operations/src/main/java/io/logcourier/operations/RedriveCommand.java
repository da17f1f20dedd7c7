package io.logcourier.operations;

import io.logcourier.PoisonMessageException;
import io.logcourier.clickhouse.ClickHouse;
import io.logcourier.configuration.Settings;
import io.logcourier.ledger.Lane;
import io.logcourier.message.Message;
import io.logcourier.message.OrderMessage;
import io.logcourier.message.ReplayMessage;
import io.logcourier.message.SqsOrderQueue;
import io.logcourier.operations.DeadLetter.Fate;
import io.logcourier.operations.DeadLetter.State;
import io.logcourier.operations.DeadLetterQueue.Received;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code courier redrive}. */
@Command(
        name = "redrive",
        footer = {"  courier redrive --list", "  courier redrive --bucket cats"},
        description = {
            "Explains the messages of the dead-letter queue, and enqueues them again, after somebody has mended what their"
                    + " reasons name. Those whose orders were all delivered otherwise are removed.",
            "Exits with 1 if messages are left that no ledger knows, or that are none of ours."
        })
public final class RedriveCommand implements Callable<Integer> {
    /** As many as go back together: where this is stopped in between, so many are enqueued and still there. */
    private static final int BATCH = 10;

    @Spec
    private CommandSpec spec;

    @Mixin
    private LaneOption lanes;

    @Option(names = "--list", description = "explain them only, and change nothing")
    private boolean list;

    @Option(names = "--bucket", paramLabel = "NAME", description = "those about orders of this source bucket only")
    private String bucket;

    @Option(
            names = "--discard",
            paramLabel = "ID",
            description =
                    "remove this message, whatever it asks for, and nothing else; may be repeated. What it asked for stays as it is in the books")
    private List<String> discard = List.of();

    @Option(names = "--json", description = "print what was found and done as one JSON object")
    private boolean json;

    /**
     * What was found and done: the answer of {@code courier redrive --json}.
     *
     * @param letters the oldest first
     * @param redriven how many are in the order queue again
     * @param removed how many are no more
     * @param left how many lie where they lay
     */
    public record Redriven(List<DeadLetter> letters, long redriven, long removed, long left) {
        private static Redriven of(List<DeadLetter> letters) {
            return new Redriven(
                    letters, count(letters, Fate.REDRIVEN), count(letters, Fate.REMOVED), count(letters, Fate.LEFT));
        }

        private static long count(List<DeadLetter> letters, Fate fate) {
            return letters.stream().filter(letter -> letter.fate() == fate).count();
        }

        private String text() {
            String each = letters.stream()
                    .map(letter -> letter.text() + System.lineSeparator())
                    .collect(Collectors.joining());
            return each
                    + (letters.isEmpty()
                            ? "There are no dead letters."
                            : "%,d %s: %,d enqueued again, %,d removed, %,d left."
                                    .formatted(
                                            letters.size(),
                                            letters.size() == 1 ? "dead letter" : "dead letters",
                                            redriven,
                                            removed,
                                            left))
                    + (redriven > 0 ? " `courier status` shows what becomes of their orders." : "");
        }
    }

    @Override
    public Integer call() {
        if (!discard.isEmpty() && (list || bucket != null)) {
            throw new ParameterException(spec.commandLine(), "--discard names messages: nothing else is needed");
        }
        Settings settings = SettingsFlags.read(spec.commandLine().getParseResult());
        Set<String> asked =
                lanes.each(settings).stream().map(one -> one.lane().name()).collect(Collectors.toSet());
        boolean isAll = asked.size() == settings.lanes().size();
        Redriven redriven;
        try (DeadLetterQueue queue = new DeadLetterQueue(settings);
                Books books = new Books(settings)) {
            Map<DeadLetter, Received> letters = new HashMap<>();
            List<DeadLetter> found = new ArrayList<>();
            for (Received received : queue.receive()) {
                DeadLetter letter = books.explain(received);
                boolean isMeant = isAll || asked.contains(letter.lane());
                if (isMeant && (bucket == null || letter.buckets().contains(bucket))) {
                    found.add(letter);
                    letters.put(letter, received);
                }
            }
            redriven = Redriven.of(act(settings, queue, found, letters));
        }
        Output.print(spec, json, redriven, Redriven::text);
        boolean isHopeless = redriven.letters().stream()
                .anyMatch(letter -> letter.fate() == Fate.LEFT && letter.state() != State.WAITS);
        return !list && discard.isEmpty() && isHopeless ? 1 : 0;
    }

    private List<DeadLetter> act(
            Settings settings, DeadLetterQueue queue, List<DeadLetter> found, Map<DeadLetter, Received> letters) {
        if (list) {
            return found;
        }
        if (!discard.isEmpty()) {
            return discard(queue, found, letters);
        }
        List<DeadLetter> healed =
                found.stream().filter(letter -> letter.state() == State.HEALED).toList();
        List<DeadLetter> waiting =
                found.stream().filter(letter -> letter.state() == State.WAITS).toList();
        queue.remove(healed.stream().map(letters::get).toList());
        try (SqsOrderQueue orders = new SqsOrderQueue(settings)) {
            for (int from = 0; from < waiting.size(); from += BATCH) {
                List<Received> batch = waiting.subList(from, Math.min(from + BATCH, waiting.size())).stream()
                        .map(letters::get)
                        .toList();
                orders.send(batch.stream()
                        .map(letter -> Message.parse(letter.body()))
                        .toList());
                queue.remove(batch);
            }
        }
        return found.stream()
                .map(letter -> switch (letter.state()) {
                    case WAITS -> letter.with(Fate.REDRIVEN);
                    case HEALED -> letter.with(Fate.REMOVED);
                    case UNKNOWN, UNREADABLE -> letter;
                })
                .toList();
    }

    private List<DeadLetter> discard(DeadLetterQueue queue, List<DeadLetter> found, Map<DeadLetter, Received> letters) {
        Set<String> unknown = new HashSet<>(discard);
        List<DeadLetter> named =
                found.stream().filter(letter -> unknown.remove(letter.id())).toList();
        if (!unknown.isEmpty()) {
            throw new ParameterException(
                    spec.commandLine(),
                    "--discard " + String.join(", ", unknown)
                            + ": there is no such message; `courier redrive --list` names those that are there");
        }
        queue.remove(named.stream().map(letters::get).toList());
        return named.stream().map(letter -> letter.with(Fate.REMOVED)).toList();
    }

    /** The books of all lanes, which are asked when a letter names them. */
    private static final class Books implements AutoCloseable {
        private final Settings settings;
        private final Map<Lane, ClickHouse> connected = new HashMap<>();

        Books(Settings settings) {
            this.settings = settings;
        }

        DeadLetter explain(Received letter) {
            Message message;
            try {
                message = Message.parse(letter.body());
            } catch (PoisonMessageException e) {
                return letter(letter, "", "a message", List.of(), 0, State.UNREADABLE);
            }
            Optional<Lane> lane = settings.lanes().stream()
                    .filter(one -> one.name().equals(message.lane()))
                    .findFirst();
            return switch (message) {
                case OrderMessage orders -> explain(letter, orders, lane);
                case ReplayMessage replay ->
                    letter(
                            letter,
                            replay.lane(),
                            "a replay from %s to %s%s".formatted(replay.from(), replay.to(), to(replay.target())),
                            List.of(replay.bucket()),
                            0,
                            lane.isPresent() ? State.WAITS : State.UNKNOWN);
            };
        }

        private DeadLetter explain(Received letter, OrderMessage message, Optional<Lane> lane) {
            List<Ending> endings = lane.map(known -> Ending.of(
                            connected.computeIfAbsent(known, one -> ClickHouse.connect(one.endpoint())),
                            known,
                            message.epoch(),
                            message.first(),
                            message.last()))
                    .orElse(List.of());
            String orders = message.first() == message.last()
                    ? "order %d/%d".formatted(message.epoch(), message.first())
                    : "orders %d/%d to %d/%d"
                            .formatted(message.epoch(), message.first(), message.epoch(), message.last());
            return letter(
                    letter,
                    message.lane(),
                    orders + to(message.target()),
                    endings.stream().map(Ending::bucket).distinct().toList(),
                    endings.stream().mapToLong(Ending::rows).sum(),
                    DeadLetter.judge(message, letter.sentAt(), endings));
        }

        private static String to(Optional<String> target) {
            return target.map(copies -> " as copies to " + copies).orElse("");
        }

        private static DeadLetter letter(
                Received letter, String lane, String what, List<String> buckets, long rows, State state) {
            return new DeadLetter(
                    letter.id(), letter.sentAt(), lane, what, buckets, rows, letter.reason(), state, Fate.LEFT);
        }

        @Override
        public void close() {
            connected.values().forEach(ClickHouse::close);
        }
    }
}
