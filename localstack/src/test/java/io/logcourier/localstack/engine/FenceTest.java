package io.logcourier.localstack.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Optional;
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
                "('file'), ('file(1)')"
            })
    void whatStaysWithinIsNot(String sql) {
        assertThat(reached(sql)).as(sql).isEmpty();
    }

    private static Optional<String> reached(String sql) {
        return Fence.reached(sql.getBytes(StandardCharsets.UTF_8));
    }
}
