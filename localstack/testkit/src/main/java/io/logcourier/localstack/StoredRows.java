package io.logcourier.localstack;

import io.logcourier.clickhouse.ClickHouse;
import io.logcourier.clickhouse.Statement;
import io.logcourier.ledger.Lane;
import io.logcourier.looker.LogLine;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;

/** Puts rows into the log table byte for byte, past the ingest table: columns with values as {@link LogLine} has them. */
final class StoredRows {
    private static final int VARINT_BITS = 7;
    private static final int LAST_VARINT_BYTE = 0x80;

    private final ClickHouse clickHouse;
    private final String table;
    private final Map<String, String> types = new LinkedHashMap<>();

    /** For the log table of {@code lane}, whose columns are looked up. */
    StoredRows(ClickHouse clickHouse, Lane lane) {
        this.clickHouse = clickHouse;
        this.table = lane.logs() + "." + lane.table();
        record Column(String name, String type) {}
        clickHouse
                .list(
                        Statement.of(
                                        "SELECT name, type FROM system.columns"
                                                + " WHERE database = {logs:String} AND table = {table:String} ORDER BY position")
                                .with("logs", lane.logs())
                                .with("table", lane.table()),
                        Column.class)
                .forEach(column -> types.put(column.name(), column.type()));
    }

    /** The types of the columns by name, as ClickHouse writes them. */
    Map<String, String> types() {
        return types;
    }

    /** Whether a column holds text. */
    static boolean isText(String type) {
        return type.contains("String");
    }

    /** Whether a column may be NULL. */
    static boolean isNullable(String type) {
        return type.contains("Nullable(");
    }

    /** Inserts rows that have a value in every column that is not nullable, as one INSERT. */
    void insert(Collection<? extends Map<String, ?>> rows) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        varint(bytes, types.size());
        types.keySet().forEach(name -> text(bytes, name));
        types.values().forEach(type -> text(bytes, type));
        for (Map<String, ?> row : rows) {
            types.forEach((name, type) -> value(bytes, type, row.get(name)));
        }
        clickHouse.insert(table, "RowBinaryWithNamesAndTypes", bytes.toByteArray(), Map.of());
    }

    private static void value(ByteArrayOutputStream bytes, String type, Object value) {
        if (isNullable(type)) {
            bytes.write(value == null ? 1 : 0);
            if (value == null) {
                return;
            }
        }
        switch (type.replaceAll(".*\\((?=[A-Z])|\\([0-9].*|\\)+$", "")) {
            // As ClickHouse has it where a row has nothing.
            case "String" -> text(bytes, value == null ? "" : (String) value);
            case "DateTime" -> number(bytes, Integer.BYTES, ((Instant) value).getEpochSecond());
            case "DateTime64" -> number(bytes, Long.BYTES, ((Instant) value).toEpochMilli());
            case "UInt64" -> number(bytes, Long.BYTES, (Long) value);
            case "UInt16" -> number(bytes, Short.BYTES, (Integer) value);
            case "Float32" -> number(bytes, Float.BYTES, Float.floatToRawIntBits((Float) value));
            case "Bool" -> bytes.write((Boolean) value ? 1 : 0);
            default -> throw new IllegalStateException("a column of type " + type);
        }
    }

    private static void number(ByteArrayOutputStream bytes, int length, long value) {
        byte[] all = ByteBuffer.allocate(Long.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(value)
                .array();
        bytes.write(all, 0, length);
    }

    private static void text(ByteArrayOutputStream bytes, String text) {
        varint(bytes, text.length());
        bytes.writeBytes(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    private static void varint(ByteArrayOutputStream bytes, int value) {
        int rest = value;
        while (rest >= LAST_VARINT_BYTE) {
            bytes.write(rest | LAST_VARINT_BYTE);
            rest >>>= VARINT_BITS;
        }
        bytes.write(rest);
    }
}
