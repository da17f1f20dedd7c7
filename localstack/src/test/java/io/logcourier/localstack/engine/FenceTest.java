package io.logcourier.localstack.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class FenceTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "SELECT file('/etc/passwd')",
                "select 1, FILE ('/etc/passwd')",
                "SELECT file /* a comment */ -- and another\n ('/etc/passwd')",
                "SELECT `file`('/etc/passwd')",
                "SELECT \"fi\\x6ce\"('/etc/passwd')",
                "SELECT * APPLY file FROM (SELECT '/etc/passwd')",
                "SELECT * APPLY(file) FROM (SELECT '/etc/passwd')",
                "SELECT * APPLY(`file`) FROM (SELECT '/etc/passwd')",
                "SELECT 'it\\'s', file('/etc/passwd'), 'x'",
                "SELECT $$ ' $$, file('/etc/passwd'), $$ ' $$",
                "SELECT $a$ $$ ' $a$, file('/etc/passwd')",
                "SELECT \u2018 ' \u2019, file('/etc/passwd'), \u2018 ' \u2019",
                "SELECT \u201cfile\u201d('/etc/passwd')",
                "SELECT arrayMap(x -> file(x), ['/etc/passwd'])",
                "INSERT INTO t FROM INFILE '/etc/passwd' FORMAT LineAsString",
                "ATTACH TABLE t FROM '/tmp/t' (x UInt8) ENGINE = MergeTree ORDER BY x",
                "CREATE TABLE t (x UInt8) ENGINE = EmbeddedRocksDB(0, '/tmp/t') PRIMARY KEY x",
                "CREATE TABLE t (x UInt8) ENGINE Executable('x.sh', CSV)",
                "CREATE TABLE t (x UInt8) ENGINE = QueryRunner",
                "CREATE TABLE t (x UInt8) ENGINE = `File`",
                "CREATE TABLE t (x UInt8) ENGINE = MergeTree ORDER BY x SETTINGS disk = disk(type = local, path = '/tmp')",
                "ALTER TABLE t MODIFY SETTING disk = disk(type = web)",
                "BACKUP TABLE t TO S3('http://localhost/a/b')",
                "RESTORE TABLE t FROM URL('http://localhost/a')",
                "SELECT arrayMap(file, ['/etc/passwd'])",
                "SELECT arrayMap( `file` , ['/etc/passwd'])",
                "SELECT arrayMap((file), ['/etc/passwd'])",
                "SELECT arrayFold(x, \"fi\\x6ce\")",
                "SELECT (SELECT arrayMap(file, ['/etc/passwd']))",
                "INSERT INTO t (x) SELECT arrayMap(file, ['/etc/passwd'])",
                "INSERT INTO t SELECT arrayMap(file, ['/etc/passwd'])",
                "CREATE VIEW v AS SELECT arrayMap(file, ['/etc/passwd'])",
                "WITH file AS f SELECT arrayMap(f, ['/etc/passwd'])",
                "CREATE VIEW v AS SELECT arrayMap({f:Identifier}, ['/etc/passwd'])",
                "(1, 'a', file('/etc/passwd'))"
            })
    void whatReachesElsewhereIsNamed(String sql) {
        assertThat(reached(sql)).as(sql).isPresent();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "SELECT 1",
                "SELECT file, disk FROM t WHERE file = 'file(1)'",
                "SELECT 'file(''/etc/passwd'')' -- file('x')",
                "SELECT $$file('x')$$",
                "SELECT profile('x'), files(1) FROM file_names",
                "SELECT '\u2018quoted\u2019'",
                "BACKUP TABLE t TO File('name')",
                "BACKUP DATABASE d TO Disk('backups', 'name')",
                "RESTORE TABLE t AS u FROM Disk('backups', 'name')",
                "ATTACH TABLE t",
                "ALTER TABLE t ATTACH PARTITION ID 'x' FROM u",
                "CREATE TABLE t (file String, x UInt8) ENGINE = MergeTree ORDER BY x",
                "INSERT INTO t (file) SETTINGS async_insert = 0 ",
                "INSERT INTO t (x, file) SELECT x, file FROM u",
                "SELECT x, file, disk FROM t WHERE x IN (SELECT file FROM u) AND y IN (SELECT x, file, z FROM u)",
                "SELECT sum(t.file), t.file AS f FROM t GROUP BY (file, disk) ORDER BY file",
                "SELECT sum(x) FROM t JOIN u USING (file)",
                "CREATE TABLE t (file String, x UInt8) ENGINE = MergeTree ORDER BY (file, x)",
                "('file'), ('file(1)')"
            })
    void whatStaysWithinIsNot(String sql) {
        assertThat(reached(sql)).as(sql).isEmpty();
    }

    @Test
    void anIdentifierThatReachesElsewhereIsNamed() {
        String sql = "SELECT arrayMap({f:Identifier}, ['/etc/passwd']), {g:String} FROM {t:Identifier}";
        assertThat(reached(sql, "file")).contains("the Identifier f = file");
        assertThat(reached(sql, "FILE")).isPresent();
        assertThat(reached(sql, "fi\\x6ce")).isPresent();
        assertThat(reached(sql, "upper")).isEmpty();
    }

    private static Optional<String> reached(String sql, String identifier) {
        return Fence.reached(
                sql.getBytes(StandardCharsets.UTF_8),
                Map.of(
                        "f", identifier.getBytes(StandardCharsets.UTF_8),
                        "g", "file".getBytes(StandardCharsets.UTF_8),
                        "t", "t".getBytes(StandardCharsets.UTF_8)));
    }

    private static Optional<String> reached(String sql) {
        return Fence.reached(sql.getBytes(StandardCharsets.UTF_8));
    }
}
