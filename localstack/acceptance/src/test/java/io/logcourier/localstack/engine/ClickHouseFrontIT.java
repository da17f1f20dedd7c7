package io.logcourier.localstack.engine;

import static io.logcourier.localstack.engine.Http.encode;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PipedInputStream;
import java.io.SequenceInputStream;
import java.net.HttpURLConnection;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import org.apache.commons.compress.compressors.lz4.BlockLZ4CompressorOutputStream;
import org.apache.commons.compress.compressors.lz4.FramedLZ4CompressorOutputStream;
import org.apache.commons.compress.compressors.lz4.FramedLZ4CompressorOutputStream.BlockSize;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The HTTP interface as its documentation tells it, byte by byte. */
class ClickHouseFrontIT {
    private static Engine engine;
    private static ClickHouseFront front;
    private static Http http;

    @BeforeAll
    static void start() {
        engine = Engine.temporary();
        front = ClickHouseFront.start(engine, 0);
        http = new Http(front.uri());
    }

    @AfterAll
    static void stop() {
        http.close();
        front.close();
        engine.close();
    }

    @Test
    void saysThatItIsThere() throws Exception {
        assertThat(text(http.get("/ping"))).isEqualTo("Ok.\n");
        assertThat(text(http.get("/"))).isEqualTo("Ok.\n");
        assertThat(http.get("/nowhere").statusCode()).isEqualTo(404);
    }

    @Test
    void aQueryMayStandInTheUrlInTheBodyOrBeginInOneAndEndInTheOther() throws Exception {
        assertThat(text(http.get("/?query=SELECT%201"))).isEqualTo("1\n");
        assertThat(text(http.post("", "SELECT 2"))).isEqualTo("2\n");
        assertThat(text(http.post("query=SELECT", "3"))).isEqualTo("3\n");
    }

    @Test
    void aGetChangesNothing() throws Exception {
        HttpResponse<byte[]> response =
                http.get("/?query=" + encode("CREATE TABLE forbidden (a UInt8) ENGINE = Memory"));
        assertError(response, 500, 164);
    }

    @Test
    void theFormatIsTheStatementsElseTheRequestsElseTabSeparated() throws Exception {
        assertThat(text(http.post("default_format=CSV", "SELECT 'a' FORMAT JSONEachRow SETTINGS max_threads = 1")))
                .isEqualTo("{\"'a'\":\"a\"}\n");
        HttpResponse<byte[]> csv = http.post("default_format=CSV", "SELECT 'a'");
        assertThat(text(csv)).isEqualTo("\"a\"\n");
        assertThat(csv.headers().firstValue("X-ClickHouse-Format")).hasValue("CSV");
        assertThat(csv.headers().firstValue("Content-Type")).hasValue("text/csv; charset=UTF-8; header=absent");
        assertThat(text(http.send(http.request("", BodyPublishers.ofString("SELECT 'a'"))
                        .header("X-ClickHouse-Format", "JSONEachRow")
                        .build())))
                .isEqualTo("{\"'a'\":\"a\"}\n");
        assertThat(text(http.post("", "SELECT 'a'"))).isEqualTo("a\n");
    }

    @Test
    void theHeadersTellWhatTheQueryDid() throws Exception {
        HttpResponse<byte[]> response = http.post("query_id=mine%0d%0aX-Evil:1", "SELECT number FROM numbers(10)");
        assertThat(response.headers().firstValue("X-ClickHouse-Query-Id")).hasValue("mine??X-Evil:1");
        assertThat(response.headers().firstValue("X-ClickHouse-Timezone"))
                .hasValue(http.query("SELECT timezone()").strip());
        assertThat(response.headers().firstValue("X-ClickHouse-Summary").orElseThrow())
                .contains("\"read_rows\":\"10\"", "\"result_rows\":\"10\"");
    }

