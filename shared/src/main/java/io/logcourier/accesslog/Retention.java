package io.logcourier.accesslog;

import java.time.Duration;
import java.util.Comparator;
import java.util.Map;
import java.util.Optional;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** How long a table keeps rows, by the text of its engine as {@code system.tables} has it. */
final class Retention {
    private static final Pattern CLAUSE = Pattern.compile("\\bTTL (.*?)(?: SETTINGS .*)?$", Pattern.DOTALL);

    /**
     * ClickHouse writes intervals so, however they were given; of a parameter, as {@link io.logcourier.schema.Schema} has it, with
     * its type. What moves or compresses rows does not end with one.
     */
    private static final Pattern ELEMENT =
            Pattern.compile("(?<=^|, )(?:\\w+\\(`?(?<inner>\\w+)`?\\)|`?(?<column>\\w+)`?)"
                    + " \\+ toInterval(?<unit>Second|Minute|Hour|Day|Week|Month|Quarter|Year)"
                    + "\\((?:_CAST\\((?<cast>[0-9]{1,12}), '\\w+'\\)|(?<number>[0-9]{1,12}))\\)(?: DELETE)?(?=,|$)");

    private static final Map<String, Duration> SHORTEST = Map.of(
            "Second", Duration.ofSeconds(1),
            "Minute", Duration.ofMinutes(1),
            "Hour", Duration.ofHours(1),
            "Day", Duration.ofDays(1),
            "Week", Duration.ofDays(7),
            "Month", Duration.ofDays(28),
            "Quarter", Duration.ofDays(90),
            "Year", Duration.ofDays(365));

    private static final Map<String, Duration> LONGEST =
            Map.of("Month", Duration.ofDays(31), "Quarter", Duration.ofDays(92), "Year", Duration.ofDays(366));

    private Retention() {}

    /** The shortest TTL that deletes rows and is a column and an interval, at the shortest that it can be; empty without. */
    static Optional<Duration> of(String engine) {
        return elements(engine).map(element -> duration(element, Map.of())).min(Comparator.naturalOrder());
    }

    /** For each column that times are counted from, how long rows are kept at most by its shortest TTL. */
    static Map<String, Duration> byColumn(String engine) {
        return elements(engine)
                .collect(Collectors.toMap(
                        element -> either(element, "column", "inner"),
                        element -> duration(element, LONGEST),
                        (one, other) -> one.compareTo(other) <= 0 ? one : other));
    }

    private static Stream<MatchResult> elements(String engine) {
        return CLAUSE.matcher(engine).results().map(clause -> clause.group(1)).flatMap(clause -> ELEMENT.matcher(clause)
                .results());
    }

    private static Duration duration(MatchResult element, Map<String, Duration> others) {
        String unit = element.group("unit");
        return others.getOrDefault(unit, SHORTEST.get(unit))
                .multipliedBy(Long.parseLong(either(element, "number", "cast")));
    }

    private static String either(MatchResult element, String group, String other) {
        return element.group(group) == null ? element.group(other) : element.group(group);
    }
}
