package io.logcourier.operations;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.logcourier.accesslog.KeyStyle;
import io.logcourier.accesslog.Rendering;
import io.logcourier.ledger.Group;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class AthenaTableTest {
    private static final String ACCOUNT = "123456789012";

    @Test
    void aTableOfPartitionedKeysComputesItsFolders() {
        assertThat(table("logs/", Rendering.PARQUET, KeyStyle.EVENT_TIME, "cats", "dogs")
                        .statement())
                .startsWith(
                        "CREATE EXTERNAL TABLE IF NOT EXISTS `default`.`s3_access_logs` (\n  `bucketowner` STRING,\n")
                .contains("`requestdatetime` TIMESTAMP,", "`httpstatus` INT,", "`bytessent` BIGINT,")
                .endsWith("""
                          PARTITIONED BY (
                            `sourcebucket` STRING,
                            `day` STRING
                          )
                          STORED AS PARQUET
                          LOCATION 's3://access-logs/logs/123456789012/eu-west-3/'
                          TBLPROPERTIES (
                            'projection.enabled' = 'true',
                            'projection.sourcebucket.type' = 'enum',
                            'projection.sourcebucket.values' = 'cats,dogs',
                            'projection.day.type' = 'date',
                            'projection.day.format' = 'yyyy/MM/dd',
                            'projection.day.interval' = '1',
                            'projection.day.interval.unit' = 'DAYS',
                            'projection.day.range' = '2026/01/31,NOW+1DAYS',
                            'storage.location.template' = 's3://access-logs/logs/123456789012/eu-west-3/${sourcebucket}/${day}/'
                          )""");
    }

    @Test
    void withoutSourceBucketsAQueryNamesOne() {
        AthenaTable table = table("", Rendering.JSON, KeyStyle.DELIVERY_TIME);

        assertThat(table.statement())
                .contains("'projection.sourcebucket.type' = 'injected'")
                .doesNotContain("sourcebucket.values");
        assertThat(table.hints()).anyMatch(hint -> hint.contains("sourcebucket = 'NAME'"));
    }

    /** The template, with its marks replaced, is the folder of the keys that are written. */
    @ParameterizedTest
    @EnumSource(names = {"DELIVERY_TIME", "EVENT_TIME"})
    void theFoldersAreThoseOfTheKeys(KeyStyle style) {
        for (String prefix : List.of("", "logs/", "logs-", "a/b-")) {
            String key = style.key(new KeyStyle.Source(
                    ACCOUNT,
                    "eu-west-3",
                    new Group(1, "cats", "access-logs", prefix),
                    "2026-02-28",
                    Instant.parse("2026-02-28T12:00:00Z"),
                    "ledger",
                    1,
                    0));
            Matcher template = Pattern.compile("'storage.location.template' = '(.*)'")
                    .matcher(table(prefix, Rendering.TEXT, style, "cats").statement());
            assertThat(template.find()).isTrue();
            String folder = template.group(1).replace("${sourcebucket}", "cats").replace("${day}", "2026/02/28");

            assertThat("s3://access-logs/" + key).startsWith(folder);
            assertThat(("s3://access-logs/" + key).substring(folder.length())).doesNotContain("/");
        }
    }

    @Test
    void simpleKeysHaveOneFolderWhichMayHoldOthersToo() {
        assertThat(table("logs/", Rendering.TEXT, KeyStyle.SIMPLE))
                .satisfies(table -> assertThat(table.statement())
                        .endsWith("LOCATION 's3://access-logs/logs/'")
                        .doesNotContain("PARTITIONED"))
                .satisfies(table -> assertThat(table.hints()).isEmpty());
        assertThat(table("", Rendering.TEXT, KeyStyle.SIMPLE).hints()).isEmpty();
        assertThat(table("a/logs-", Rendering.TEXT, KeyStyle.SIMPLE))
                .satisfies(table -> assertThat(table.statement()).endsWith("LOCATION 's3://access-logs/a/'"))
                .satisfies(table -> assertThat(table.hints())
                        .singleElement()
                        .asString()
                        .contains("\"$path\" LIKE 's3://access-logs/a/logs-%'"));
    }

    /** Of text there are as many columns as groups; the statement says the expression in a literal, where a backslash is two. */
    @Test
    void theExpressionOfTextIsThatOfTheReaders() {
        String statement =
                table("", Rendering.TEXT_ONCE_QUOTED, KeyStyle.SIMPLE).statement();
        Matcher literal = Pattern.compile("'input.regex' = '(.*)'").matcher(statement);
        assertThat(literal.find()).isTrue();
        assertThat(literal.group(1).replace("\\\\", "\\")).isEqualTo(AthenaTable.LINE.pattern());
        assertThat(AthenaTable.LINE.matcher("").groupCount()).isEqualTo(Rendering.FIELDS.size());

        Matcher line =
                AthenaTable.LINE.matcher("owner cats [31/Jan/2026:00:00:00 +0000] 192.0.2.3 - id BATCH.DELETE.OBJECT"
                        + " a+b - 204 - - 7 - - - - v - SigV4 cipher AuthHeader host TLSv1.3 - Yes eu-west-3");
        assertThat(line.matches()).isTrue();
        assertThat(IntStream.of(1, 3, 8, 9, 16, 17, 18, 26, 27).mapToObj(line::group))
                .containsExactly("owner", "31/Jan/2026:00:00:00 +0000", "a+b", "-", "-", "-", "v", "Yes", "eu-west-3");
        Matcher before = AthenaTable.LINE.matcher(
                "owner cats [31/Jan/2026:00:00:00 +0000] 192.0.2.3 - id REST.GET.OBJECT a"
                        + " \"GET /cats/a HTTP/1.1\" 200 - - 7 - - \"-\" \"a b\" - - SigV4 cipher AuthHeader host TLSv1.3 - Yes");
        assertThat(before.matches()).isTrue();
        assertThat(IntStream.of(9, 17, 26, 27).mapToObj(before::group))
                .containsExactly("\"GET /cats/a HTTP/1.1\"", "\"a b\"", "Yes", null);
    }

    @Test
    void jsonHasTheNamesOfItsForm() {
        assertThat(table("", Rendering.JSON, KeyStyle.SIMPLE).statement())
                .contains("`remoteip` STRING,", "`totaltime` BIGINT,", "'org.openx.data.jsonserde.JsonSerDe'");
        assertThat(table("", Rendering.JSON_CLOUDWATCH, KeyStyle.SIMPLE).statement())
                .contains("`schema_version_id` STRING,", "`http_status` INT,", "`total_duration` BIGINT,")
                .doesNotContain("remoteip");
    }

    @Test
    void whatCannotStandInAStatementIsNamed() {
        assertThatThrownBy(() -> table("a${b}", Rendering.TEXT, KeyStyle.SIMPLE))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("--prefix = 'a${b}'");
        assertThatThrownBy(() -> table("", Rendering.TEXT, KeyStyle.EVENT_TIME, "it's"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("--source-bucket = 'it's'");
    }

    private static AthenaTable table(String prefix, Rendering rendering, KeyStyle style, String... sourceBuckets) {
        return new AthenaTable(
                "default",
                "s3_access_logs",
                "access-logs",
                prefix,
                rendering,
                style,
                ACCOUNT,
                "eu-west-3",
                List.of(sourceBuckets),
                Optional.of(LocalDate.parse("2026-01-31")));
    }
}
