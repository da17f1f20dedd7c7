package io.logcourier.localstack.engine;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** curl, which must be on the PATH; the user and the statement in the URL. */
final class CurlClient extends WireClient {
    CurlClient(Target target, ContentCoding coding) {
        super(target, coding);
    }

    static boolean isInstalled() {
        try {
            return new ProcessBuilder("curl", "--version").start().waitFor() == 0;
        } catch (IOException e) {
            return false;
        } catch (InterruptedException e) {
            throw new AssertionError("nobody interrupts a test", e);
        }
    }

    @Override
    InputStream send(String sql, Map<String, String> url, byte[] data) throws Exception {
        List<String> command = new ArrayList<>(List.of("curl", "--silent", "--show-error", "--no-buffer"));
        command.addAll(List.of("--url", target.server() + "/", "--data-binary", "@-"));
        command.addAll(List.of("--url-query", "user=" + target.credentials().user()));
        command.addAll(List.of("--url-query", "password=" + target.credentials().password()));
        command.addAll(List.of("--url-query", "database=" + target.database()));
        command.addAll(List.of("--url-query", "query=" + sql));
        url.forEach((name, value) -> command.addAll(List.of("--url-query", name + "=" + value)));
        if (coding != ContentCoding.IDENTITY) {
            command.addAll(List.of("--compressed", "--header", "Accept-Encoding: " + coding.token()));
            command.addAll(List.of("--url-query", "enable_http_compression=1"));
            if (data != null) {
                command.addAll(List.of("--header", "Content-Encoding: " + coding.token()));
            }
        }
        Process curl = new ProcessBuilder(command).start();
        try (OutputStream in = curl.getOutputStream()) {
            in.write(data == null ? new byte[0] : data);
        }
        return new Output(curl);
    }

    /** What curl prints; the end is an error where its exit code says so. */
    private static final class Output extends FilterInputStream {
        private final Process curl;

        Output(Process curl) {
            super(curl.getInputStream());
            this.curl = curl;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            int read = in.read(bytes, offset, length);
            if (read < 0 && curl.onExit().join().exitValue() != 0) {
                throw new IOException(new String(curl.getErrorStream().readAllBytes(), StandardCharsets.UTF_8).strip());
            }
            return read;
        }

        @Override
        public void close() throws IOException {
            curl.destroy();
            super.close();
        }
    }
}
