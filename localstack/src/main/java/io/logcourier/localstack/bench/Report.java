package io.logcourier.localstack.bench;

import com.sun.management.OperatingSystemMXBean;
import io.logcourier.localstack.Version;
import io.logcourier.localstack.engine.Engine;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The answer of {@code bench --json}.
 *
 * @param options as given
 * @param results in the order in which they were measured
 */
record Report(Instant date, Machine machine, Versions versions, List<String> options, List<Result> results) {
    /** What it ran on. */
    record Machine(String processor, int processors, long memoryBytes, String system) {
        static Machine here() throws IOException {
            Path information = Path.of("/proc/cpuinfo");
            Optional<String> model = Files.exists(information)
                    ? Files.readAllLines(information).stream()
                            .filter(line -> line.startsWith("model name"))
                            .map(line -> line.substring(line.indexOf(':') + 1).strip())
                            .findFirst()
                    : Optional.empty();
            var system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
            return new Machine(
                    model.orElse(system.getArch()),
                    system.getAvailableProcessors(),
                    system.getTotalMemorySize(),
                    system.getName() + " " + system.getVersion());
        }
    }

    /** What ran. */
    record Versions(String logCourier, String java, String clickhouse) {}

    /** Of what was measured here and now. */
    static Report of(List<String> options, List<Result> results) throws IOException {
        return new Report(
                Instant.now().truncatedTo(ChronoUnit.SECONDS),
                Machine.here(),
                new Versions(Version.ours(), System.getProperty("java.version"), Engine.version()),
                options,
                results);
    }

    /** All tables as Markdown, which is readable as it is. */
    String text() {
        StringBuilder text = new StringBuilder(
                "%s, %d processors (%s), %.1f GB, %s; log-courier %s, Java %s, ClickHouse %s; options: %s%n"
                        .formatted(
                                date,
                                machine.processors(),
                                machine.processor(),
                                machine.memoryBytes() / 1e9,
                                machine.system(),
                                versions.logCourier(),
                                versions.java(),
                                versions.clickhouse(),
                                options.isEmpty() ? "none" : String.join(" ", options)));
        groups().forEach(group -> text.append('\n').append(table(group)));
        results.forEach(result ->
                result.faults().forEach(fault -> text.append("%nFAULT in %s: %s%n".formatted(result.name(), fault))));
        return text.toString();
    }

    /** The results that have the same figures. */
    private List<List<Result>> groups() {
        Map<Set<String>, List<Result>> groups = results.stream()
                .collect(Collectors.groupingBy(
                        result -> result.figures().keySet(), LinkedHashMap::new, Collectors.toList()));
        return List.copyOf(groups.values());
    }

    private static String table(List<Result> group) {
        List<List<String>> columns = new ArrayList<>();
        List<String> names = List.copyOf(group.getFirst().figures().keySet());
        columns.add(column("figure", names.stream().map(Report::words).toList(), true));
        group.forEach(result -> columns.add(column(
                result.name(),
                names.stream().map(name -> number(result.figures().get(name))).toList(),
                false)));
        return IntStream.range(0, names.size() + 2)
                .mapToObj(row -> columns.stream()
                        .map(column -> column.get(row))
                        .collect(Collectors.joining(" | ", "| ", " |\n")))
                .collect(Collectors.joining());
    }

    private static List<String> column(String head, List<String> cells, boolean left) {
        int width = Math.max(
                head.length(), cells.stream().mapToInt(String::length).max().orElse(0));
        List<String> column = new ArrayList<>();
        String format = "%" + (left ? "-" : "") + width + "s";
        column.add(format.formatted(head));
        column.add(left ? "-".repeat(width) : "-".repeat(width - 1) + ":");
        cells.forEach(cell -> column.add(format.formatted(cell)));
        return column;
    }

    private static String words(String name) {
        return name.replace('_', ' ').replace(" cpu ", " CPU ").replace(" mb", " MB");
    }

    private static String number(double value) {
        int digits = Math.abs(value) >= 100 || value == Math.rint(value) ? 0 : Math.abs(value) >= 10 ? 1 : 2;
        return String.format("%,." + digits + "f", value);
    }

    /** All figures as bars, in one page that needs nothing else. */
    String page() {
        StringBuilder page = new StringBuilder("""
                <!DOCTYPE html>
                <html lang="en"><head><meta charset="utf-8"><title>courier bench</title><style>
                body { font: 14px sans-serif; margin: 2em; max-width: 60em }
                h2 { margin: 1.5em 0 .3em; font-size: 15px }
                div { display: flex; align-items: center; margin: 2px 0 }
                span { flex: 0 0 14em } i { background: #4878a8; height: 12px; margin-right: .5em }
                </style></head><body><h1>courier bench</h1>
                """);
        page.append("<p>%s</p>%n".formatted(escape(text().lines().findFirst().orElseThrow())));
        for (List<Result> group : groups()) {
            for (String name : group.getFirst().figures().keySet()) {
                double most = group.stream()
                        .mapToDouble(result -> result.figures().get(name))
                        .max()
                        .orElseThrow();
                page.append("<h2>%s</h2>%n".formatted(words(name)));
                for (Result result : group) {
                    double value = result.figures().get(name);
                    page.append("<div><span>%s</span><i style=\"width:%.1f%%\"></i>%s</div>%n"
                            .formatted(escape(result.name()), most > 0 ? 60 * value / most : 0, number(value)));
                }
            }
        }
        return page.append("</body></html>\n").toString();
    }

    private static String escape(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;");
    }
}