    /** libchdb renders every piece as a whole document: the header must come once and all rows must come. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "CSV",
                "CSVWithNames",
                "JSON",
                "JSONCompact",
                "JSONEachRow",
                "JSONCompactEachRowWithNamesAndTypes",
                "LineAsString",
                "MsgPack",
                "Native",
                "Parquet",
                "Pretty",
                "RowBinary",
                "RowBinaryWithNames",
                "RowBinaryWithNamesAndTypes",
                "TSKV",
                "TSVRaw",
                "TSVWithNames",
                "TabSeparated",
                "Values",
                "Vertical",
                "XML"
            })
    void aResultOfManyBlocksReadsBackAsTheSameRows(String format) throws Exception {
        String sql = "SELECT toString(number) AS s FROM numbers(1000) SETTINGS max_block_size = 10, max_threads = 1";
        byte[] whole;
        try (Session session = engine.connect();
                Result result = session.query(sql.getBytes(StandardCharsets.UTF_8), format, Map.of())) {
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            result.writeTo(out, 0);
            whole = out.toByteArray();
        }
        byte[] served = http.post("default_format=" + format, sql).body();
        if (format.equals("Native")) {
            assertThat(served).containsSubsequence(whole[whole.length - 1]).hasSizeGreaterThanOrEqualTo(whole.length);
        } else if (format.equals("JSON") || format.equals("JSONCompact") || format.equals("XML")) {
            // The statistics at the end differ.
            assertThat(served).startsWith(Arrays.copyOf(whole, whole.length / 2));
        } else {
            assertThat(served).isEqualTo(whole);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"SHOW DATABASES", "EXPLAIN SELECT 1", "EXISTS TABLE nope", "DESCRIBE TABLE system.one"})
    void whatIsNoSelectAnswersToo(String sql) throws Exception {
        assertThat(http.query(sql)).isNotEmpty();
    }

    @Test
    void jsonRowsComeAsOneArrayWhereThatIsSet() throws Exception {
        String rows = http.query("SELECT number AS n FROM numbers(3) FORMAT JSONEachRow"
                + " SETTINGS output_format_json_array_of_rows = 1, max_block_size = 1");
        assertThat(rows).isEqualTo("[\n{\"n\":0},\n{\"n\":1},\n{\"n\":2}\n]\n");
    }

    @Test
    void parametersAreTypedAndKeepTheirBytes() throws Exception {
        assertThat(text(http.post(
                        "param_s=" + encode("it's \\t \"quoted\" \\\\ \\n") + "%FF",
                        "SELECT {s:String}, length({s:String}) FORMAT TSVRaw")))
                .isEqualTo("it's \t \"quoted\" \\ \n\u00ff\t20\n");
        assertThat(text(http.post(
                        "param_a=" + encode("['a','it\\'s']")
                                + "&param_n=18446744073709551615&param_d=system&param_t=one",
                        "SELECT {a:Array(String)}[2], {n:UInt64} FROM {d:Identifier}.{t:Identifier} FORMAT TSVRaw")))
                .isEqualTo("it's\t18446744073709551615\n");
        assertError(http.post("", "SELECT {s:String}"), 500, 456);
    }

    @Test
    void identifiersOfTablesAndViewsMayBeParameters() throws Exception {
        http.query("CREATE DATABASE names");
        String names = "param_d=names&param_t=" + encode("odd name") + "&param_v=view&param_s=source";
        for (String sql : List.of(
                "CREATE TABLE {d:Identifier}.{s:Identifier} (a UInt8) ENGINE = Null",
                "CREATE TABLE {d:Identifier}.{t:Identifier} (a UInt8) ENGINE = MergeTree ORDER BY a",
                "CREATE MATERIALIZED VIEW {d:Identifier}.{v:Identifier} TO {d:Identifier}.{t:Identifier}"
                        + " AS SELECT a FROM {d:Identifier}.{s:Identifier} WHERE a > 1",
                "INSERT INTO {d:Identifier}.{s:Identifier} FORMAT TSV\n1\n2\n3\n")) {
            assertThat(http.post(names, sql).statusCode()).as(sql).isEqualTo(200);
        }
        assertThat(http.query("SELECT groupArray(a) FROM names.`odd name`")).isEqualTo("[2,3]\n");
    }

    @Test
    void databaseAndSettingsHoldForTheirRequestOnly() throws Exception {
        String sql = "SELECT currentDatabase(), getSetting('max_block_size')";
        assertThat(text(http.post("database=system&max_block_size=7", sql))).isEqualTo("system\t7\n");
        assertThat(text(http.send(http.request("", BodyPublishers.ofString(sql))
                        .header("X-ClickHouse-Database", "system")
                        .build())))
                .startsWith("system\t");
        assertThat(http.query(sql)).isEqualTo("default\t65409\n");
        assertError(http.post("database=nope", "SELECT 1"), 404, 81);
        assertError(http.post("no_such_setting=1", "SELECT 1"), 404, 115);
        assertError(http.post("max_threads=" + encode("it's"), "SELECT 1"), 400, 27);
    }

    @ParameterizedTest
    @CsvSource({
        "SELECT * FROM nope, 404, 60",
        "SELEC, 400, 62",
        "SELECT nope, 404, 47",
        "SELECT 1; SELECT 2, 400, 62",
        "SELECT throwIf(1), 500, 395",
        "SELECT 1 INTO OUTFILE '/tmp/out', 500, 358",
        "SELECT 1 FORMAT Nope, 404, 73",
        "'', 400, 62",
        "-- only a comment, 400, 62",
        "'SELECT sleepEachRow(0.1) FROM numbers(9) SETTINGS max_execution_time = 0.2, max_block_size = 1', 408, 159",
        "INSERT INTO FUNCTION null('a UInt8') SELECT a FROM input('a UInt8') FORMAT CSV, 501, 48",
    })
    void anErrorHasClickHousesCodeAndStatus(String sql, int status, int code) throws Exception {
        assertError(http.post("", sql), status, code);
    }

    @Test
    void anInsertKeepsEmptyLinesAndNewlineBytes() throws Exception {
        http.query("CREATE TABLE bytes (s String) ENGINE = MergeTree ORDER BY tuple()");
        http.post(
                "query=" + encode("INSERT INTO bytes FORMAT RowBinary"),
                new byte[] {2, '\n', '\n', 4, '\n', '\n', 'a', 'b'});
        assertThat(http.query("SELECT hex(s) FROM bytes ORDER BY s")).isEqualTo("0A0A\n0A0A6162\n");
        http.query("TRUNCATE TABLE bytes");
        http.query("INSERT INTO bytes VALUES ('a\n\nb'),\n\n('c')");
        assertThat(http.query("SELECT s FROM bytes ORDER BY s FORMAT TSVRaw")).isEqualTo("a\n\nb\nc\n");
    }

    @Test
    void bytesThatAreNotUtf8ComeBackAsTheyWere() throws Exception {
        http.query("CREATE TABLE raw (s String) ENGINE = MergeTree ORDER BY tuple()");
        byte[] row = "{\"s\":\"a\u00ff\u00fe\u0080b\"}\n".getBytes(StandardCharsets.ISO_8859_1);
        assertThat(http.post("query=" + encode("INSERT INTO raw FORMAT JSONEachRow"), row)
                        .statusCode())
                .isEqualTo(200);
        assertThat(http.query("SELECT s FROM raw FORMAT TSVRaw")).isEqualTo("a\u00ff\u00fe\u0080b\n");
        assertThat(http.query("SELECT s FROM raw FORMAT JSONEachRow").getBytes(StandardCharsets.ISO_8859_1))
                .isEqualTo(row);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "INSERT INTO once SETTINGS async_insert = 0, insert_deduplication_token = 'form' FORMAT TSV\n",
                "INSERT INTO once FORMAT TSV SETTINGS async_insert = 0, insert_deduplication_token = 'behind'\n",
                "INSERT INTO once SETTINGS async_insert = 0, insert_deduplication_token = 'query' SELECT ",
                "INSERT INTO once SETTINGS async_insert = 0, insert_deduplication_token = 'values' VALUES "
            })
    void theSameTokenInsertsOnce(String insert) throws Exception {
        http.query("CREATE OR REPLACE TABLE once (a UInt8) ENGINE = MergeTree ORDER BY a"
                + " SETTINGS non_replicated_deduplication_window = 100");
        boolean values = insert.endsWith("VALUES ");
        http.query(insert + (values ? "(1)" : "1"));
        http.query(insert + (values ? "(2)" : "2"));
        assertThat(http.query("SELECT a FROM once")).isEqualTo("1\n");
    }

    @Test
    void anInsertThatBreaksOffOrFailsStoresNothing() throws Exception {
        http.query("CREATE TABLE whole (a UInt64) ENGINE = MergeTree ORDER BY a");
        assertError(http.post("query=" + encode("INSERT INTO whole FORMAT TSV"), "1\n2\nx\n"), 400, 27);
        InputStream broken = new SequenceInputStream(
                new ByteArrayInputStream("3\n".repeat(100_000).getBytes(StandardCharsets.UTF_8)),
                new PipedInputStream()); // Not connected, so that reading it fails.
        assertThatThrownBy(() -> http.send(http.request(
                                "query=" + encode("INSERT INTO whole FORMAT TSV"),
                                BodyPublishers.ofInputStream(() -> broken))
                        .build()))
                .isInstanceOf(IOException.class);
        await().untilAsserted(() -> assertThat(running("INSERT INTO whole")).isEqualTo("0\n"));
        assertThat(http.query("SELECT count() FROM whole")).isEqualTo("0\n");
    }

    /** The heap is a small part of what passes, and the engine stores in blocks whose size does not depend on it either. */
    @Test
    void whatIsLargerThanTheMemoryPassesThrough(@TempDir Path folder, @TempDir Path other) throws Exception {
        try (EngineProcess process = new EngineProcess(folder, other, "-Xmx32m");
                Http small = new Http(process.uri())) {
            small.query("CREATE TABLE large (s String) ENGINE = MergeTree ORDER BY tuple()");
            small.query("SYSTEM STOP MERGES");
            insertThousandByteLines(small, "large", 400_000);
            assertThat(small.query("SELECT count(), uniqExact(s), any(length(s)) FROM large"))
                    .isEqualTo("400000\t1\t999\n");
            assertThat(Long.parseLong(
                            small.query("SELECT max(data_uncompressed_bytes) FROM system.parts WHERE table = 'large'")
                                    .strip()))
                    .isLessThan(300_000_000);
            long bytes = 0;
            try (InputStream in =
                    small.stream("SELECT s FROM large FORMAT TSVRaw").body()) {
                byte[] chunk = new byte[1 << 16];
                for (int n = in.read(chunk); n >= 0; n = in.read(chunk)) {
                    bytes += n;
                }
            }
            assertThat(bytes).isEqualTo(400_000_000);
        }
    }

