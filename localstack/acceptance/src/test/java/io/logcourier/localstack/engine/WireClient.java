package io.logcourier.localstack.engine;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.databind.json.JsonMapper;

/** A client that knows HTTP and nothing of ClickHouse: requests are put together as its documentation says. */
abstract class WireClient implements SqlClient {
    private static final Pattern CODE = Pattern.compile("Code: (\\d+)\\. DB::Exception: ");
    private static final JsonMapper JSON = new JsonMapper();

    final Target target;
    final ContentCoding coding;
    private InputStream begun = InputStream.nullInputStream();

    WireClient(Target target, ContentCoding coding) {
        this.target = target;
        this.coding = coding;
    }

    /**
     * The body of the answer, decompressed, whatever its status. Reading it fails if it is broken off.
     *
     * @param url more parameters for the URL, not yet encoded
     * @param data what follows the statement, compressed already; null if nothing does
     */
    abstract InputStream send(String sql, Map<String, String> url, byte[] data) throws Exception;

    @Override
    public void execute(String sql) throws Exception {
        text(send(sql, target.settings(), null));
    }

    @Override
    public void insert(String table, List<String> strings) throws Exception {
        ByteArrayOutputStream data = new ByteArrayOutputStream();
        try (var out = coding.encode(data)) {
            out.write(SqlClient.rowBinary(strings));
        }
        text(send("INSERT INTO " + table + " FORMAT RowBinary", target.settings(), data.toByteArray()));
    }

    @Override
    public Table select(String sql, Map<String, String> parameters) throws Exception {
        Map<String, String> url = new LinkedHashMap<>(target.settings());
        url.put("default_format", "JSONCompactStringsEachRowWithNames");
        parameters.forEach((name, value) -> url.put("param_" + name, SqlClient.escaped(value)));
        List<List<String>> lines = new ArrayList<>();
        for (String line : text(send(sql, url, null)).lines().toList()) {
            lines.add(List.of(JSON.readValue(line, String[].class)));
        }
        return new Table(lines.getFirst(), lines.subList(1, lines.size()));
    }

    @Override
    public long count(String sql) throws Exception {
        return text(send(sql, target.settings(), null)).lines().count();
    }

    @Override
    public void begin(String sql) throws Exception {
        begun = send(sql, target.settings(), null);
        begun.read();
    }

    /** Throws where ClickHouse reports an error, be it the whole answer or the end of one that began well. */
    private String text(InputStream answer) throws IOException {
        ByteArrayOutputStream read = new ByteArrayOutputStream();
        try (answer) {
            answer.transferTo(read);
        } catch (IOException e) {
            fail(read.toString(StandardCharsets.UTF_8), e);
            throw e;
        }
        String text = read.toString(StandardCharsets.UTF_8);
        if (text.startsWith("Code: ")) {
            fail(text, null);
        }
        return text;
    }

    private static void fail(String text, IOException cause) {
        Matcher code = CODE.matcher(text);
        if (code.find()) {
            throw new Failure(Integer.parseInt(code.group(1)), text.substring(code.start()), cause);
        }
    }

    @Override
    public int code(Throwable thrown) {
        return thrown instanceof Failure failure ? failure.code : 0;
    }

    @Override
    public void close() throws IOException {
        begun.close();
    }

    private static final class Failure extends RuntimeException {
        private static final long serialVersionUID = 1;
        private final int code;

        Failure(int code, String message, IOException cause) {
            super(message, cause);
            this.code = code;
        }
    }
}
