package io.logcourier.localstack.engine;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;

/** What {@link ClickHouseContractIT} asks of every client; used by one thread. */
interface SqlClient extends AutoCloseable {
    /** Where to, as whom, and what holds for all statements. */
    record Target(URI server, Credentials credentials, String database, Map<String, String> settings) {}

    /** A result, all of it, every value as text. */
    record Table(List<String> names, List<List<String>> rows) {}

    /** Runs a statement without a result. */
    void execute(String sql) throws Exception;

    /** Stores one row for each string into the only column of a table. */
    void insert(String table, List<String> strings) throws Exception;

    /** The parameters are the values of {@code {name:String}} in the statement. */
    Table select(String sql, Map<String, String> parameters) throws Exception;

    /** Reads a result of one column to its end, and counts its rows. */
    long count(String sql) throws Exception;

    /** Reads the beginning of a result, and no further until this client is closed, which leaves it as a user would. */
    void begin(String sql) throws Exception;

    /** ClickHouse's code of what has been thrown, or 0 if the client does not tell. */
    int code(Throwable thrown);

    @Override
    void close() throws IOException, SQLException;

    /** A parameter's value as HTTP is to carry it, which is up to the user of client-v2 too: as in a TabSeparated file. */
    static String escaped(String value) {
        return value.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n");
    }

    static byte[] rowBinary(List<String> strings) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (String string : strings) {
            byte[] bytes = string.getBytes(StandardCharsets.UTF_8);
            int length = bytes.length;
            for (; length > 0x7F; length >>>= 7) {
                out.write((length & 0x7F) | 0x80);
            }
            out.write(length);
            out.writeBytes(bytes);
        }
        return out.toByteArray();
    }
}