    @Test
    void anErrorReachesAClientThatIsStillSending() throws Exception {
        assertError(insertThousandByteLines(http, "nope", 50_000), 404, 60);
    }

    private static HttpResponse<byte[]> insertThousandByteLines(Http http, String table, int lines) throws Exception {
        byte[] line = ("x".repeat(999) + "\n").getBytes(StandardCharsets.UTF_8);
        return http.send(http.request(
                        "query=" + encode("INSERT INTO " + table + " FORMAT LineAsString"),
                        BodyPublishers.ofByteArrays(Collections.nCopies(lines, line)))
                .build());
    }

    @Test
    void anErrorInTheMiddleOfAResultBreaksItOff() throws Exception {
        String sql = "SELECT number, throwIf(number = 900000) FROM numbers(1000000) SETTINGS max_block_size = 1000";
        // Not the other client: where it hears of the end before it is asked for the bytes, it drops them.
        HttpURLConnection response = (HttpURLConnection)
                front.uri().resolve("/?query=" + encode(sql)).toURL().openConnection();
        assertThat(response.getResponseCode()).isEqualTo(200);
        ByteArrayOutputStream read = new ByteArrayOutputStream();
        assertThatThrownBy(() -> response.getInputStream().transferTo(read)).isInstanceOf(IOException.class);
        String tag = response.getHeaderField("X-ClickHouse-Exception-Tag");
        assertThat(read.toString(StandardCharsets.UTF_8))
                .contains("\r\n__exception__\r\n" + tag + "\r\nCode: 395. DB::Exception: ")
                .endsWith(" " + tag + "\r\n__exception__\r\n");
    }

