package io.logcourier.localstack.engine;

import com.clickhouse.client.api.Client;
import com.clickhouse.client.api.ServerException;
import com.clickhouse.client.api.data_formats.ClickHouseBinaryFormatReader;
import com.clickhouse.client.api.query.QueryResponse;
import com.clickhouse.client.api.query.QuerySettings;
import com.clickhouse.data.ClickHouseFormat;
import java.io.ByteArrayInputStream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/** client-v2. */
@SuppressWarnings("try") // The client declares close() to throw Exception.
final class V2Client implements SqlClient {
    private final Client client;

    V2Client(Target target, UnaryOperator<Client.Builder> compression) {
        Client.Builder builder = compression.apply(new Client.Builder()
                .addEndpoint(target.server().toString())
                .setUsername(target.credentials().user())
                .setPassword(target.credentials().password())
                .setDefaultDatabase(target.database()));
        target.settings().forEach(builder::serverSetting);
        client = builder.build();
    }

    @Override
    public void execute(String sql) throws Exception {
        client.query(sql).get().close();
    }

    @Override
    public void insert(String table, List<String> strings) throws Exception {
        client.insert(table, new ByteArrayInputStream(SqlClient.rowBinary(strings)), ClickHouseFormat.RowBinary)
                .get()
                .close();
    }

    @Override
    public Table select(String sql, Map<String, String> parameters) throws Exception {
        Map<String, Object> escaped = new HashMap<>(parameters);
        escaped.replaceAll((name, value) -> SqlClient.escaped((String) value));
        try (QueryResponse response = client.query(sql, escaped).get();
                ClickHouseBinaryFormatReader reader = client.newBinaryFormatReader(response)) {
            List<String> names = reader.getSchema().getColumns().stream()
                    .map(column -> column.getColumnName())
                    .toList();
            List<List<String>> rows = new ArrayList<>();
            while (reader.next() != null) {
                rows.add(names.stream().map(reader::getString).toList());
            }
            return new Table(names, rows);
        }
    }

    @Override
    public long count(String sql) throws Exception {
        try (QueryResponse response = client.query(sql).get();
                ClickHouseBinaryFormatReader reader = client.newBinaryFormatReader(response)) {
            long rows = 0;
            while (reader.next() != null) {
                rows++;
            }
            return rows;
        }
    }

    /** Closing the response would read it to its end, closing the client does not. */
    @Override
    public void begin(String sql) throws Exception {
        QuerySettings rowBinary = new QuerySettings().setFormat(ClickHouseFormat.RowBinary);
        client.query(sql, rowBinary).get().getInputStream().read();
    }

    @Override
    public int code(Throwable thrown) {
        Throwable cause = thrown;
        while (cause != null && !(cause instanceof ServerException)) {
            cause = cause.getCause();
        }
        return cause == null ? 0 : ((ServerException) cause).getCode();
    }

    @Override
    public void close() {
        client.close();
    }
}
