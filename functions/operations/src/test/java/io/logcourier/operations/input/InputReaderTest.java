package io.logcourier.operations.input;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.logcourier.ConfigurationException;
import io.logcourier.PoisonMessageException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.regex.Matcher;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class InputReaderTest {
    private static final Instant NOW = Instant.parse("2026-11-30T12:00:00Z");

    private static final String WHOLE =
            "{\"startTime\":\"1700000003.5\",\"bucketName\":\"cats\",\"req_id\":\"R\",\"operation\":\"REST.GET.OBJECT\",\"httpCode\":200,"
                    + "\"loggingEnabled\":true,\"loggingTargetBucket\":\"cat-logs\"}";

    private final InputTable table = table(Map.of("insertedAt", Duration.ofDays(3)));
    private final InputReader reader = new InputReader(table);

    private static InputTable table(Map<String, Duration> retention) {
        LinkedHashMap<String, String> columns = new LinkedHashMap<>();
        columns.put("insertedAt", "DateTime");
        columns.put("startTime", "DateTime64(3)");
        columns.put("operation", "Nullable(String)");
        columns.put("totalTime", "Nullable(Float32)");
        columns.put("signatureVersion", "LowCardinality(Nullable(String))");
        columns.put("bucketName", "String");
        columns.put("req_id", "String");
        columns.put("bytesSent", "Nullable(UInt64)");
        columns.put("httpCode", "Nullable(UInt16)");
        columns.put("objectKey", "Nullable(String)");
        columns.put("versionId", "Nullable(String)");
        columns.put("loggingEnabled", "Bool");
        columns.put("loggingTargetBucket", "String");
        columns.put("raftSessionID", "UInt16");
        columns.put("balance", "Int8");
        columns.put("tags", "Array(String)");
        return new InputTable(columns, retention, NOW);
    }

    private InputRow read(String line) {
        byte[] bytes = line.getBytes(ISO_8859_1);
        return reader.read(bytes, bytes.length, true);
    }

    private static String sent(InputRow row) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        row.writeTo(out);
        assertThat(row.length()).isEqualTo(out.size());
        return out.toString(ISO_8859_1);
    }

    /** The whole row with another value, as JSON; none leaves the field out. */
    private static String with(String field, String value) {
        String without =
                WHOLE.replaceFirst("\"" + field + "\":(\"[^\"]*\"|\\w+),?", "").replace(",}", "}");
        return value == null
                ? without
                : without.replaceFirst("}$", Matcher.quoteReplacement(",\"" + field + "\":" + value + "}"));
    }

    @Test
    void aRowAsCloudServerWritesItIsSentAsItIs() throws IOException {
        InputRow row = read(WHOLE);
        assertThat(sent(row)).isEqualTo(WHOLE);
        assertThat(row.start()).isEqualTo(Instant.parse("2023-11-14T22:13:23.500Z"));
        assertThat(row.fate()).isEqualTo(Fate.ARRIVES);
        assertThat(row.unknown()).isEmpty();
        assertThat(row.lacking()).isEmpty();
        assertThat(row.fault()).isEmpty();
    }

    @Test
    void whatIsNoUtf8IsSentAsItIs() throws IOException {
        String line = with("objectKey", "\"\u00ff\u0080 \u00c3\u00a9\"");
        assertThat(sent(read(line))).isEqualTo(line);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '\'', textBlock = """
            "1700000003"|"1700000003"
            1700000003|"2023-11-14T22:13:23Z"
            1700000003.25|"2023-11-14T22:13:23.250Z"
            1.700000003e9|"2023-11-14T22:13:23Z"
            1700000003123|"2023-11-14T22:13:23.123Z"
            "1700000003123"|"2023-11-14T22:13:23.123Z"
            "1700000003.1239"|"2023-11-14T22:13:23.123Z"
            "2023-11-14T22:13:23Z"|"2023-11-14T22:13:23Z"
            "2023-11-14T23:13:23\\u002b01:00"|"2023-11-14T22:13:23Z"
            "2023-11-14 22:13:23.000"|"2023-11-14T22:13:23Z"
            """)
    void aTimeIsSentSoThatClickHouseReadsItAsWhatItIs(String value, String expected) throws IOException {
        for (String line : List.of(with("startTime", value), "{\"startTime\": " + value + " ,\"bucketName\":\"b\"}")) {
            assertThat(sent(read(line))).isEqualTo(line.replace(value, expected));
        }
        assertThat(sent(read(with("insertedAt", "1796000000.75")))).contains("\"insertedAt\":\"2026-11-30T00:53:20Z\"");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '\'', textBlock = """
            startTime|null|startTime is null, needed is a time from 1973
            startTime|""|startTime is '""', needed is a time from 1973 to 2299
            startTime|0|startTime is '0', needed is a time
            startTime|"yesterday"|startTime is '"yesterday"', needed is a time
            startTime|[1700000003]|startTime is '[1700000003]', needed is a time
            startTime|true|startTime is 'true', needed is a time
            insertedAt|"soon"|insertedAt is '"soon"', needed is a time
            httpCode|"many"|httpCode is '"many"', needed is a whole number from 0 to 65535
            httpCode|""|httpCode is '""', needed is a whole number from 0 to 65535
            httpCode|70000|httpCode is '70000', needed is a whole number from 0 to 65535
            httpCode|-1|httpCode is '-1', needed is a whole number from 0 to 65535
            httpCode|200.5|httpCode is '200.5', needed is a whole number from 0 to 65535
            httpCode|[200]|httpCode is '[200]', needed is a whole number from 0 to 65535
            httpCode|{"a":[1]}|httpCode is '{"a":[1]}', needed is a whole number from 0 to 65535
            bytesSent|18446744073709551616|bytesSent is '18446744073709551616', needed is a whole number from 0 to 18446744073709551615
            balance|-129|balance is '-129', needed is a whole number from -128 to 127
            totalTime|"-"|totalTime is '"-"', needed is a number
            totalTime|{}|totalTime is '{}', needed is a number
            loggingEnabled|"true"|loggingEnabled is '"true"', needed is true or false, without quotes
            loggingEnabled|[1]|loggingEnabled is '[1]', needed is true or false, without quotes
            loggingEnabled|2|loggingEnabled is '2', needed is true or false, without quotes
            """)
    void aValueThatIsNotTheFieldsIsNamed(String field, String value, String expected) {
        assertThatThrownBy(() -> read(with(field, value)))
                .isInstanceOf(PoisonMessageException.class)
                .hasMessageStartingWith(expected);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '\'', textBlock = """
            httpCode|"200"
            httpCode|null
            httpCode|true
            bytesSent|18446744073709551615
            balance|-128
            totalTime|"1e3"
            totalTime|1.5
            totalTime|"nan"
            loggingEnabled|1
            req_id|5
            req_id|{"a":1}
            signatureVersion|null
            tags|["a", "b"]
            """)
    void aValueThatClickHouseReadsRightlyIsTaken(String field, String value) throws IOException {
        String line = with(field, value);
        assertThat(sent(read(line))).isEqualTo(line);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '\'', textBlock = """
            [{"a":1},|a JSON array, where one object a line is needed: `jq -c '.[]' FILE` makes such lines
            {|not JSON: the line ends before its object does
            {"req_id": "half|not JSON: the line ends before its object does
            {"httpCode": oh}|not JSON: wrong near character 13, at ' oh}'
            {"a":1} {"a":2}|there is more behind the object
            "text"|not JSON: it begins with '"text"'
            hello|not JSON: it begins with 'hello'
            <xml/>|not JSON: it begins with '<xml/>', as XML
            {"bucketName":"a","bucketName":"b"}|it has bucketName twice
            {"hello":"world"}|it has no startTime, it has 'hello'; needed is a time
            {}|it has no startTime, as it has nothing; needed is a time
            """)
    void aLineThatIsNoRowIsSaidToBeNone(String line, String expected) {
        // Within quotes of a text block a quote stands for itself.
        assertThatThrownBy(() -> read(line.replace("''", "'")))
                .isInstanceOf(PoisonMessageException.class)
                .hasMessageStartingWith(expected);
    }

    @Test
    void bytesReachNoTerminalRaw() {
        for (String binary : List.of(
                "PK\u0003\u0004\u001b[2J",
                "\u0000\u0001\u001b]0;owned\u0007",
                "{\"a\":\u001b[31m}",
                "{\"a\" \u009b2J")) {
            assertThatThrownBy(() -> read(binary)).satisfies(failure -> assertThat(failure.getMessage())
                    .startsWith("not JSON: ")
                    .matches("[ -~]*"));
        }
        assertThatThrownBy(() -> read("PK\u0003\u0004"))
                .hasMessageEndingWith("'PK\\x03\\x04', as a zip archive; unpack it first");
    }

    @Test
    void deepNestingIsRefused() {
        assertThatThrownBy(() -> read("{\"b\":" + "[".repeat(20_000) + "]".repeat(20_000) + "}"))
                .isInstanceOf(PoisonMessageException.class)
                .hasMessage("it is nested deeper than 1,000 levels, and so no record; take it out");
    }

    @Test
    void eachFateIsTold() {
        assertThat(read(with("loggingEnabled", "false")).fate()).isEqualTo(Fate.INTERNAL);
        assertThat(read(with("loggingEnabled", "0")).fate()).isEqualTo(Fate.INTERNAL);
        assertThat(read(with("loggingEnabled", null)).fate()).isEqualTo(Fate.UNFLAGGED);
        assertThat(read(with("loggingEnabled", "null")).fate()).isEqualTo(Fate.UNFLAGGED);
        assertThat(read(with("insertedAt", "\"2026-11-27 11:59:59\"")).fate()).isEqualTo(Fate.EXPIRED);
        assertThat(read(with("insertedAt", "\"2026-11-27 12:00:00\"")).fate()).isEqualTo(Fate.ARRIVES);
        assertThat(read(with("insertedAt", "null")).fate()).isEqualTo(Fate.ARRIVES);
        assertThat(read(with("bucketName", null)).fate()).isEqualTo(Fate.WITHOUT_BUCKET);
        assertThat(read(with("bucketName", "\"\"")).fate()).isEqualTo(Fate.WITHOUT_BUCKET);
        assertThat(read(with("loggingTargetBucket", null)).fate()).isEqualTo(Fate.WITHOUT_TARGET);
        assertThat(read(with("loggingTargetBucket", "\"UPPER_case!!\"")).fate()).isEqualTo(Fate.IMPOSSIBLE_TARGET);
        assertThat(read(with("loggingTargetBucket", "\"cat\\u002dlogs\"")).fate())
                .isEqualTo(Fate.ARRIVES);
        InputReader byStart = new InputReader(table(Map.of("startTime", Duration.ofDays(3))));
        assertThat(byStart.read(WHOLE.getBytes(UTF_8), WHOLE.length(), false).fate())
                .isEqualTo(Fate.EXPIRED);
    }

    @Test
    void aTableWithoutTheFlagKeepsEveryRow() {
        SequencedMap<String, String> columns = new LinkedHashMap<>(table.columns());
        columns.remove("loggingEnabled");
        InputRow row = new InputReader(new InputTable(columns, Map.of(), NOW))
                .read(WHOLE.getBytes(UTF_8), WHOLE.length(), false);
        assertThat(row.fate()).isEqualTo(Fate.ARRIVES);
        assertThat(row.unknown()).containsExactly("loggingEnabled");
    }

    @ParameterizedTest
    @EnumSource(Fate.class)
    void onlyRowsThatArriveOrAreInternalAreWithoutFault(Fate fate) {
        InputRow row = new InputRow(new byte[0], NOW, fate, List.of(), List.of(), Optional.empty());
        assertThat(row.fault().isEmpty()).isEqualTo(fate == Fate.ARRIVES || fate == Fate.INTERNAL);
    }

    @Test
    void unknownAndAbsentFieldsAreNamed() {
        InputRow row = read(with("httpCode", null).replace("{", "{\"httpcode\":{\"a\":[{}]},\"\u00c3\u00a9\":1,"));
        assertThat(row.unknown()).containsExactly("httpcode", "\u00e9");
        assertThat(read(WHOLE.replace("{", "{\"" + "x".repeat(5_000) + "\":1,")).unknown())
                .containsExactly("x".repeat(100) + "...");
        assertThat(row.lacking()).containsExactly(InputField.HTTP_CODE);
        assertThat(row.fault()).hasValue("there is no field httpcode");
        assertThat(read(with("httpCode", null)).fault()).hasValue("it has no httpCode");
        assertThat(read(with("httpCode", null).replace("REST.GET", "S3.EXPIRE")).lacking())
                .as("lifecycle has no HTTP")
                .isEmpty();
    }

    @Test
    void theMarkIsOfWhatIsStored() {
        String mark = read(with("objectKey", "\"a\u00c3\u00a9\\n/\"")).mark().orElseThrow();
        assertThat(mark).matches("[0-9A-F]{32}");
        assertThat(read(with("objectKey", "\"a\\u00e9\\u000a\\/\"")).mark())
                .as("in another form")
                .hasValue(mark);
        assertThat(read(with("objectKey", "\"b\"")).mark()).isNotEqualTo(mark);
        assertThat(read(with("httpCode", "500")).mark()).isEqualTo(read(WHOLE).mark());
        assertThat(read(with("objectKey", "\"\"")).mark())
                .as("empty is absent")
                .isEqualTo(read(WHOLE).mark());
        assertThat(read(with("req_id", null)).mark())
                .as("nothing tells it from others")
                .isEmpty();
        assertThat(reader.read(WHOLE.getBytes(UTF_8), WHOLE.length(), false).mark())
                .isEmpty();
    }

    @Test
    void rowsAreCounted() {
        InputSheet.Count count = new InputSheet.Count(table);
        for (String line : List.of(
                WHOLE,
                with("loggingEnabled", "false"),
                with("loggingEnabled", null),
                with("insertedAt", "1000000000"),
                with("bucketName", null),
                with("loggingTargetBucket", null),
                with("loggingTargetBucket", "\"!\""),
                with("httpCode", null).replace("{", "{\"http_Code\":200,"))) {
            count.add(read(line));
        }
        count.skip();
        InputSheet sheet = count.sheet();
        assertThat(sheet)
                .isEqualTo(new InputSheet(
                        8,
                        1,
                        1,
                        1,
                        1,
                        1,
                        1,
                        1,
                        false,
                        List.of(new InputSheet.Unknown("http_Code", 1, "httpCode")),
                        0,
                        List.of(new InputSheet.Lacking("httpCode", 1, "their lines show -"))));
        assertThat(sheet.stored()).isEqualTo(5);
        assertThat(sheet.arrives()).isFalse();
        assertThat(sheet.remarks())
                .contains("http_Code: no such field, left out of 1 row; is httpCode meant?")
                .contains("httpCode: absent from 1 row: their lines show -")
                .hasSize(9);
    }

    @Test
    void manyUnknownNamesFillNoMemory() {
        InputSheet.Count count = new InputSheet.Count(table);
        for (int i = 0; i < 1_000; i++) {
            count.add(read(WHOLE.replace("{", "{\"x%d\":1,".formatted(i))));
        }
        assertThat(count.sheet().unknown()).hasSize(50);
        assertThat(count.sheet().moreUnknown()).isEqualTo(950);
    }

    @ParameterizedTest
    @CsvSource({
        "httpcode,httpCode", "HTTP_status,httpCode", "httpCod,httpCode", "key,objectKey", "requestdatetime,startTime",
        "start_time,startTime", "reqid,req_id", "Bucket,bucketName", "loggingTargetBuckt,loggingTargetBucket", "hello,",
        "x,", "balance2,balance"
    })
    void aSlipIsFound(String unknown, String meant) {
        assertThat(InputField.meant(unknown, table.names())).isEqualTo(Optional.ofNullable(meant));
    }

    @Test
    void withoutColumnsThereIsNoTable() {
        assertThatThrownBy(() -> new InputTable(new LinkedHashMap<>(), Map.of(), NOW))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("courier schema --apply");
    }
}