    @Test
    void waitEndOfQueryMakesAnErrorInTheMiddleAnErrorResponse() throws Exception {
        String sql = "SELECT number, throwIf(number = 900000) FROM numbers(1000000) SETTINGS max_block_size = 1000";
        assertError(http.post("wait_end_of_query=1", sql), 500, 395);
        byte[] numbers = http.post("wait_end_of_query=1", "SELECT number FROM numbers(1000000)")
                .body();
        assertThat(numbers)
                .isEqualTo(http.query("SELECT number FROM numbers(1000000)").getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void aClientThatGoesAwayCancelsItsQuery() throws Exception {
        try (InputStream in =
                http.stream("SELECT number AS gone FROM numbers(100000000000)").body()) {
            assertThat(in.readNBytes(10)).hasSize(10);
        }
        await().atMost(Duration.ofSeconds(10)).untilAsserted(() -> assertThat(running("SELECT number AS gone"))
                .isEqualTo("0\n"));
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "IDENTITY")
    void aCompressedBodyIsStoredWholeOrNotAtAll(ContentCoding coding) throws Exception {
        http.query("CREATE OR REPLACE TABLE zipped (s String) ENGINE = MergeTree ORDER BY s");
        byte[] body = compressed(coding, "a\nb\n".repeat(1000));
        for (byte[] damaged : List.of(
                Arrays.copyOf(body, body.length - 9),
                Arrays.copyOf(body, 2),
                "no such thing".getBytes(StandardCharsets.UTF_8))) {
            HttpResponse<byte[]> response = insert("zipped", coding, damaged);
            assertError(response, 500, 33);
            assertThat(text(response)).contains("Content-Encoding " + coding.token());
        }
        assertThat(http.query("SELECT count() FROM zipped")).isEqualTo("0\n");
        assertThat(insert("zipped", coding, new byte[0]).statusCode()).isEqualTo(200);
        assertThat(insert("zipped", coding, body).statusCode()).isEqualTo(200);
        assertThat(http.query("SELECT count() FROM zipped")).isEqualTo("2000\n");
    }

    /** As {@code cat a.gz b.gz} makes them. */
    @ParameterizedTest
    @EnumSource(names = {"GZIP", "LZ4", "ZSTD"})
    void aBodyOfSeveralMembersIsReadToItsEnd(ContentCoding coding) throws Exception {
        http.query("CREATE OR REPLACE TABLE members (s String) ENGINE = MergeTree ORDER BY s");
        byte[] first = compressed(coding, "a\n");
        byte[] second = compressed(coding, "b\n");
        byte[] both = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, both, first.length, second.length);
        insert("members", coding, both);
        assertThat(http.query("SELECT groupArray(s) FROM members")).isEqualTo("['a','b']\n");
        if (coding != ContentCoding.ZSTD) { // zstd-jni takes the beginning of a further frame for the end.
            assertError(insert("members", coding, Arrays.copyOf(both, both.length - 9)), 500, 33);
        }
    }

    /** Python's lz4 writes such frames, and with it ClickHouse's client for Python. */
    @Test
    void theBlocksOfAnLz4FrameMayDependOnEachOther() throws Exception {
        http.query("CREATE OR REPLACE TABLE linked (n UInt64) ENGINE = MergeTree ORDER BY n");
        String text = new Random(1)
                .longs(4_000, 1, Long.MAX_VALUE)
                .sorted()
                .mapToObj(n -> n + "\n")
                .collect(Collectors.joining());
        ByteArrayOutputStream frame = new ByteArrayOutputStream();
        try (OutputStream out = new FramedLZ4CompressorOutputStream(
                frame,
                new FramedLZ4CompressorOutputStream.Parameters(
                        BlockSize.K64,
                        true,
                        false,
                        true,
                        BlockLZ4CompressorOutputStream.createParameterBuilder()
                                .tunedForSpeed()
                                .build()))) {
            out.write(text.getBytes(StandardCharsets.UTF_8));
        }
        insert("linked", ContentCoding.LZ4, frame.toByteArray());
        assertThat(http.query("SELECT n FROM linked ORDER BY n")).isEqualTo(text);
    }

    @ParameterizedTest
    @CsvSource({
        "'gzip, deflate, br, zstd, lz4', zstd",
        "'gzip, lz4', lz4",
        "'deflate, gzip', gzip",
        "deflate, deflate",
        "br, ''",
    })
    void theResponseIsCompressedAsClickHousePrefers(String accepted, String chosen) throws Exception {
        assertThat(acceptedCoding("enable_http_compression=1", accepted)).isEqualTo(chosen);
        assertThat(acceptedCoding("enable_http_compression=0", accepted)).isEmpty();
    }

    private static String acceptedCoding(String url, String accepted) throws Exception {
        HttpResponse<byte[]> response = http.send(http.request(url, BodyPublishers.ofString("SELECT 'plain'"))
                .header("Accept-Encoding", accepted)
                .build());
        String coding = response.headers().firstValue("Content-Encoding").orElse("");
        assertThat(ContentCoding.of(coding).decode(new ByteArrayInputStream(response.body())))
                .hasContent("plain\n");
        return coding;
    }

    private static byte[] compressed(ContentCoding coding, String text) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (OutputStream out = coding.encode(bytes)) {
            out.write(text.getBytes(StandardCharsets.UTF_8));
        }
        return bytes.toByteArray();
    }

