package io.logcourier.operations.input;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;

import io.logcourier.clickhouse.Statement;
import io.logcourier.s3.BucketName;
import io.logcourier.schema.Schema;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/** What docs/ says of a row is what the code and the table have. */
class InputDocumentsTest {
    private static final Path DOCS = Path.of("..", "..", "docs");
    private static final Pattern COLUMN =
            Pattern.compile("(?m)^    (\\w+) ([^ \\n]+?)(?: (?:DEFAULT|COMMENT) .*?)?,?$");
    private static final JsonMapper JSON =
            JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

    @Test
    void everyColumnIsAField() {
        assertThat(Arrays.stream(InputField.values()).map(InputField::column))
                .containsExactlyElementsOf(columns().keySet());
    }

    @Test
    void theTableOfFieldsIsTheCodes() throws IOException {
        assertThat(Files.readString(DOCS.resolve("input.md"))).contains(table());
    }

    @Test
    void theSchemaIsTheCodes() throws IOException {
        JsonNode documented = JSON.readTree(Files.readString(DOCS.resolve("access-log-row.schema.json")));
        String expected = JSON.writeValueAsString(schema());
        assertThat(documented).as(expected).isEqualTo(JSON.readTree(expected));
    }

    @Test
    void theSampleHasRowsAsTheyShouldBe() throws IOException {
        SequencedMap<String, String> columns = columns();
        InputReader reader = new InputReader(new InputTable(columns, Map.of(), Instant.EPOCH));
        for (String line : Files.readAllLines(DOCS.resolve("access.ndjson"))) {
            byte[] bytes = line.getBytes(UTF_8);
            assertThat(reader.read(bytes, bytes.length, false).fault()).as(line).isEmpty();
        }
    }

    private static SequencedMap<String, String> columns() {
        SequencedMap<String, String> columns = new LinkedHashMap<>();
        Matcher column =
                COLUMN.matcher(Statement.resource(Schema.class, "columns.sql").sql());
        while (column.find()) {
            columns.put(column.group(1), column.group(2));
        }
        return columns;
    }

    private static String table() {
        Map<String, String> types = columns();
        return "| field | AWS's field | type | required | without it |\n|---|---|---|---|---|\n"
                + Arrays.stream(InputField.values())
                        .map(field -> "| `%s` | %s | %s | %s | %s |\n"
                                .formatted(
                                        field.column(),
                                        field.aws(),
                                        type(ValueKind.of(types.get(field.column()))),
                                        need(field.need()),
                                        field.without()))
                        .collect(joining());
    }

    private static String type(ValueKind kind) {
        return switch (kind) {
            case ValueKind.Text text -> "text";
            case ValueKind.Whole whole -> "whole number, to " + end(whole.most());
            case ValueKind.Decimal number -> "number";
            case ValueKind.Flag flag -> "true or false";
            case ValueKind.Time time -> "time";
            case ValueKind.Other other -> throw new AssertionError("no column is of such a type");
        };
    }

    private static String end(BigInteger most) {
        return most.bitLength() > 32 ? "2^" + most.bitLength() + "-1" : most.toString();
    }

    private static String need(InputField.Need need) {
        return switch (need) {
            case REQUIRED -> "yes";
            case EXPECTED -> "expected";
            case OPTIONAL -> "no";
        };
    }

    private static Map<String, Object> schema() {
        Map<String, String> types = columns();
        Map<String, Object> properties = new LinkedHashMap<>();
        for (InputField field : InputField.values()) {
            properties.put(field.column(), property(field, types.get(field.column())));
        }
        Map<String, Object> schema = new LinkedHashMap<>();
        schema.put("$schema", "https://json-schema.org/draft/2020-12/schema");
        schema.put("title", "A row of log-courier's input: one request");
        schema.put("type", "object");
        schema.put("properties", properties);
        schema.put("additionalProperties", false);
        schema.put("required", List.of("startTime", "loggingEnabled"));
        schema.put("if", Map.of("properties", Map.of("loggingEnabled", Map.of("enum", List.of(true, 1)))));
        schema.put("then", Map.of("required", List.of("bucketName", "loggingTargetBucket")));
        return schema;
    }

    private static Map<String, Object> property(InputField field, String type) {
        Map<String, Object> property = new LinkedHashMap<>();
        boolean canBeNull = field.need() != InputField.Need.REQUIRED;
        switch (ValueKind.of(type)) {
            case ValueKind.Text text -> property.put("type", types(canBeNull, "string"));
            case ValueKind.Whole whole -> {
                property.put("type", types(canBeNull, "integer", "string"));
                property.put("minimum", whole.least());
                property.put("maximum", whole.most());
                property.put("pattern", "^[0-9]+$");
            }
            case ValueKind.Decimal number -> {
                property.put("type", types(canBeNull, "number", "string"));
                property.put("pattern", "^[0-9]+([.][0-9]+)?$");
            }
            case ValueKind.Flag flag -> property.put("enum", List.of(true, false, 1, 0));
            case ValueKind.Time time -> property.put("type", types(canBeNull, "string", "number"));
            case ValueKind.Other other -> throw new AssertionError("no column is of such a type");
        }
        if (field == InputField.LOGGING_TARGET_BUCKET) {
            property.put("pattern", BucketName.PATTERN);
        }
        property.put(
                "description",
                (field.aws().isEmpty() ? "" : "AWS's field: " + field.aws() + ". ")
                        + "Without it: "
                        + field.without().replaceAll("\\[[^]]*]\\(([^)]*)\\)", "docs/$1"));
        return property;
    }

    private static List<String> types(boolean canBeNull, String... types) {
        return canBeNull
                ? Stream.concat(Arrays.stream(types), Stream.of("null")).toList()
                : List.of(types);
    }
}
