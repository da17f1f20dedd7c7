package io.logcourier.accesslog;

import static org.assertj.core.api.Assertions.assertThat;

import io.logcourier.clickhouse.Statement;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ColumnTest {
    private static final List<Column> OURS = Pattern.compile("(?m)^ {4}(\\w+) ([\\w()]+)")
            .matcher(Statement.resource(ColumnTest.class, "/io/logcourier/schema/columns.sql")
                    .sql())
            .results()
            .map(column -> new Column(column.group(1), column.group(2), ""))
            .toList();

    @Test
    void ourOwnTableFits() {
        assertThat(OURS).hasSizeGreaterThan(30);
        assertThat(Column.unfit(OURS)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "insertedAt | DateTime64(3)",
                "insertedAt | DateTime('Europe/Paris')",
                "startTime | DateTime64(6, 'UTC')",
                "startTime | DateTime",
                "bucketName | LowCardinality(String)",
                "raftSessionID | UInt8",
                "raftSessionID | LowCardinality(UInt16)",
                "userAgent | LowCardinality(Nullable(String))",
                "bytesSent | Int64",
                "totalTime | Nullable(Float64)",
                "totalTime | UInt32"
            })
    void typesThatTheStatementsCanTake(String name, String type) {
        assertThat(Column.unfit(with(name, type))).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "insertedAt | Nullable(DateTime)",
                "insertedAt | Date",
                "startTime | String",
                "startTime | UInt64",
                "bucketName | Nullable(String)",
                "loggingTargetPrefix | LowCardinality(Nullable(String))",
                "req_id | FixedString(16)",
                "req_id | UUID",
                "raftSessionID | UInt32",
                "raftSessionID | Nullable(UInt16)",
                "clientIP | IPv6",
                "httpCode | String",
                "bytesSent | Float64",
                "objectSize | UInt128",
                "totalTime | UInt64"
            })
    void typesThatTheyCannot(String name, String type) {
        assertThat(Column.unfit(with(name, type))).singleElement().satisfies(what -> assertThat(what)
                .startsWith("has " + name + " as " + type + ": needed is "));
    }

    @Test
    void whatIsMissingOrNotStoredIsNamed() {
        List<Column> columns = OURS.stream()
                .filter(column -> !column.name().equals("req_id"))
                .map(column -> column.name().equals("referer") ? new Column("referer", "String", "EPHEMERAL") : column)
                .toList();

        assertThat(Column.unfit(columns))
                .containsExactly(
                        "has no column req_id: needed is String, and not Nullable",
                        "has referer as String EPHEMERAL: needed is String");
    }

    private static List<Column> with(String name, String type) {
        return Stream.concat(
                        OURS.stream().filter(column -> !column.name().equals(name)),
                        Stream.of(new Column(name, type, "")))
                .toList();
    }
}