    private static HttpResponse<byte[]> insert(String table, ContentCoding coding, byte[] body) throws Exception {
        return http.send(http.request(
                        "query=" + encode("INSERT INTO " + table + " FORMAT TSV"), BodyPublishers.ofByteArray(body))
                .header("Content-Encoding", coding.token())
                .build());
    }

    @Test
    void bodiesMayBeCompressedInClickHousesOwnBlocks() throws Exception {
        http.query("CREATE TABLE blocks (n UInt64) ENGINE = MergeTree ORDER BY n");
        ByteArrayOutputStream rows = new ByteArrayOutputStream();
        try (OutputStream out = BlockCompression.compress(rows)) {
            for (int i = 0; i < 100_000; i++) {
                out.write((i + "\n").getBytes(StandardCharsets.UTF_8));
            }
        }
        http.post("decompress=1&query=" + encode("INSERT INTO blocks FORMAT TSV"), rows.toByteArray());
        byte[] response =
                http.post("compress=1", "SELECT count(), sum(n) FROM blocks").body();
        try (InputStream in = BlockCompression.decompress(new ByteArrayInputStream(response))) {
            assertThat(new String(in.readAllBytes(), StandardCharsets.UTF_8)).isEqualTo("100000\t4999950000\n");
        }
    }

    @Test
    void aConnectionOutlivesErrors() throws Exception {
        try (Socket socket = new Socket(front.uri().getHost(), front.uri().getPort())) {
            socket.setSoTimeout(10_000);
            assertThat(exchange(socket, "SELEC" + "T".repeat(100_000))).startsWith("HTTP/1.1 400 ");
            assertThat(exchange(socket, "SELECT * FROM nope")).startsWith("HTTP/1.1 404 ");
            assertThat(exchange(socket, "SELECT 42 FORMAT TSV"))
                    .startsWith("HTTP/1.1 200 ")
                    .endsWith("42\n");
        }
    }

