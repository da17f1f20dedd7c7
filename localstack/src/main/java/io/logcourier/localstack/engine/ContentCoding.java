package io.logcourier.localstack.engine;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Arrays;
import java.util.Locale;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import java.util.zip.InflaterInputStream;
import net.jpountz.lz4.LZ4FrameInputStream;
import net.jpountz.lz4.LZ4FrameOutputStream;

/** HTTP's own compression of bodies, of which ClickHouse knows more kinds. In the order of preference for responses. */
enum ContentCoding {
    LZ4("lz4"),
    GZIP("gzip"),
    DEFLATE("deflate"),
    IDENTITY("");

    private final String token;

    ContentCoding(String token) {
        this.token = token;
    }

    /** What a Content-Encoding header names. */
    static ContentCoding of(String header) {
        String wanted = header.strip().toLowerCase(Locale.ROOT);
        return Arrays.stream(values())
                .filter(coding -> coding.token.equals(wanted))
                .findFirst()
                .orElseThrow(() -> EngineException.of(
                        EngineException.NOT_IMPLEMENTED,
                        "NOT_IMPLEMENTED",
                        "The embedded ClickHouse does not support Content-Encoding " + header));
    }

    /** The best of what an Accept-Encoding header allows. */
    static ContentCoding accepted(String header) {
        String offer = header.toLowerCase(Locale.ROOT);
        return Arrays.stream(values())
                .filter(coding -> offer.contains(coding.token))
                .findFirst()
                .orElse(IDENTITY);
    }

    String token() {
        return token;
    }

    InputStream decode(InputStream in) throws IOException {
        return switch (this) {
            case LZ4 -> new LZ4FrameInputStream(in);
            case GZIP -> new GZIPInputStream(in, 1 << 16);
            case DEFLATE -> new InflaterInputStream(in);
            case IDENTITY -> in;
        };
    }

    OutputStream encode(OutputStream out) throws IOException {
        return switch (this) {
            case LZ4 -> new LZ4FrameOutputStream(out);
            case GZIP -> new GZIPOutputStream(out, 1 << 16);
            case DEFLATE -> new DeflaterOutputStream(out);
            case IDENTITY -> out;
        };
    }
}
