package io.logcourier.localstack.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StatementTest {
    @Test
    void dataBeginsAfterTheLineOfTheFormat() {
        assertInsert("INSERT INTO t FORMAT TSV\n1\n\n2", "INSERT INTO t ", "TSV", "1\n\n2");
        assertInsert("insert into t format RowBinary \t\r\n\n\n", "insert into t ", "RowBinary", "\n\n");
    }

    @Test
    void dataOnTheFormatsOwnLineBeginsAfterTheBlanks() {
        assertInsert("INSERT INTO t FORMAT JSONEachRow {\"a\":1}", "INSERT INTO t ", "JSONEachRow", "{\"a\":1}");
    }

    @Test
    void dataBeginsAfterValues() {
        assertInsert("INSERT INTO t (a, b) VALUES (1, 'x\n\ny')", "INSERT INTO t (a, b) ", "Values", " (1, 'x\n\ny')");
    }

    @Test
    void settingsBehindTheFormatMoveBeforeIt() {
        assertInsert(
                "INSERT INTO t FORMAT CSV SETTINGS format_csv_delimiter = ';', async_insert=0\n1;2",
                "INSERT INTO t SETTINGS format_csv_delimiter = ';', async_insert=0",
                "CSV",
                "1;2");
    }

    @Test
    void namesStringsAndCommentsAreNotKeywords() {
        assertInsert(
                "/* FORMAT a */ INSERT -- VALUES\nINTO TABLE format.`values` (`FORMAT`, \"select\")"
                        + " SETTINGS insert_deduplication_token = 'it''s \\' FORMAT X' FORMAT TSV\n1",
                "/* FORMAT a */ INSERT -- VALUES\nINTO TABLE format.`values` (`FORMAT`, \"select\")"
                        + " SETTINGS insert_deduplication_token = 'it''s \\' FORMAT X' ",
                "TSV",
                "1");
        assertInsert(
                "INSERT INTO FUNCTION file('VALUES (1)') VALUES (2)",
                "INSERT INTO FUNCTION file('VALUES (1)') ",
                "Values",
                " (2)");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "INSERT INTO t SELECT 1",
                "INSERT INTO t (a) WITH 1 AS x SELECT x",
                "INSERT INTO t SETTINGS insert_deduplication_token = 'x' SELECT 'VALUES'",
                "INSERT INTO t (SELECT 1)",
                "SELECT 'INSERT INTO t VALUES'",
                "CREATE TABLE t (a String)",
                "",
                "'unterminated",
                "INSERT INTO `t",
                "/* unterminated"
            })
    void otherStatementsHaveNoData(String sql) {
        assertThat(Statement.parse(bytes(sql)).hasData()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SELECT 1 FORMAT JSON",
                "SELECT 1 format JSON;",
                "SELECT 1 FORMAT JSON SETTINGS max_threads = 1",
                "SELECT 1 AS format FORMAT JSON -- FORMAT CSV",
                "SHOW TABLES FORMAT JSON",
            })
    void theFormatClauseAtTheEndIsTheFormat(String sql) {
        assertThat(Statement.parse(bytes(sql)).format()).isEqualTo("JSON");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SELECT 1",
                "SELECT a format FROM t",
                "SELECT * FROM (SELECT 1 FORMAT JSON) x",
                "SELECT 'FORMAT JSON'"
            })
    void whatOnlyLooksLikeAFormatClauseIsNone(String sql) {
        assertThat(Statement.parse(bytes(sql)).format()).isEmpty();
    }

    @Test
    void onlySelectsAreSelects() {
        assertThat(Statement.parse(bytes(" -- c\n((SELECT 1))")).isSelect()).isTrue();
        assertThat(Statement.parse(bytes("with 1 as x select x")).isSelect()).isTrue();
        assertThat(Statement.parse(bytes("SHOW TABLES")).isSelect()).isFalse();
        assertThat(Statement.parse(bytes("INSERT INTO t SELECT 1")).isSelect()).isFalse();
    }

    private static void assertInsert(String text, String sql, String format, String data) {
        Statement statement = Statement.parse(bytes(text));
        assertThat(new String(statement.sql(), StandardCharsets.UTF_8)).isEqualTo(sql);
        assertThat(statement.format()).isEqualTo(format);
        assertThat(statement.hasData()).isTrue();
        byte[] rest = Arrays.copyOfRange(bytes(text), statement.dataStart(), text.length());
        assertThat(new String(rest, StandardCharsets.UTF_8)).isEqualTo(data);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