    private static String exchange(Socket socket, String body) throws IOException {
        String request = "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + body.length() + "\r\n\r\n" + body;
        socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
        StringBuilder answer = new StringBuilder();
        while (answer.indexOf("\r\n\r\n") < 0) {
            answer.append((char) socket.getInputStream().read());
        }
        String head = answer.toString().toLowerCase(Locale.ROOT);
        int length = Integer.parseInt(head.replaceFirst("(?s).*content-length: (\\d+).*", "$1"));
        return answer + new String(socket.getInputStream().readNBytes(length), StandardCharsets.UTF_8);
    }

    @Test
    void headAsksWhetherItIsThereAndOtherMethodsAreRefused() throws Exception {
        assertThat(method("HEAD", "/ping").statusCode()).isEqualTo(200);
        assertThat(method("HEAD", "/").statusCode()).isEqualTo(200);
        assertThat(method("HEAD", "/?query=SELECT%201").statusCode()).isEqualTo(405);
        HttpResponse<byte[]> put = method("PUT", "/?query=SELECT%201");
        assertThat(put.statusCode()).isEqualTo(405);
        assertThat(text(put)).contains("PUT", "POST");
    }

    private static HttpResponse<byte[]> method(String method, String path) throws Exception {
        return http.send(HttpRequest.newBuilder(front.uri().resolve(path))
                .method(method, BodyPublishers.noBody())
                .build());
    }

    @Test
    void aUrlMayBeAsLongAsClickHouseAllows() throws Exception {
        String sql = "SELECT length('" + "x".repeat(1_000_000) + "')";
        assertThat(text(http.post("max_query_size=2000000&query=" + encode(sql), "")))
                .isEqualTo("1000000\n");
    }

    @Test
    void aHeaderCountsBeforeTheUrl() throws Exception {
        HttpResponse<byte[]> response = http.send(http.request(
                        "database=default&default_format=TSV", BodyPublishers.ofString("SELECT currentDatabase() AS d"))
                .header("X-ClickHouse-Database", "system")
                .header("X-ClickHouse-Format", "JSONEachRow")
                .header("X-ClickHouse-Query-Id", "mine")
                .build());
        assertThat(text(response)).isEqualTo("{\"d\":\"system\"}\n");
        assertThat(response.headers().firstValue("X-ClickHouse-Query-Id")).hasValue("mine");
    }

