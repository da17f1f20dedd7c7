package io.logcourier.localstack.engine;

import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.util.Map;
import java.util.stream.Collectors;

/** The JDK's HTTP client; the user by header, statements in the body. */
final class JdkClient extends WireClient {
    private final Http http;

    JdkClient(Target target, ContentCoding coding) {
        super(target, coding);
        http = new Http(target.server());
    }

    @Override
    InputStream send(String sql, Map<String, String> url, byte[] data) throws Exception {
        String parameters = url.entrySet().stream()
                .map(parameter -> parameter.getKey() + "=" + Http.encode(parameter.getValue()))
                .collect(Collectors.joining("&", "enable_http_compression=1&", ""));
        HttpRequest.Builder request = data == null
                ? http.request(parameters, BodyPublishers.ofString(sql))
                : http.request(parameters + "&query=" + Http.encode(sql), BodyPublishers.ofByteArray(data));
        request.header("X-ClickHouse-User", target.credentials().user())
                .header("X-ClickHouse-Key", target.credentials().password())
                .header("X-ClickHouse-Database", target.database());
        if (coding != ContentCoding.IDENTITY) {
            request.header("Accept-Encoding", coding.token());
            if (data != null) {
                request.header("Content-Encoding", coding.token());
            }
        }
        HttpResponse<InputStream> response = http.stream(request.build());
        String encoding = response.headers().firstValue("Content-Encoding").orElse("");
        return ContentCoding.of(encoding).decode(response.body());
    }

    @Override
    public void close() throws IOException {
        super.close();
        http.close();
    }
}
