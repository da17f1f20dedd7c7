package io.logcourier.localstack.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Which settings a command reads, so that its help lists no others. */
final class Uses {
    private static final String OF_TABLES = "clickhouse.log-retention";

    /** What a command needs that asks ClickHouse; {@code clickhouse.log-retention} is of those that make tables. */
    private static final List<String> CLICKHOUSE = List.of("lane.", "clickhouse.", "log.");

    private static final List<String> QUEUE = List.of("aws.", "sqs.", "queue.url");
    private static final List<String> TARGETS = List.of("aws.", "s3.", "sts.");

    /** What a command needs that reads log objects and writes none. */
    private static final List<String> OBJECTS =
            List.of("aws.", "sts.", "s3.endpoint", "s3.ca-file", "s3.targets", "s3.roles");

    /** Of the embedded stack, what makes a difference there. */
    private static final List<String> STACK = List.of(OF_TABLES, "discovery.", "delivery.", "worker.", "log.");

    /** Names of settings, or the beginnings of names, with the dot. */
    private static final Map<String, List<String>> SETTINGS = Map.ofEntries(
            Map.entry("demo", STACK),
            Map.entry("up", STACK),
            Map.entry("bench", STACK),
            Map.entry("load", CLICKHOUSE),
            Map.entry("tick", all(CLICKHOUSE, QUEUE, List.of("discovery.", "delivery."))),
            Map.entry("work", all(CLICKHOUSE, QUEUE, TARGETS, List.of("queue.", "delivery.", "worker."))),
            Map.entry("status", all(CLICKHOUSE, List.of("discovery.count-threshold", "discovery.time-threshold"))),
            Map.entry(
                    "audit",
                    all(
                            CLICKHOUSE,
                            OBJECTS,
                            List.of(
                                    "discovery.time-threshold",
                                    "discovery.redeliver-after",
                                    "delivery.",
                                    "worker.replay-targets",
                                    "audit.own-targets"))),
            Map.entry("replay", all(CLICKHOUSE, QUEUE, OBJECTS, List.of("worker.replay-targets"))),
            Map.entry("redrive", all(CLICKHOUSE, List.of("aws.", "sqs.", "queue."))),
            Map.entry("ddl", List.of("delivery.")),
            Map.entry(
                    "schema",
                    all(CLICKHOUSE, List.of(OF_TABLES, "discovery.time-threshold", "discovery.redeliver-after"))),
            Map.entry("adopt", all(CLICKHOUSE, OBJECTS, List.of(OF_TABLES, "discovery.epoch-limit"))),
            Map.entry("repair", all(CLICKHOUSE, OBJECTS, List.of(OF_TABLES, "discovery.epoch-limit"))),
            Map.entry("looker", all(CLICKHOUSE, OBJECTS, List.of("delivery."))));

    private Uses() {}

    /** Whether a command reads a setting, as far as is known: one that is not listed here reads all. */
    static boolean isUsed(String command, String setting) {
        List<String> known = SETTINGS.get(command);
        if (known == null || known.contains(setting)) {
            return true;
        }
        return !setting.equals(OF_TABLES)
                && known.stream().anyMatch(name -> name.endsWith(".") && setting.startsWith(name));
    }

    @SafeVarargs
    private static List<String> all(List<String>... lists) {
        List<String> all = new ArrayList<>();
        for (List<String> list : lists) {
            all.addAll(list);
        }
        return List.copyOf(all);
    }
}