    @Test
    void whatTheFrontDoesNotDoIsAnErrorAndNotIgnored() throws Exception {
        assertError(http.post("session_id=1", "SELECT 1"), 501, 48);
        assertError(http.post("wait_end_of_query=yes", "SELECT 1"), 400, 6);
        assertError(
                http.send(http.request("query=SELECT%201", BodyPublishers.ofString("--x--\r\n"))
                        .header("Content-Type", "multipart/form-data; boundary=x")
                        .build()),
                501,
                48);
    }

    @Test
    void totalsComeOnceBehindManyRowsAndTheFormatNullGivesNothing() throws Exception {
        assertThat(http.query("SELECT number AS k, count() FROM numbers(300000) GROUP BY k WITH TOTALS FORMAT TSV"))
                .endsWith("\n\n0\t300000\n")
                .hasLineCount(300_002);
        assertThat(http.query("SELECT number FROM numbers(1000000) FORMAT Null"))
                .isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "'', Authorization, Basic ZGVmYXVsdDo=, 200",
        "'', Authorization, basic ZGVmYXVsdDo=, 200",
        "'', Authorization, Basic ZGVmYXVsdDp4, 403",
        "'', Authorization, Bearer ZGVmYXVsdDo=, 403",
        "'', Authorization, Basic ?, 403",
        "user=default, Authorization, Basic ZGVmYXVsdDo=, 403",
        "user=default, X-ClickHouse-User, default, 403",
        "'', X-ClickHouse-User, default, 200",
        "user=default, X-ClickHouse-Format, TSV, 200",
    })
    void theUserComesInOneWayOnly(String url, String header, String value, int status) throws Exception {
        HttpResponse<byte[]> response = http.send(http.request(url, BodyPublishers.ofString("SELECT 1"))
                .header(header, value)
                .build());
        assertThat(response.statusCode()).isEqualTo(status);
    }

    @Test
    void theDefaultUserHasNoPasswordAndIsTheOnlyOne() throws Exception {
        assertThat(http.post("user=default&password=", "SELECT 1").statusCode()).isEqualTo(200);
        HttpResponse<byte[]> response = http.post("user=someone", "SELECT 1");
        assertError(response, 403, 516);
        assertError(http.post("user=default&password=x", "SELECT 1"), 403, 516);
        try (ClickHouseFront closed = ClickHouseFront.start(engine, 0, new Credentials("courier", "secret"));
                Http client = new Http(closed.uri())) {
            assertError(client.post("", "SELECT 1"), 403, 516);
            assertThat(client.post("user=courier&password=secret", "SELECT 1").statusCode())
                    .isEqualTo(200);
            assertThat(client.send(client.request("", BodyPublishers.ofString("SELECT 1"))
                                    .header("X-ClickHouse-User", "courier")
                                    .header("X-ClickHouse-Key", "secret")
                                    .build())
                            .statusCode())
                    .isEqualTo(200);
        }
    }

    private static String running(String prefix) throws IOException, InterruptedException {
        return http.query("SELECT count() FROM system.processes WHERE startsWith(query, '" + prefix + "')");
    }

    @Test
    void aFrontThatClosesFinishesWhatRunsAndRefusesWhatComes() throws Exception {
        ClickHouseFront other = ClickHouseFront.start(engine, 0);
        try (Http client = new Http(other.uri())) {
            CompletableFuture<HttpResponse<byte[]>> slow =
                    client.later("SELECT sleepEachRow(0.5) AS slept FROM numbers(4) SETTINGS max_block_size = 1");
            await().until(() -> http.query("SELECT count() FROM system.processes WHERE query LIKE '% AS slept %'")
                    .equals("2\n"));
            Thread closing = Thread.ofVirtual().start(other::close);

            await().until(() -> client.get("/ping").statusCode() == 503);

            assertThat(text(slow.join())).isEqualTo("0\n0\n0\n0\n");
            closing.join();
        }
    }

    private static void assertError(HttpResponse<byte[]> response, int status, int code) {
        assertThat(text(response)).startsWith("Code: " + code + ". DB::Exception: ");
        assertThat(response.statusCode()).isEqualTo(status);
        assertThat(response.headers().firstValue("X-ClickHouse-Exception-Code")).hasValue(Integer.toString(code));
    }

    private static String text(HttpResponse<byte[]> response) {
        return new String(response.body(), StandardCharsets.ISO_8859_1);
    }
}
