package io.logcourier.localstack.engine;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/** clickhouse-jdbc. */
final class JdbcClient implements SqlClient {
    private static final Pattern PARAMETER = Pattern.compile("\\{(\\w+):String}");

    private final Connection connection;

    JdbcClient(Target target, boolean compress) throws SQLException {
        Properties properties = new Properties();
        properties.setProperty("user", target.credentials().user());
        properties.setProperty("password", target.credentials().password());
        properties.setProperty("compress", Boolean.toString(compress));
        target.settings().forEach((name, value) -> properties.setProperty("clickhouse_setting_" + name, value));
        connection =
                DriverManager.getConnection("jdbc:clickhouse:" + target.server() + "/" + target.database(), properties);
    }

    @Override
    public void execute(String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    @Override
    public void insert(String table, List<String> strings) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement("INSERT INTO " + table + " VALUES (?)")) {
            for (String string : strings) {
                statement.setString(1, string);
                statement.addBatch();
            }
            statement.executeBatch();
        }
    }

    @Override
    public Table select(String sql, Map<String, String> parameters) throws SQLException {
        List<String> names =
                PARAMETER.matcher(sql).results().map(match -> match.group(1)).toList();
        try (PreparedStatement statement =
                connection.prepareStatement(PARAMETER.matcher(sql).replaceAll(JdbcClient::questionMark))) {
            for (int i = 0; i < names.size(); i++) {
                statement.setString(i + 1, parameters.get(names.get(i)));
            }
            try (ResultSet result = statement.executeQuery()) {
                List<String> columns = new ArrayList<>();
                for (int i = 1; i <= result.getMetaData().getColumnCount(); i++) {
                    columns.add(result.getMetaData().getColumnName(i));
                }
                List<List<String>> rows = new ArrayList<>();
                while (result.next()) {
                    List<String> row = new ArrayList<>();
                    for (int i = 1; i <= columns.size(); i++) {
                        row.add(result.getString(i));
                    }
                    rows.add(row);
                }
                return new Table(columns, rows);
            }
        }
    }

    private static String questionMark(MatchResult parameter) {
        return "?";
    }

    @Override
    public long count(String sql) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet result = statement.executeQuery(sql)) {
            long rows = 0;
            while (result.next()) {
                rows++;
            }
            return rows;
        }
    }

    @Override
    @SuppressWarnings("resource") // Left open, until the connection is closed.
    public void begin(String sql) throws SQLException {
        connection.createStatement().executeQuery(sql).next();
    }

    @Override
    public int code(Throwable thrown) {
        return thrown instanceof SQLException e ? e.getErrorCode() : 0;
    }

    @Override
    public void close() throws SQLException {
        connection.close();
    }
}
